"""`synthetic1 validate`: does every task's own gold score 1? Where it does not, task or verifier is at fault."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from synthetic1.evaluation.named_sources import evenly, families, open_sources, readable
from synthetic1.jobs.program import USAGE_ERROR, ProgramError
from synthetic1.reports.progress import progress
from synthetic1.reports.readable import one_line
from synthetic1.rewards.registry import UnknownTaskType
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.task import TaskError
from synthetic1.tasks.sources.source import TaskSource
from synthetic1.verdict import Verdict

AT_ONCE = 256  # tasks in memory
LINES = 10  # of faults that are shown of a source
WHY_CAP = 300  # characters
NO_TASK = "no_task"


@dataclass(frozen=True)
class GoldFault:
    """A task whose gold does not score 1, or a row that is not a task."""

    task: str | None
    """Its ``problem_id``; None of a row that is not a task, whose ``why`` names file and row."""
    reason: str
    """The verdict's, or ``no_task``."""
    why: str


@dataclass
class CheckedGolds:
    """What became of the golds of a source."""

    source: str
    tasks: int
    """How many were looked at."""
    correct: int = 0
    without_gold: int = 0
    failing: list[GoldFault] = field(default_factory=list)
    """Those with a score below 1, and rows that are not tasks."""
    unscorable: list[GoldFault] = field(default_factory=list)
    """Those without a score: a task that its verifier cannot read, or no sandbox or judge here."""

    @property
    def accepted(self) -> bool:
        """Whether every gold that there is scores 1."""
        return not self.failing and not self.unscorable


def run(names: Sequence[str], limit: int | None = None, json_file: str | None = None) -> int:
    """Score the golds of ``names``, print a table and what is wrong.

    Args:
        names: families, ids of environments (both of their parts are taken) or what ``open_tasks`` takes; without any,
            all families.
        limit: only so many tasks of each source, spread evenly over it.
        json_file: where to write all of it, too.

    Returns:
        The exit status: 0 if every gold that there is scores 1, else 1; 2 where there is nothing to look at, as where
        no task has a gold.
    """
    try:
        if limit is not None and limit < 1:
            raise ProgramError(f"--limit must be at least 1, got {limit}")
        if json_file is not None and (Path(json_file).is_dir() or not Path(json_file).absolute().parent.is_dir()):
            raise ProgramError(f"--json must name a file in an existing folder, got {json_file}")
        checked = check_golds(names or list(families()), limit)
        if json_file is not None:
            _write(Path(json_file), checked)
    except (ProgramError, TaskError) as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return USAGE_ERROR
    print(render(checked))
    if not _looked_at(checked):
        many = f"{sum(one.tasks for one in checked):,}"
        print(f"error: nothing was checked: none of the {many} tasks has a gold; give tasks with one", file=sys.stderr)
        return USAGE_ERROR
    return 0 if all(one.accepted for one in checked) else 1


def _looked_at(checked: Sequence[CheckedGolds]) -> bool:
    """Whether there was a gold, or a fault."""
    return any(one.correct or not one.accepted for one in checked)


def check_golds(names: Sequence[str], limit: int | None = None) -> list[CheckedGolds]:
    """Score the golds of every source that ``names`` name; see ``run``.

    Raises:
        ProgramError: a name that is nothing of ours.
        TaskError: a file that cannot be read as tasks.
    """
    with open_sources(names) as opened:
        rows = [evenly(len(source), limit) for _, source, _ in opened]
        with progress(sum(map(len, rows)), "golds") as advance:
            return [
                _check(CheckedGolds(name, len(places)), source, places, scorer, advance)
                for (name, source, scorer), places in zip(opened, rows, strict=True)
            ]


def _check(
    found: CheckedGolds, source: TaskSource, places: Sequence[int], scorer: Scorer, advance: Callable[[], None]
) -> CheckedGolds:
    def note(error: TaskError) -> None:
        found.failing.append(GoldFault(None, NO_TASK, str(error)))
        advance()

    for start in range(0, len(places), AT_ONCE):
        pairs = []
        for task in readable(source, places[start : start + AT_ONCE], note):
            try:
                gold = scorer.verifier(task.task_type).gold_completion(task)
            except UnknownTaskType as error:
                found.unscorable.append(GoldFault(task.problem_id, "unscorable_task", str(error)))
            except Exception as error:  # of a verifier that is not ours
                why = f"gold_completion raised {type(error).__name__}: {error}"
                found.unscorable.append(GoldFault(task.problem_id, "unscorable_infra", why))
            else:
                if gold is not None:
                    pairs.append((task, gold))
                    continue
                found.without_gold += 1
            advance()
        for (task, _), verdict in zip(pairs, scorer.score_sync(pairs, lambda *_: advance()), strict=True):
            if verdict.score == 1.0:
                found.correct += 1
            else:
                kind = found.unscorable if verdict.score is None else found.failing
                kind.append(GoldFault(task.problem_id, verdict.reason, _why(verdict)))
    return found


def _why(verdict: Verdict) -> str:
    details = verdict.details
    if "why" in details:
        return str(details["why"])
    failed = details.get("failed")
    if isinstance(failed, dict):
        return f"test {failed.get('index')}: {failed.get('why')}"
    return f"{details.get('explanation') or 'the gold does not say what the verifier compares with'}"


# What is said of them -------------------------------------------------------------------------------------------------


def render(checked: Sequence[CheckedGolds]) -> str:
    """A table with a line for each source; below it, a line for each fault, as many as a screen holds."""
    rows = [("source", "tasks", "gold scores 1", "without gold", "failing", "unscorable")]
    for one in checked:
        counts = (one.tasks, one.correct, one.without_gold, len(one.failing), len(one.unscorable))
        rows.append((one.source, *(f"{count:,}" for count in counts)))  # type: ignore[arg-type]
    first, *others = (max(map(len, column)) for column in zip(*rows, strict=True))
    lines = []
    for name, *cells in rows:
        aligned = (cell.rjust(width) for cell, width in zip(cells, others, strict=True))
        lines.append("  ".join((name.ljust(first), *aligned)))
    for one in checked:
        faults = [*one.failing, *one.unscorable]
        if faults:
            lines += ["", f"{one.source}:", *(f"  {_line(fault)}" for fault in faults[:LINES])]
        if len(faults) > LINES:
            lines.append(f"  … and {len(faults) - LINES:,} more; --json FILE keeps them all")
    return "\n".join(lines)


def _line(fault: GoldFault) -> str:
    said = (fault.task, fault.reason) if fault.task is not None else (fault.reason,)
    return one_line(f"{'  '.join(said)}: {fault.why}", WHY_CAP)


def _write(path: Path, checked: Sequence[CheckedGolds]) -> None:
    content = {
        "accepted": _looked_at(checked) and all(one.accepted for one in checked),
        "sources": [{**asdict(one), "accepted": one.accepted} for one in checked],
    }
    try:
        path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise ProgramError(f"--json: {path} cannot be written: {error.strerror}") from None
