"""Whether a gold can be held to: our verifier reads it, and takes it in every form that the audit writes it in."""

from __future__ import annotations

import random
from functools import lru_cache

from synthetic1.completion import Completion
from synthetic1.datagen.curation.draft import Dropped, Quarantined
from synthetic1.datagen.curation.funnel import GOLD
from synthetic1.datagen.curation.recipe import Tools
from synthetic1.evaluation.auditing.case import AuditCase, Certainty, OracleAnswer
from synthetic1.evaluation.auditing.math_cases import MathCases
from synthetic1.evaluation.auditing.math_equivalents import MATH_EQUIVALENTS
from synthetic1.evaluation.auditing.mathematics.names import NAMES
from synthetic1.rewards.math import Math
from synthetic1.task import Task
from synthetic1.tasks.formats.math import TASK_TYPE, compose_prompt

REASONS = {
    "unscorable_gold": "the verifier cannot read it: prose, a broken formula",
    "gold_fails": "it does not score 1 against itself",
    "rewriting_fails": "the same answer in another form does not score 1",
    "solution_disagrees": "the row's own solution ends in another answer",
    "gold_conflict": "the same problem stands in the input with another answer",
}
FORMS = {kind: made for kind, made in MATH_EQUIVALENTS.items() if kind not in NAMES}
"""All but names given to the answer: ``x = 16`` is refused where ``x`` is something else in the statement, and rightly
so, which says nothing of the gold."""


def same_answer(one: str, other: str, statement: str) -> bool:
    """Whether the verifier takes either answer to the problem for the other."""
    if one.strip() == other.strip():
        return True
    return _accepts(one, other, statement) or _accepts(other, one, statement)


def is_readable(gold: str, statement: str) -> bool:
    """Whether the verifier can score with it at all."""
    task = Task("read", TASK_TYPE, compose_prompt(statement), {"ground_truth": gold})
    verdict = Math().verify_now(task, Completion.parse(f"\\boxed{{{gold}}}"))
    return verdict is not None and verdict.score is not None


async def check_gold(task: Task, tools: Tools, rewritings: int) -> dict[str, int]:
    """Hold the gold to its verifier, itself and in up to ``rewritings`` other forms; how many it was held to.

    Raises:
        Dropped: the gold is not one to train with; see ``REASONS``.
        Quarantined: its verifier failed, not the gold.
    """
    gold = Math().gold_completion(task)
    verdict = await tools.score(task, gold or "")
    why = str(verdict.details.get("why", ""))
    if verdict.reason == "unscorable_infra":
        raise Quarantined(GOLD, verdict.reason, why)
    if verdict.score is None:
        raise Dropped(GOLD, "unscorable_gold", why)
    if verdict.score < 1.0:
        raise Dropped(GOLD, "gold_fails", f"{verdict.reason} {why}")
    if not rewritings:
        return {"rewritings": 0}
    cases = MathCases(FORMS, mutants={}, patient=False)
    rng = random.Random(f"{tools.seed}/rewritings/{task.key}")
    made = [case for case in cases.cases(task, None, rng) if case.certainty is Certainty.CERTAIN]
    if not made:
        raise Dropped(
            GOLD, "unscorable_gold", f"a gold of {len(cases.gold_text(task))} characters is not a short answer"
        )
    tried = rng.sample(made, min(rewritings, len(made)))
    for case, verdict in zip(tried, await tools.score_all(task, [case.completion for case in tried]), strict=True):
        if verdict.reason == "unscorable_infra":
            raise Quarantined(GOLD, verdict.reason, str(verdict.details.get("why", "")))
        if verdict.score != 1.0 and not _is_refuted(cases, task, case):
            raise Dropped(GOLD, "rewriting_fails", f"{case.kind}: {case.answer}")
    return {"rewritings": len(tried)}


def _is_refuted(cases: MathCases, task: Task, case: AuditCase) -> bool:
    """Whether an independent reader finds that the form says something else: then the rewriter was wrong."""
    return cases.quick_answers(task, [case])[0] is OracleAnswer.DIFFERENT


@lru_cache(maxsize=4096)
def _accepts(gold: str, answer: str, statement: str) -> bool:
    task = Task("same", TASK_TYPE, compose_prompt(statement), {"ground_truth": gold})
    verdict = Math().verify_now(task, Completion.parse(f"\\boxed{{{answer}}}"))
    return verdict is not None and verdict.score == 1.0
