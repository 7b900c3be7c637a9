"""Whether stored settings are those of the same run, and which of them may change when it goes on."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synthetic1.jobs.program import ProgramError
from synthetic1.jobs.source_identity import without_paths

ALWAYS_MAY_CHANGE = frozenset({"imports", "resume", "overwrite", "dry_run", "runs", "run_name"})
"""Settings that say where a run is and how it is begun, not what it does."""
JUDGE_MAY_CHANGE = frozenset(
    {"allow_uncalibrated", "max_false_accept", "max_false_reject", "api_key_env", "max_in_flight"}
    | {"timeout_s", "outage_s", "price", "cache"}
)
"""Settings of the section ``judge`` that change no verdict."""
SHOWN = 4  # of what has changed


@dataclass(frozen=True)
class SettingChange:
    """A setting whose change requires a new run."""

    name: str
    """Dotted, e.g. ``trainer.group_size``."""
    before: Any
    now: Any

    def __str__(self) -> str:
        return f"{self.name} was {self.before!r} and is now {self.now!r}"


def changes(
    stored: Mapping[str, Any],
    wanted: Mapping[str, Any],
    *,
    may_change: Collection[str] = (),
    may_rise: Collection[str] = (),
    stored_whole: bool = True,
) -> list[SettingChange]:
    """What has changed between the settings of a stored run and those that are wanted now; empty for the same run.

    Args:
        may_change: dotted names of settings, or of sections of them, that may differ.
        may_rise: dotted names of settings that may become larger, where ``None`` stands for no bound.
        stored_whole: what ``stored`` lacks is ``None``. Otherwise another version may have written it, and what either
            lacks is passed over; but for the arguments of ``env``, where one that is absent is another one.
    """

    def compare(before: Any, now: Any, name: str) -> Iterator[SettingChange]:
        before, now = (None if value == {} else value for value in (before, now))
        if before == now or name in may_change:
            return
        if isinstance(before, Mapping) and isinstance(now, Mapping):
            whole = stored_whole or name.partition(".")[0] == "env"
            for key in sorted(before.keys() | now.keys() if whole else before.keys() & now.keys()):
                yield from compare(before.get(key), now.get(key), f"{name}.{key}".lstrip("."))
        elif not (name in may_rise and before is not None and (now is None or now > before)):
            yield SettingChange(name, before, now)

    return list(compare(stored, wanted, ""))


def check_same_run(
    folder: Path,
    stored: Mapping[str, Any],
    wanted: Mapping[str, Any],
    *,
    known_tasks: str | None = None,
    tasks: str | None = None,
    may_change: Collection[str] = (),
    may_rise: Collection[str] = (),
    stored_whole: bool = True,
    instead: str = "choose another run_name=",
) -> bool:
    """Go on with the run in ``folder`` only if it is the one that is wanted; see ``changes``.

    Tasks are the same if their content is, whatever the path to them. Under the same path they may have changed.

    Args:
        stored: settings of the run that is there.
        known_tasks: ``fingerprint`` of its tasks; None if it says nothing of them.
        tasks: that of the tasks now.
        instead: what else a person can do.

    Returns:
        Whether its tasks have changed under the same settings since it began.

    Raises:
        ProgramError: names the settings that differ.
    """
    same_tasks = known_tasks is not None and known_tasks == tasks
    before, now = (without_paths(stored), without_paths(wanted)) if same_tasks else (stored, wanted)
    changed = changes(before, now, may_change=may_change, may_rise=may_rise, stored_whole=stored_whole)
    if changed:
        raise ProgramError(f"{folder} holds a run with other settings: {_in_words(changed)}; {instead}")
    return known_tasks is not None and not same_tasks


def _in_words(changed: list[SettingChange]) -> str:
    """The first few changes, for the one line that refuses to go on."""
    return "; ".join(map(str, changed[:SHOWN]))
