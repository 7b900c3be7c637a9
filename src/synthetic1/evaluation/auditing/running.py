"""The audit itself: tasks stream through, cases are made of their golds, scored in batches, counted and forgotten."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice

from synthetic1.evaluation.auditing.case import AuditCase, CaseMaker, Certainty, OracleAnswer, is_kept
from synthetic1.evaluation.auditing.counts import SHOWN_CAP, AuditCounts, UnscorableGold, is_wrong
from synthetic1.evaluation.auditing.kind_cases import OwnCases
from synthetic1.evaluation.auditing.solutions import run_solutions
from synthetic1.reports.readable import cut
from synthetic1.rewards.registry import UnknownTaskType, canonical_task_type, get_verifier
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.rewards.verifier import Verifier
from synthetic1.task import Task
from synthetic1.verdict import Verdict

TASKS_AT_ONCE = 16  # in memory, with the hundred cases or so of each
GOLD = "gold"
"""The kind of the gold as it stands: what `synthetic1 validate` looks at."""
WITH_SOLUTIONS = "verifiable_code"
"""The family whose tasks may have several golds, and are quarantined if these disagree."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A task of a batch, and the one before it, whose gold is wrong here."""

    task: Task
    neighbour: Task | None
    maker: CaseMaker
    family: str
    source: str
    gold: str


_Pair = tuple[_Entry, AuditCase]
_Oracle = Callable[[Task, Sequence[AuditCase]], list[OracleAnswer]]


def audit(
    tasks: Iterable[Task],
    scorer: Scorer,
    makers: Mapping[str, CaseMaker],
    counts: AuditCounts,
    *,
    source: str = "",
    seed: int = 0,
    thorough: bool = False,
    advance: Callable[[], None] = lambda: None,
) -> None:
    """Make cases of the gold of every task, score them, and add what came of it to ``counts``.

    The quick oracle is asked about every case whose value decides. What it cannot read is put before the patient one
    if the verdict is not the expected one, or, with ``thorough``, at once. So every error has passed an oracle, or is
    right by construction; without ``thorough`` some cases that no oracle has read are among those scored rightly.

    Of a program's task the other golds are run, too, and the task is quarantined if they disagree: see ``solutions``.

    Memory does not grow with the number of tasks.

    Args:
        makers: by task type.
        source: where the tasks come from: stands in for tasks that do not say so themselves.
        seed: of all random choices; with the task's content it decides them, whatever else is audited.
        thorough: ask the patient oracle about every case that the quick one cannot read.
        advance: called once a task.
    """
    stream = _entries(tasks, scorer, makers, counts, source, advance)
    while batch := list(islice(stream, TASKS_AT_ONCE)):
        scored_golds = _score_golds(batch, scorer, counts, advance)
        _quarantine(scored_golds, scorer, counts, seed)
        scorable = [entry for entry, _ in scored_golds]
        cases = [(entry, case) for entry in scorable for case in _cases(entry, seed)]
        unread = _screen(cases, counts)
        if thorough:
            _screen_patiently(unread, cases, counts)
        verdicts = scorer.score_sync([(entry.task, case.completion) for entry, case in cases])
        scored = {id(case): verdict for (_, case), verdict in zip(cases, verdicts, strict=True)}
        if not thorough:
            _screen_patiently([pair for pair in unread if is_wrong(pair[1], scored[id(pair[1])])], cases, counts)
        for entry, case in cases:
            counts.add_case(entry.family, entry.source, case, scored[id(case)], entry.gold, entry.task.problem_id)
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
        maker = makers.get(family) or _own(task, scorer)
        if maker is None:
            counts.not_audited[f"tasks of type `{family}`, of which no cases are made yet"] += 1
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


def _own(task: Task, scorer: Scorer) -> CaseMaker | None:
    try:
        verifier = scorer.verifier(task.task_type)
    except UnknownTaskType:
        return None
    return OwnCases(verifier) if OwnCases.has_any(verifier) else None


