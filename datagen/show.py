"""Reading runs of all programs: which there are, what one holds, the rollouts of a problem, the page of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from synthetic1.datagen.curation.funnel import Funnel
from synthetic1.datagen.journal.reader import COUNTED, Status
from synthetic1.datagen.journal.rollouts import StoredRollout, TaskRollouts
from synthetic1.datagen.journal.runs import has_journal, open_journal
from synthetic1.datagen.journal.writer import Journal
from synthetic1.datagen.show_tasks import printable
from synthetic1.jobs.program import ProgramError
from synthetic1.reports import run_text
from synthetic1.reports.page.html import write_report
from synthetic1.reports.run_folder import RunFolder
from synthetic1.reports.run_list import RunSummary, find_run_folder, rows_of_table, summaries
from synthetic1.reports.run_text import SORTS
from synthetic1.reports.text_table import text_table
from synthetic1.verdict import REASONS

NOWHERE = "`synthetic1 grpo --help` and `synthetic1 generate --help` say how to make one"
ON_THE_PAGE = 6  # rollouts of each reason


def list_runs(runs: str, program: str = "") -> str:
    """A line a run: its name, state, progress, the number to quote, and when it was last written.

    Args:
        program: only the runs of this one.

    Raises:
        ProgramError: there are none.
    """
    found: list[RunSummary] = []
    unread: list[str] = []
    for one in summaries(runs, program):
        if not isinstance(one, RunSummary):
            unread.append(f"{one[0].parent.name}/{one[0].name}: {one[1]}")
            continue
        try:
            found.append(_counted(one) if has_journal(one.path) else one)
        except ProgramError as error:  # one that cannot be read must not hide the others
            unread.append(f"{one.program}/{one.name}: {error}")
    if not found and not unread:
        raise ProgramError(f"no runs in {Path(runs) / program if program else Path(runs)}; {NOWHERE}")
    return printable("\n".join((text_table(rows_of_table(found)), *unread)))


def _counted(one: RunSummary) -> RunSummary:
    """With the numbers of its journal, which are those of now."""
    with _journal(one.path) as journal:
        counts = journal.counts()
    failed = f", {counts['failures']:,} failed" if counts["failures"] else ""
    progress = f"{counts['rollouts']:,} rollouts of {counts['tasks']:,} tasks{failed}"
    return replace(one, progress=progress, quote=f"{counts['verified']:,} verified")


@contextmanager
def _journal(path: Path) -> Iterator[Journal]:
    journal = open_journal(path, readonly=True)
    try:
        yield journal
    finally:
        journal.close()


def show_run(name: str, problem: str, runs: str, only: str, limit: int) -> str:
    """A run's settings, numbers and samples; with ``problem``, all completions of it that are kept, or else of those
    whose ids begin so.

    Raises:
        ProgramError: no such run, no such problem in it, or ``only`` is nothing that a completion can be.
        RunFolderError: a file of the run is damaged.
    """
    if only and only not in (sorts := (*SORTS, "no_verdict", *sorted(REASONS))):
        meant = "".join(f"did you mean `{near}`? " for near in get_close_matches(only, sorts, n=1))
        raise ProgramError(f"--only {only}: {meant}completions are {', '.join(sorts)}")
    return printable(_shown(find_run_folder(name, runs), problem, only, limit))


def _shown(folder: Path, problem: str, only: str, limit: int) -> str:
    """See ``show_run``."""
    if not has_journal(folder):
        if problem:
            return run_text.problem_text(folder, problem, only)
        said = run_text.describe(folder, only, limit)
        funnel = _funnel(folder)
        return said if funnel is None else f"{said}\n\n{funnel.table()}"
    with _journal(folder) as journal:
        shown = _sorter(journal, only)
        if problem:
            found = [_whole(g, shown) for g in journal.groups(problem, whole=True)]
            found = found or [_whole(g, shown) for g in journal.groups(problem)]
            if not found:
                raise ProgramError(f"run `{folder.name}` has no problem whose id begins with `{problem}`")
            return "\n\n".join(found)
        return _overview(folder, journal, shown, limit)


def write_report_of(name: str, runs: str) -> str:
    """Write ``report.html`` of a run, whatever it is doing; says where.

    Raises:
        RunFolderError: no such run, a damaged file, or no space.
    """
    folder = find_run_folder(name, runs)
    if not has_journal(folder):
        return f"report: {write_report(folder)}"
    with _journal(folder) as journal:
        counts = journal.counts()
        samples, reasons = _samples(journal)
    numbers = {**counts, "reasons": dict(reasons.most_common())}
    return f"report: {write_report(folder, samples=samples, numbers=numbers)}"


def _samples(journal: Journal) -> tuple[list[dict[str, Any]], Counter[str]]:
    """Some rollouts of every reason as rows of ``samples.jsonl``, and how many there are of each reason."""
    reasons, picked = Counter[str](), dict[str, set[tuple[str, int]]]()
    for name, rollouts in journal.progress():
        for place, rollout in enumerate(rollouts):
            reason = _reason(rollout)
            reasons[reason] += 1
            if reasons[reason] <= ON_THE_PAGE:
                picked.setdefault(name, set()).add((reason, place))
    rows = []
    for name, wanted in picked.items():
        for group in journal.groups(name, whole=True):
            for place, stored in enumerate(group.rollouts):
                if (_reason(stored), place) in wanted:
                    rows.append(_row(group, stored))
    return rows, reasons


def _row(group: TaskRollouts, stored: StoredRollout) -> dict[str, Any]:
    task, verdict = group.task, stored.verdict
    return {
        "task_id": task.problem_id,
        "level": task.level,
        "prompt": task.prompt,
        "completion": stored.rollout.text,
        "answer": None if verdict is None else verdict.answer,
        "expected": task.gold_standard_solution,
        "score": stored.score,
        "reason": _reason(stored),
        "thinking": stored.rollout.thinking,
    }


def _funnel(folder: Path) -> Funnel | None:
    """Of a run of `synthetic1 curate` that has ended."""
    result = RunFolder.open(folder).read_result() or {}
    return Funnel.from_dict(result) if "in" in result and "steps" in result else None


def _sorter(journal: Journal, only: str) -> _Sorter:
    return _Sorter(only, float(json.loads(journal.meta("config") or "{}").get("threshold") or 1.0))


def _overview(folder: Path, journal: Journal, shown: _Sorter, limit: int) -> str:
    counts, reasons = journal.counts((*COUNTED, "to_judge")), Counter[str]()
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
    settings = run_text.settings_text(RunFolder.open(folder).read_config())
    lines = [
        run_text.head(folder),
        *(["", settings, ""] if settings else []),
        f"{counts['rollouts']:,} rollouts of {counts['tasks']:,} tasks, {counts['verified']:,} verified, "
        f"{counts['failures']:,} failed" + (f", {counts['to_judge']:,} to judge" if counts["to_judge"] else ""),
        ", ".join(f"{name} {n:,}" for name, n in reasons.most_common()),
        "",
        text_table(rows),
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
