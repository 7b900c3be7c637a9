"""The audit itself: tasks stream through, cases are made of their golds, scored in batches, counted and forgotten."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from synthetic1.evaluation.auditing.case import AuditCase, CaseMaker, Certainty, Relation, is_kept
from synthetic1.evaluation.auditing.counts import SHOWN_CAP, AuditCounts, UnscorableGold, is_wrong
from synthetic1.reports.readable import cut
from synthetic1.rewards.registry import UnknownTaskType, canonical_task_type
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.task import Task

TASKS_AT_ONCE = 64  # in memory, with the hundred cases or so of each
GOLD = "gold"
"""The kind of the gold as it stands: what `synthetic1 validate` looks at."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A task of a batch, and the one before it, whose gold is wrong here."""

    task: Task
    neighbour: Task | None
    maker: CaseMaker
    family: str
    source: str
    gold: str


def audit(
    tasks: Iterable[Task],
    scorer: Scorer,
    makers: Mapping[str, CaseMaker],
    counts: AuditCounts,
    *,
    source: str = "",
    seed: int = 0,
    check_all: bool = False,
    advance: Callable[[], None] = lambda: None,
) -> None:
    """Make cases of the gold of every task, score them, and add what came of it to ``counts``.

    The oracle is asked about a case whose verdict is not the expected one, before that counts as an error. So every
    error is one that the oracle did not refute; what it would refute among the other cases is a small part of the
    denominators, which ``check_all`` leaves out, at the price of asking about every case.

    Memory does not grow with the number of tasks.

    Args:
        makers: by task type.
        source: where the tasks come from: stands in for tasks that do not say so themselves.
        seed: of all random choices; with the task's content it decides them, whatever else is audited.
        check_all: ask the oracle about every case whose value decides.
        advance: called once a task.
    """
    stream = _entries(tasks, scorer, makers, counts, source, advance)
    while batch := list(islice(stream, TASKS_AT_ONCE)):
        scorable = _score_golds(batch, scorer, counts, advance)
        cases = [(entry, case) for entry in scorable for case in _cases(entry, seed)]
        if check_all:
            refuted = _refuted(cases, counts)
            cases = [pair for pair in cases if id(pair[1]) not in refuted]
        verdicts = scorer.score_sync([(entry.task, case.completion) for entry, case in cases])
        scored = list(zip(cases, verdicts, strict=True))
        refuted = set() if check_all else _refuted([pair for pair, got in scored if is_wrong(pair[1], got)], counts)
        for (entry, case), verdict in scored:
            if id(case) not in refuted:
                counts.add_case(entry.family, entry.source, case, verdict, entry.gold, entry.task.problem_id)
        for _ in scorable:
            advance()


def _entries(
    tasks: Iterable[Task],
    scorer: Scorer,
    makers: Mapping[str, CaseMaker],
    counts: AuditCounts,
    source: str,
    advance: Callable[[], None],
) -> Iterator[_Entry]:
    before: Task | None = None
    for task in tasks:
        family = canonical_task_type(task.task_type)
        maker = makers.get(family)
        if maker is None:
            counts.not_audited[f"no cases are made for task type `{family}` yet"] += 1
            advance()
            continue
        try:
            scorer.verifier(task.task_type)
        except UnknownTaskType as error:
            counts.not_audited[str(error)] += 1
            advance()
            continue
        neighbour = before if before is not None and before.task_type == task.task_type else None
        yield _Entry(task, neighbour, maker, family, task.source or source, maker.gold_text(task))
        before = task


def _score_golds(batch: list[_Entry], scorer: Scorer, counts: AuditCounts, advance: Callable[[], None]) -> list[_Entry]:
    """The entries whose gold has a score. A gold that scores below 1 is the first false reject."""
    golds = []
    for entry in batch:
        completion = scorer.verifier(entry.task.task_type).gold_completion(entry.task)
        if completion is None:
            counts.not_audited["a task without a gold"] += 1
            advance()
        else:
            golds.append((entry, AuditCase(GOLD, 1.0, completion, entry.gold)))
    scorable = []
    verdicts = scorer.score_sync([(entry.task, case.completion) for entry, case in golds])
    for (entry, case), verdict in zip(golds, verdicts, strict=True):
        counts.add_gold(entry.family, entry.source)
        if verdict.score is None:
            found = UnscorableGold(
                entry.source,
                entry.task.problem_id,
                cut(entry.gold, SHOWN_CAP),
                verdict.reason,
                f"{verdict.details.get('why', '')}",
            )
            counts.add_unscorable(entry.family, entry.source, found)
            advance()
            continue
        counts.add_case(entry.family, entry.source, case, verdict, entry.gold, entry.task.problem_id)
        scorable.append(entry)
    return scorable


def _cases(entry: _Entry, seed: int) -> Iterator[AuditCase]:
    rng = random.Random(f"{seed}/{entry.task.key}")
    return entry.maker.cases(entry.task, entry.neighbour, rng)


def _refuted(cases: list[tuple[_Entry, AuditCase]], counts: AuditCounts) -> set[int]:
    """The ids of the cases that the oracle does not let stand; counts them."""
    by_task: dict[int, tuple[_Entry, list[AuditCase]]] = {}
    for entry, case in cases:
        if case.certainty is not Certainty.ASSERTED:
            by_task.setdefault(id(entry), (entry, []))[1].append(case)
    refuted = set()
    for entry, doubtful in by_task.values():
        for case, relation in zip(doubtful, entry.maker.relations(entry.task, doubtful), strict=True):
            if not is_kept(case, relation):
                refuted.add(id(case))
                count = counts.kind(case)
                count.unread += relation is Relation.UNREAD
                count.refuted += relation is not Relation.UNREAD
    return refuted