def _score_golds(
    batch: list[_Entry], scorer: Scorer, counts: AuditCounts, advance: Callable[[], None]
) -> list[tuple[_Entry, Verdict]]:
    """The entries whose gold has a score, and the verdict. A gold that scores below 1 is the first false reject."""
    golds = []
    for entry in batch:
        try:
            verifier = scorer.verifier(entry.task.task_type)
            completion = verifier.gold_completion(entry.task)
            if type(verifier).gold_completion is Verifier.gold_completion:  # the user's own, which only verifies
                completion = _usual_gold(entry.task)
        except Exception as error:  # of a verifier that is not ours
            counts.add_gold(entry.family, entry.source)
            _note(entry, "unscorable_infra", f"gold_completion raised {type(error).__name__}: {error}", counts)
            advance()
            continue
        if completion is None:
            counts.not_audited["tasks without a gold"] += 1
            advance()
        else:
            golds.append((entry, AuditCase(GOLD, 1.0, completion, entry.gold)))
    scorable = []
    verdicts = scorer.score_sync([(entry.task, case.completion) for entry, case in golds])
    for (entry, case), verdict in zip(golds, verdicts, strict=True):
        counts.add_gold(entry.family, entry.source)
        if verdict.score is None:
            _note(entry, verdict.reason, str(verdict.details.get("why", "")), counts)
            advance()
            continue
        counts.add_case(entry.family, entry.source, case, verdict, entry.gold, entry.task.problem_id)
        scorable.append((entry, verdict))
    return scorable


def _usual_gold(task: Task) -> str | None:
    """The completion that our verifier of this type would be given."""
    try:
        return get_verifier(task.task_type).gold_completion(task)
    except (UnknownTaskType, TypeError):
        return None


def _quarantine(golds: list[tuple[_Entry, Verdict]], scorer: Scorer, counts: AuditCounts, seed: int) -> None:
    programs = [(entry, verdict) for entry, verdict in golds if entry.family == WITH_SOLUTIONS]
    others = run_solutions([entry.task for entry, _ in programs], scorer, seed)
    for (entry, verdict), more in zip(programs, others, strict=True):
        counts.quarantine.add(entry.task, entry.source, {0: verdict, **more})


def _note(entry: _Entry, reason: str, why: str, counts: AuditCounts) -> None:
    found = UnscorableGold(entry.source, entry.task.problem_id, cut(entry.gold, SHOWN_CAP), reason, why)
    counts.add_unscorable(entry.family, entry.source, found)


def _cases(entry: _Entry, seed: int) -> Iterator[AuditCase]:
    rng = random.Random(f"{seed}/{entry.task.key}")
    return entry.maker.cases(entry.task, entry.neighbour, rng)


def _screen(cases: list[_Pair], counts: AuditCounts) -> list[_Pair]:
    """Take out what the quick oracle refutes; gives the cases that it cannot read."""
    asked = [pair for pair in cases if pair[1].certainty is not Certainty.ASSERTED]
    unread, refuted = [], set()
    for pair, said in _asked(asked, lambda maker: maker.quick_answers):
        if said is OracleAnswer.UNREAD:
            unread.append(pair)
        elif not is_kept(pair[1], said):
            refuted.add(id(pair[1]))
            counts.kind(pair[1]).refuted += 1
    cases[:] = [pair for pair in cases if id(pair[1]) not in refuted]
    return unread


def _screen_patiently(unread: list[_Pair], cases: list[_Pair], counts: AuditCounts) -> None:
    """Take out what the patient oracle does not let stand."""
    refuted = set()
    for (_, case), said in _asked(unread, lambda maker: maker.patient_answers):
        if not is_kept(case, said):
            refuted.add(id(case))
            count = counts.kind(case)
            count.unread += said is OracleAnswer.UNREAD
            count.refuted += said is not OracleAnswer.UNREAD
    cases[:] = [pair for pair in cases if id(pair[1]) not in refuted]


def _asked(pairs: list[_Pair], oracle_of: Callable[[CaseMaker], _Oracle]) -> Iterator[tuple[_Pair, OracleAnswer]]:
    """What an oracle says of each case, asked once a task."""
    for _, group in groupby(pairs, key=lambda pair: id(pair[0])):
        of_task = list(group)
        entry = of_task[0][0]
        answers = oracle_of(entry.maker)(entry.task, [case for _, case in of_task])
        yield from zip(of_task, answers, strict=True)
