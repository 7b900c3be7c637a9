"""Reading runs: which there are, what one holds, and the rollouts of a problem."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synthetic1.datagen.journal.reader import Status
from synthetic1.datagen.journal.rollouts import StoredRollout, TaskRollouts
from synthetic1.datagen.journal.runs import JOURNAL, all_runs, find_run
from synthetic1.datagen.journal.writer import Journal
from synthetic1.jobs.program import ProgramError
from synthetic1.verdict import REASONS

SORTS = ("verified", "refuted", "unscored")


def list_runs(runs: str) -> str:
    """A line a run: its name, counts and model.

    Raises:
        ProgramError: there are none.
    """
    folders = all_runs(runs)
    if not folders:
        raise ProgramError(f"no runs in {Path(runs) / 'generate'}; `synthetic1 generate --help` says how to make one")
    rows: list[tuple[str, ...]] = [("run", "tasks", "rollouts", "verified", "failed", "model")]
    unread: list[str] = []
    for folder in folders:
        try:
            rows.append((folder.name, *_numbers(folder)))
        except ProgramError as error:  # one that cannot be read must not hide the others
            unread.append(f"{folder.name}: {error}")
    return "\n".join((_table(rows), *unread))


def _numbers(folder: Path) -> list[str]:
    journal = Journal.open(folder / JOURNAL, readonly=True)
    try:
        counts = journal.counts()
        config = json.loads(journal.meta("config") or "{}")
    finally:
        journal.close()
    numbers = [f"{counts[name]:,}" for name in ("tasks", "rollouts", "verified", "failures")]
    return [*numbers, str(config.get("model_name", "?"))]


def show_run(name: str, problem: str, runs: str, only: str, limit: int) -> str:
    """A run's counts and first tasks; with ``problem``, all rollouts of it, or else of those whose ids begin so.

    Raises:
        ProgramError: no such run, no such problem in it, or ``only`` is nothing that a completion can be.
    """
    if only and only not in (sorts := (*SORTS, "no_verdict", *sorted(REASONS))):
        raise ProgramError(f"--only {only}: completions are {', '.join(sorts)}")
    folder = find_run(name, runs)
    journal = Journal.open(folder / JOURNAL, readonly=True)
    try:
        shown = _Sorter(only, float(json.loads(journal.meta("config") or "{}").get("threshold") or 1.0))
        if problem:
            found = [_whole(g, shown) for g in journal.groups(problem, whole=True)]
            found = found or [_whole(g, shown) for g in journal.groups(problem)]
            if not found:
                raise ProgramError(f"run `{folder.name}` has no problem whose id begins with `{problem}`")
            return "\n\n".join(found)
        return _overview(folder, journal, shown, limit)
    finally:
        journal.close()


def _overview(folder: Path, journal: Journal, shown: _Sorter, limit: int) -> str:
    counts, reasons = journal.counts(), Counter[str]()
    rows = [("problem", "verified", "reasons")]
    more = 0
    for name, rollouts in journal.progress():
        here = Counter(_reason(rollout) for rollout in rollouts if shown.wants(rollout))
        reasons.update(here)
        if not here:
            continue
        if len(rows) > limit:
            more += 1
            continue
        solved = sum(shown.sort(rollout) == "verified" for rollout in rollouts)
        said = ", ".join(f"{reason} {n}" for reason, n in here.most_common())
        rows.append((name, f"{solved} of {len(rollouts)}", said))
    lines = [
        f"{folder}",
        f"{counts['rollouts']:,} rollouts of {counts['tasks']:,} tasks, {counts['verified']:,} verified, "
        f"{counts['failures']:,} failed",
        ", ".join(f"{name} {n:,}" for name, n in reasons.most_common()),
        "",
        _table(rows),
    ]
    if more:
        lines.append(f"… and {more:,} more tasks; --limit shows more")
    failures = [f"  {task} sample {n}: {kind}: {said}" for task, n, kind, said, _ in journal.failures()]
    if failures:
        lines += ["", "failed:", *failures[:limit]]
    lines += ["", f"one problem whole: synthetic1 show {folder.name} PROBLEM"]
    return "\n".join(lines)


def _whole(group: TaskRollouts, shown: _Sorter) -> str:
    task = group.task
    parts = [f"═══ {task.problem_id} ({task.task_type})", task.prompt]
    if task.gold_standard_solution:
        parts.append(f"─── expected\n{task.gold_standard_solution}")
    for stored in group.rollouts:
        if shown.wants(stored):
            parts.append(f"─── sample {stored.rollout.sample_index}: {_said(stored)}\n{stored.rollout.text}")
    return "\n\n".join(parts)


def _said(stored: StoredRollout) -> str:
    """The verdict in a line, and what else there is to say of a rollout."""
    verdict, rollout = stored.verdict, stored.rollout
    if verdict is None:
        return "no verdict yet"
    facts: list[Any] = [verdict.reason if verdict.score is None else f"{verdict.reason}, score {verdict.score:g}"]
    if verdict.answer is not None:
        facts.append(f"answer {verdict.answer!r:.200}")
    facts += [f"{name}: {value!s:.300}" for name, value in verdict.details.items()]
    if rollout.tokens is not None:
        facts.append(f"{rollout.tokens} tokens")
    if rollout.truncated:
        facts.append("cut off at the length limit")
    return ", ".join(facts)


def _reason(rollout: StoredRollout | Status) -> str:
    return rollout.reason or "no_verdict"


@dataclass(frozen=True)
class _Sorter:
    """Which rollouts are asked for, and what ``verified`` is in this run."""

    only: str
    threshold: float

    def sort(self, rollout: StoredRollout | Status) -> str:
        if rollout.score is None:
            return "unscored"
        return "verified" if rollout.score >= self.threshold else "refuted"

    def wants(self, rollout: StoredRollout | Status) -> bool:
        return not self.only or self.only in (self.sort(rollout), _reason(rollout))


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows)
