"""Runs as they lie in their folders: for exports, for ``synthetic1 runs`` and ``synthetic1 show``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import Any

from synthetic1.datagen.journal.rollouts import TaskRollouts
from synthetic1.datagen.journal.writer import Journal
from synthetic1.jobs.program import ProgramError

JOURNAL = "journal.sqlite"
READ_AT_ONCE = 64  # tasks with all their rollouts


@dataclass(frozen=True)
class StoredRuns:
    """One or several runs, read one after another."""

    folders: tuple[Path, ...]

    def groups(self) -> Iterator[TaskRollouts]:
        """Every task once, with the rollouts of all runs, in the order of runs; of one key, the first stays."""
        with ExitStack() as opened:
            journals = [Journal.open(folder / JOURNAL, readonly=True) for folder in self.folders]
            for journal in journals:
                opened.callback(journal.close)
            for number, journal in enumerate(journals):
                groups = journal.groups()
                while batch := list(islice(groups, READ_AT_ONCE)):
                    yield from _joined(batch, journals[:number], journals[number + 1 :])

    def tasks(self) -> int | None:
        """How many ``groups`` gives; ``None`` for several runs, which may have some in common."""
        if len(self.folders) > 1:
            return None
        journal = Journal.open(self.folders[0] / JOURNAL, readonly=True)
        try:
            return journal.counts(("answered",))["answered"]
        finally:
            journal.close()

    def facts(self) -> list[dict[str, Any]]:
        """What each run says of itself: name, and the configuration that decided what was asked."""
        found = []
        for folder in self.folders:
            journal = Journal.open(folder / JOURNAL, readonly=True)
            try:
                config = json.loads(journal.meta("config") or "{}")
                judges = json.loads(journal.meta("judge_calibration") or "null")
            finally:
                journal.close()
            found.append({"name": folder.name, "config": config, "judge_calibration": judges})
        return found

    @property
    def keep(self) -> int | None:
        """How many verified rollouts a task the runs stopped at, where they all say the same."""
        kept: int | None = self._agreed("keep")
        return kept

    @property
    def threshold(self) -> float | None:
        """The score from which the runs took a rollout for verified, where they all say the same."""
        score: float | None = self._agreed("threshold")
        return score

    def _agreed(self, setting: str) -> Any:
        said = {fact["config"].get(setting) for fact in self.facts()}
        return said.pop() if len(said) == 1 else None


def _joined(batch: list[TaskRollouts], before: list[Journal], after: list[Journal]) -> Iterator[TaskRollouts]:
    """The tasks of one run that no run before it has, with what the runs after it have of them."""
    keys = [group.task.key for group in batch]
    seen = {key for journal in before for key in journal.status(keys)}
    others = [journal.rollouts(keys) for journal in after]
    for group, key in zip(batch, keys, strict=True):
        if key in seen:
            continue
        rollouts = {stored.rollout.key: stored for stored in group.rollouts}
        for other in others:
            for _, stored in sorted(other.get(key, {}).items()):
                rollouts.setdefault(stored.rollout.key, stored)
        yield replace(group, rollouts=tuple(rollouts.values()))


def open_runs(names: str | Sequence[str], runs: str = "runs") -> StoredRuns:
    """Runs by name or folder.

    Raises:
        ProgramError: one of them is not there.
    """
    return StoredRuns(tuple(find_run(name, runs) for name in ([names] if isinstance(names, str) else names)))


def find_run(name: str, runs: str = "runs") -> Path:
    """The folder of a run.

    Raises:
        ProgramError: there is none; says which there are.
    """
    for folder in (Path(runs) / "generate" / name, Path(name).expanduser()):
        if (folder / JOURNAL).is_file():
            return folder.absolute()
    there = [folder.name for folder in all_runs(runs)]
    meant = "".join(f"; did you mean `{near}`?" for near in get_close_matches(name, there, n=1))
    known = f"{meant or ';'} there are: {', '.join(there)}" if there else f" in {Path(runs) / 'generate'}"
    raise ProgramError(f"there is no run `{name}`{known}")


def all_runs(runs: str = "runs") -> list[Path]:
    """Folders of all runs, the one written last first."""
    found = list((Path(runs) / "generate").glob(f"*/{JOURNAL}"))
    found.sort(key=lambda path: -max(p.stat().st_mtime for p in path.parent.glob(f"{JOURNAL}*")))
    return [path.parent for path in found]
