"""`synthetic1 score`: the verdicts of completions that lie in a file, whoever made them."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, fields
from itertools import islice
from pathlib import Path
from typing import Any

from synthetic1.evaluation.completion_rows import CompletionRow, RowError, RowLayout, rows_of
from synthetic1.evaluation.score_output import ScoredRows
from synthetic1.jobs.program import STOPPED, USAGE_ERROR, ProgramError
from synthetic1.reports.progress import progress
from synthetic1.reports.readable import one_line
from synthetic1.reports.storage import RunFolderError
from synthetic1.reports.text_table import text_table
from synthetic1.rewards.judging.settings import JudgeSettings, judge_settings
from synthetic1.rewards.registry import (
    UnknownTaskType,
    canonical_task_type,
    get_verifier,
    known_task_types,
    verifier_class,
)
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.rewards.verifier import Verifier
from synthetic1.task import TaskError
from synthetic1.tasks.formats.columns import ColumnMapping
from synthetic1.tasks.formats.readers import Choose, reader_for
from synthetic1.tasks.sources.spec import open_tasks
from synthetic1.verdict import Verdict

AT_ONCE = 64  # rows of a batch
BATCHES = 16  # under way: the slowest program of one holds up none of the others
BAD_SHOWN = 5
WHY_CAP = 300  # characters


@dataclass
class FamilyScores:
    """The verdicts of one task type."""

    rows: int = 0
    total: float = 0.0
    """Of the scores that there are."""
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def unscorable(self) -> int:
        return sum(many for reason, many in self.reasons.items() if reason.startswith("unscorable_"))

    @property
    def mean(self) -> float | None:
        scored = self.rows - self.unscorable
        return self.total / scored if scored else None

    def add(self, score: float | None, reason: str) -> None:
        self.rows += 1
        self.total += score or 0.0
        self.reasons[reason] += 1


@dataclass
class FileScores:
    """What became of the rows of a file."""

    families: dict[str, FamilyScores] = field(default_factory=dict)
    """By task type."""
    before: int = 0
    """Rows that were scored by an earlier call."""
    bad: int = 0
    shown: list[str] = field(default_factory=list)
    """The first bad rows: where, and why."""
    unscorable: str | None = None
    """Of the first one that could not be scored, why."""

    @property
    def rows(self) -> int:
        return sum(one.rows for one in self.families.values())

    @property
    def lost(self) -> int:
        return sum(one.unscorable for one in self.families.values())

    def add(self, task_type: str, score: float | None, reason: str) -> None:
        self.families.setdefault(canonical_task_type(task_type), FamilyScores()).add(score, reason)

    def add_bad(self, where: str, why: str) -> None:
        self.bad += 1
        if len(self.shown) < BAD_SHOWN:
            self.shown.append(one_line(f"{where}: {why}", WHY_CAP))

    def to_dict(self) -> dict[str, Any]:
        """The summary: what `--json` writes."""
        families = {
            name: {
                "rows": one.rows,
                "mean_score": one.mean,
                "unscorable": one.unscorable,
                "reasons": dict(one.reasons.most_common()),
            }
            for name, one in sorted(self.families.items())
        }
        return {"rows": self.rows, "scored_before": self.before, "bad_rows": self.bad, "by_task_type": families}


def run(
    file: str,
    *,
    output: str | None = None,
    overwrite: bool = False,
    tasks: str | None = None,
    columns: str | None = None,
    completion: str | None = None,
    thinking_open: bool = False,
    judge: str | None = None,
    json_file: str | None = None,
) -> int:
    """Score ``file``, and print a table.

    Returns:
        The exit status: 0 if every row has a score; 1 if some are bad or could not be scored; 2 for a user error, and
        where no row could be read; 130 where it was stopped.
    """
    try:
        layout = _layout(tasks, columns, completion, thinking_open)
        scores = _score(Path(file).expanduser(), layout, output, overwrite, judge)
        if json_file is not None:
            _write_json(Path(json_file), scores)
    except (ProgramError, TaskError, RunFolderError) as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return USAGE_ERROR
    except KeyboardInterrupt:
        print(f"stopped{'; the same command goes on' if output else ''}", file=sys.stderr)
        return STOPPED
    for line in scores.shown:
        print(f"bad row: {line}", file=sys.stderr)
    if scores.bad > len(scores.shown):
        print(f"… and {scores.bad - len(scores.shown):,} more bad rows", file=sys.stderr)
    if not scores.rows:
        print(f"error: no row of {file} could be read as a task and a completion", file=sys.stderr)
        return USAGE_ERROR
    print(render(scores, output))
    return 1 if scores.bad or scores.lost else 0


def render(scores: FileScores, output: str | None = None) -> str:
    """A table with a line for each task type, and what is to be said below it."""
    rows = [("task type", "rows", "mean score", "unscorable", "reasons")]
    for name, one in sorted(scores.families.items()):
        said = ", ".join(f"{reason} {many:,}" for reason, many in one.reasons.most_common())
        mean = "-" if one.mean is None else f"{one.mean:.3f}"
        rows.append((name, f"{one.rows:,}", mean, f"{one.unscorable:,}", said))
    lines = [text_table(rows, right=(1, 2, 3))]
    if scores.bad:
        lines.append(f"{scores.bad:,} bad rows were left out")
    if scores.unscorable is not None:
        lines.append(f"could not be scored, for example: {scores.unscorable}")
    if output is not None:
        earlier = f", {scores.before:,} of them before" if scores.before else ""
        lines.append(f"{scores.rows:,} rows in {output}{earlier}")
    return "\n".join(lines)


def _score(file: Path, layout: RowLayout, output: str | None, overwrite: bool, judge: str | None) -> FileScores:
    scores = FileScores()
    with ExitStack() as stack:
        try:
            if not file.is_file():
                raise ProgramError(f"there is no file {file}")
            total = _many_rows(file)
            scorer = stack.enter_context(Scorer(_judged(judge)))
            scored = None
            if output is not None:
                scored = stack.enter_context(_opened(Path(output).expanduser(), file, overwrite, scorer, scores))
            rows = _readable(file, layout, scored, scorer, scores)
            advance = stack.enter_context(progress(total, "rows", apart=True))
            asyncio.run(_score_rows(rows, scorer, scored, scores, advance))
            if scored is not None:
                scored.finish()
        except (ValueError, OSError) as error:
            if isinstance(error, TaskError):
                raise
            raise ProgramError(str(error)) from error
    return scores


async def _score_rows(
    rows: Iterator[CompletionRow | None],
    scorer: Scorer,
    scored: ScoredRows | None,
    scores: FileScores,
    advance: Callable[[], None],
) -> None:
    """Batches go in one after another, a few at work at once, and come out in the order of the file."""
    under_way: deque[tuple[list[CompletionRow], asyncio.Task[list[Verdict]]]] = deque()

    async def settle() -> None:
        batch, work = under_way.popleft()
        for row, verdict in zip(batch, await work, strict=True):
            advance()
            if scored is not None:
                verifier = scorer.verifier(row.task.task_type)
                try:
                    scored.add(row, verdict, f"{verifier.task_type}@{verifier.version}", verifier.key)
                except RowError as error:
                    scores.add_bad(row.where, str(error))
                    continue
            scores.add(row.task.task_type, verdict.score, verdict.reason)
            if verdict.score is None and scores.unscorable is None:
                scores.unscorable = one_line(f"{row.where}: {verdict.reason}: {verdict.details.get('why')}", WHY_CAP)
        if scored is not None:
            scored.flush()

    try:
        while batch := list(islice(rows, AT_ONCE)):
            new = [row for row in batch if row is not None]
            for _ in range(len(batch) - len(new)):
                advance()
            if new:
                pairs = [(row.task, row.completion) for row in new]
                under_way.append((new, asyncio.create_task(scorer.score(pairs))))
            await asyncio.sleep(0)
            while len(under_way) >= BATCHES or (under_way and under_way[0][1].done()):
                await settle()
        while under_way:
            await settle()
    finally:
        for _, work in under_way:
            work.cancel()


def _readable(
    file: Path, layout: RowLayout, scored: ScoredRows | None, scorer: Scorer, scores: FileScores
) -> Iterator[CompletionRow | None]:
    """The rows that are to be scored; None for those that are bad, or in the output already."""
    for where, fields_of_row in rows_of(file, scores.add_bad):
        try:
            row = layout.read(where, fields_of_row)
            scorer.verifier(row.task.task_type)
            is_there = scored is not None and scored.has(row)
        except (RowError, UnknownTaskType) as error:
            scores.add_bad(where, str(error))
            yield None
            continue
        yield None if is_there else row


def _opened(path: Path, file: Path, overwrite: bool, scorer: Scorer, scores: FileScores) -> ScoredRows:
    if path.exists() and path.samefile(file):
        raise ProgramError(f"--output must be another file than the one that is read, got {path}")
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise ProgramError(f"--output must name a file in an existing folder, got {path}")

    def kept(said: Any) -> None:
        scores.before += 1
        scores.add(said["task_type"], said["score"], said["reason"])

    def current(task_type: str, verifier_key: str) -> bool:
        try:
            return scorer.verifier(task_type).key == verifier_key
        except UnknownTaskType:
            return False

    return ScoredRows(path, overwrite=overwrite, on_kept=kept, current=current)


def _judged(judge: str | None) -> dict[str, Verifier]:
    """The verifiers that need a judge, with this one."""
    if judge is None:
        return {}
    settings = judge_settings(judge)
    kinds = [name for name in known_task_types() if _needs_judge(verifier_class(name))]
    return {name: get_verifier(name, judge=settings) for name in kinds}


def _needs_judge(kind: type[Verifier]) -> bool:
    """It has a judge by default, though it may be none that lives anywhere: mathematics has rules, and asks nobody."""
    return any(one.name == "judge" and one.default_factory is JudgeSettings for one in fields(kind))  # type: ignore[arg-type]


def _layout(tasks: str | None, columns: str | None, completion: str | None, thinking_open: bool) -> RowLayout:
    source = None if tasks is None else open_tasks(tasks)
    choose: Choose = reader_for
    if columns is not None:
        choose = ColumnMapping.of(dict(_pairs(columns)), None)
    return RowLayout(source, choose, completion, thinking_open)


def _pairs(columns: str) -> Iterator[tuple[str, str]]:
    for part in columns.split(","):
        name, separator, column = part.strip().partition("=")
        if not separator:
            raise ProgramError(f"--columns is written prompt=question,answer=gold; got {columns}")
        yield name, column


def _many_rows(file: Path) -> int | None:
    """How many there are, for a bar that somebody sees; None where it would take as long as reading them."""
    if not sys.stderr.isatty():
        return None
    if file.name.endswith(".parquet"):
        import pyarrow.parquet as parquet

        return int(parquet.ParquetFile(file).metadata.num_rows)
    if not file.name.endswith((".jsonl", ".ndjson")):
        return None
    with file.open("rb") as opened:
        return sum(piece.count(b"\n") for piece in iter(lambda: opened.read(1 << 20), b""))


def _write_json(path: Path, scores: FileScores) -> None:
    try:
        path.write_text(json.dumps(scores.to_dict(), indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise ProgramError(f"--json: {path} cannot be written: {error.strerror}") from None
