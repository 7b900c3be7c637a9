"""Answers of mathematics: held to the verifier, to the audit's rewritings and to the row's own solution."""

from __future__ import annotations

import re
from dataclasses import replace

from synthetic1.datagen.curation.draft import Draft, Dropped, Quarantined
from synthetic1.datagen.curation.recipe import Tools
from synthetic1.datagen.curation.recipes.mathematics.golds import check_gold, same_answer
from synthetic1.datagen.curation.recipes.mathematics.published import answer_of_solution
from synthetic1.task import Task

STEP = "answers"
_word = re.compile(r"[^\W\d_]{2,}")
_mathematics = re.compile(r"[\d\\=^_+*/<>$]")
CONFLICT = "gold_conflict"


async def repaired_answer(task: Task, draft: Draft, tools: Tools, rewritings: int, *, fix: bool) -> Task:
    """The task with a gold that holds.

    A gold that the verifier cannot read, where the solution ends in one that it can, is replaced by that. A gold that
    the verifier reads, and the solution ends in another, is nobody's to decide.

    Raises:
        Dropped: the gold does not hold, and nothing can be put in its place.
        Quarantined: two golds that differ.
    """
    if CONFLICT in draft.history:
        raise Quarantined(STEP, CONFLICT, str(draft.history[CONFLICT]))
    gold = str(task.verification_info.get("ground_truth") or "")
    solved, _ = answer_of_solution(task.gold_standard_solution or "")
    whole_solution = gold.strip() == (task.gold_standard_solution or "").strip()
    if not solved or whole_solution:
        await check_gold(task, tools, rewritings)
        return task
    other = replace(task, verification_info={**task.verification_info, "ground_truth": solved})
    try:
        await check_gold(task, tools, rewritings)
    except Dropped as error:
        if not fix or error.reason not in ("unscorable_gold", "gold_fails"):
            raise
        await check_gold(other, tools, rewritings)
        draft.history["repair"] = {"gold_from_solution": f"{gold:.200}"}
        return other
    if same_answer(gold, solved, draft.text):
        return task
    if _is_words(gold) and not _is_words(solved):  # "see the solution": no number that could be the right one
        if not fix:
            raise Dropped(STEP, "answer_is_prose", f"{gold:.100}")
        await check_gold(other, tools, rewritings)
        draft.history["repair"] = {"gold_from_solution": f"{gold:.200}"}
        return other
    raise Quarantined(STEP, "solution_disagrees", f"the gold is {gold:.100}, its solution ends in {solved:.100}")


def _is_words(gold: str) -> bool:
    """Three words at least, and nothing of a number or a formula."""
    return len(_word.findall(gold)) >= 3 and not _mathematics.search(gold)
