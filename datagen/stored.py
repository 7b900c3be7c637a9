"""Runs as they lie in their folders: for exports, for ``synthetic1 runs`` and ``synthetic1 show``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synthetic1.datagen.journal import Journal
from synthetic1.datagen.records import TaskRollouts
from synthetic1.program import ProgramError

JOURNAL = "journal.sqlite"


@dataclass(frozen=True)
class StoredRuns:
    """One or several runs, read one after another."""

    folders: tuple[Path, ...]

    def groups(self) -> Iterator[TaskRollouts]:
        """Every task with its rollouts; runs in the order given."""
        for folder in self.folders:
            journal = Journal.open(folder / JOURNAL, readonly=True)
            try:
                yield from journal.groups()
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
        """How many verified samples a task the runs stopped at, where they all say the same."""
        kept = {fact["config"].get("keep") for fact in self.facts()}
        return kept.pop() if len(kept) == 1 else None


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
    known = f"; there are: {', '.join(there)}" if there else f" in {Path(runs) / 'generate'}"
    raise ProgramError(f"there is no run `{name}`{known}")


def all_runs(runs: str = "runs") -> list[Path]:
    """Folders of all runs, the one written last first."""
    found = list((Path(runs) / "generate").glob(f"*/{JOURNAL}"))
    found.sort(key=lambda path: -max(p.stat().st_mtime for p in path.parent.glob(f"{JOURNAL}*")))
    return [path.parent for path in found]
