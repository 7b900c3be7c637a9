"""Runs as they lie in their folders, and where their journals are: for all who read or write one."""

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
from synthetic1.datagen.journal.shared_place import place, schema_of
from synthetic1.datagen.journal.writer import LEASE_S, Journal
from synthetic1.jobs.program import ProgramError
from synthetic1.reports.storage import replace_file

JOURNAL = "journal.sqlite"
ELSEWHERE = "journal.json"
"""In its place, where the journal is in PostgreSQL: says where."""
READ_AT_ONCE = 64  # tasks with all their rollouts


@dataclass(frozen=True)
class StoredRuns:
    """One or several runs, read one after another."""

    folders: tuple[Path, ...]

    def groups(self) -> Iterator[TaskRollouts]:
        """Every task once, with the rollouts of all runs, in the order of runs; of one key, the first stays."""
        with ExitStack() as opened:
            journals = [open_journal(folder, readonly=True) for folder in self.folders]
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
        journal = open_journal(self.folders[0], readonly=True)
        try:
            return journal.counts(("answered",))["answered"]
        finally:
            journal.close()

    def facts(self) -> list[dict[str, Any]]:
        """What each run says of itself: name, and the configuration that decided what was asked."""
        found = []
        for folder in self.folders:
            journal = open_journal(folder, readonly=True)
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
        if has_journal(folder):
            return folder.absolute()
    there = [folder.name for folder in all_runs(runs)]
    meant = "".join(f"; did you mean `{near}`?" for near in get_close_matches(name, there, n=1))
    known = f"{meant or ';'} there are: {', '.join(there)}" if there else f" in {Path(runs) / 'generate'}"
    raise ProgramError(f"there is no run `{name}`{known}")


def all_runs(runs: str = "runs") -> list[Path]:
    """Folders of all runs, the one written last first."""
    found = [folder for folder in (Path(runs) / "generate").glob("*") if has_journal(folder)]
    written = f"{Path(JOURNAL).stem}.*"
    return sorted(found, key=lambda folder: -max(path.stat().st_mtime for path in folder.glob(written)))


def has_journal(folder: Path) -> bool:
    """Whether a run of generation lies there."""
    return (folder / JOURNAL).is_file() or (folder / ELSEWHERE).is_file()


def open_journal(
    folder: Path,
    url: str | None = None,
    *,
    readonly: bool = False,
    lease_s: float = LEASE_S,
    alone: bool = False,
) -> Journal:
    """The journal of the run in ``folder``, wherever it is; for writing, it is made where there is none.

    Args:
        url: of the PostgreSQL database that a new run's journal is made in; None: it is a file in the folder.
        lease_s, alone: see ``Journal.open``.

    Raises:
        JournalError: it cannot be used, see ``Journal.open``.
        ProgramError: the run's journal is elsewhere.
    """
    here, elsewhere = folder / JOURNAL, folder / ELSEWHERE
    if elsewhere.is_file():
        known, schema = place(elsewhere)
        if url is not None and url != known:
            raise ProgramError(f"journal={url}: this run's journal is in {known}; choose another run_name=")
        return Journal.open_shared(elsewhere, known, schema, readonly=readonly, lease_s=lease_s, alone=alone)
    if url is None:
        return Journal.open(here, readonly=readonly)
    if here.is_file():
        raise ProgramError(
            f"journal={url}: this run's journal is {here}; leave journal= out, or choose another run_name="
        )
    made = Journal.open_shared(elsewhere, url, schema_of(folder.name), lease_s=lease_s, alone=alone)
    replace_file(elsewhere, json.dumps({"url": url, "schema": schema_of(folder.name)}).encode())
    return made
