"""Reading runs: which there are, what one holds, and the traces of a problem."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from synthetic1.datagen.journal import Journal
from synthetic1.datagen.records import Rollout, TaskRollouts
from synthetic1.datagen.stored import JOURNAL, all_runs, find_run
from synthetic1.program import ProgramError


def list_runs(runs: str) -> str:
    """A line a run: its name, counts and model.

    Raises:
        ProgramError: there are none.
    """
    folders = all_runs(runs)
    if not folders:
        raise ProgramError(f"no runs in {Path(runs) / 'generate'}; `synthetic1 generate --help` says how to make one")
    rows: list[tuple[str, ...]] = [("run", "tasks", "rollouts", "verified", "failed", "model")]
    for folder in folders:
        journal = Journal.open(folder / JOURNAL, readonly=True)
        try:
            counts = journal.counts()
            config = json.loads(journal.meta("config") or "{}")
        finally:
            journal.close()
        numbers = [f"{counts[name]:,}" for name in ("tasks", "rollouts", "verified", "failures")]
        rows.append((folder.name, *numbers, str(config.get("model_name", "?"))))
    return _table(rows)


def show_run(name: str, problem: str, runs: str, only: str, limit: int) -> str:
    """A run's counts and first tasks; with ``problem``, all traces of the problems whose ids begin so.

    Raises:
        ProgramError: no such run, or no such problem in it.
    """
    folder = find_run(name, runs)
    journal = Journal.open(folder / JOURNAL, readonly=True)
    try:
        if problem:
            found = [_traces(group, only) for group in journal.groups() if group.task.problem_id.startswith(problem)]
            if not found:
                raise ProgramError(f"run `{folder.name}` has no problem whose id begins with `{problem}`")
            return "\n\n".join(found)
        return _overview(folder, journal, only, limit)
    finally:
        journal.close()


def _overview(folder: Path, journal: Journal, only: str, limit: int) -> str:
    counts, reasons = journal.counts(), Counter[str]()
    rows = [("problem", "verified", "reasons")]
    more = 0
    for group in journal.groups():
        here = Counter(_reason(r) for r in group.rollouts if _wanted(r, only))
        reasons.update(here)
        if not here:
            continue
        if len(rows) > limit:
            more += 1
            continue
        solved = sum(r.score == 1.0 for r in group.rollouts)
        shown = ", ".join(f"{name} {n}" for name, n in here.most_common())
        rows.append((group.task.problem_id, f"{solved} of {len(group.rollouts)}", shown))
    lines = [
        f"{folder}",
        f"{counts['rollouts']:,} rollouts of {counts['tasks']:,} tasks, {counts['verified']:,} verified, "
        f"{counts['failures']:,} could not be had",
        ", ".join(f"{name} {n:,}" for name, n in reasons.most_common()),
        "",
        _table(rows),
    ]
    if more:
        lines.append(f"… and {more:,} more tasks; --limit shows more")
    failures = [f"  {task} sample {n}: {kind}: {said}" for task, n, kind, said, _ in journal.failures()]
    if failures:
        lines += ["", "could not be had:", *failures[:limit]]
    lines += ["", f"one problem whole: synthetic1 show {folder.name} PROBLEM"]
    return "\n".join(lines)


def _traces(group: TaskRollouts, only: str) -> str:
    task = group.task
    parts = [f"═══ {task.problem_id} ({task.task_type})", task.prompt]
    if task.gold_standard_solution:
        parts.append(f"─── expected\n{task.gold_standard_solution}")
    for rollout in group.rollouts:
        if _wanted(rollout, only):
            parts.append(f"─── sample {rollout.sample_index}: {_judged(rollout)}\n{rollout.text}")
    return "\n\n".join(parts)


def _judged(rollout: Rollout) -> str:
    verdict = rollout.verdict
    if verdict is None:
        return "not judged yet"
    facts: list[Any] = [verdict.reason if verdict.score is None else f"{verdict.reason}, score {verdict.score:g}"]
    if verdict.answer is not None:
        facts.append(f"answer {verdict.answer!r:.200}")
    facts += [f"{name}: {value!s:.300}" for name, value in verdict.details.items()]
    if rollout.tokens is not None:
        facts.append(f"{rollout.tokens} tokens")
    if rollout.truncated:
        facts.append("cut off at the length limit")
    return ", ".join(facts)


def _reason(rollout: Rollout) -> str:
    return "not_judged" if rollout.verdict is None else rollout.verdict.reason


def _wanted(rollout: Rollout, only: str) -> bool:
    if not only:
        return True
    score = rollout.score
    sort = "unscored" if score is None else "verified" if score == 1.0 else "refuted"
    return only in (sort, _reason(rollout))


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows)
