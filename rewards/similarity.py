"""The verifier of rows whose family is unknown: how close does a judge find the answer to the gold solution?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from synthetic1.completion import Completion
from synthetic1.rewards.judging.judged_verifier import JudgedVerifier
from synthetic1.rewards.judging.rubrics import SIMILARITY, Rubric
from synthetic1.rewards.registry import register
from synthetic1.rewards.task_fields import MalformedTask, optional_text
from synthetic1.task import Task
from synthetic1.verdict import Verdict


@register("llm_judgeable_groundtruth_similarity")
@dataclass(frozen=True)
class Similarity(JudgedVerifier):
    """Scores an answer by a judge's grade from 1 to 100, divided by 100, as GENESYS does.

    The reference is ``gold_standard_solution``; ``verification_info["judging_instructions"]`` (optional, a string) goes
    to the judge. Published rows whose source is known are ``stem`` or ``swe`` tasks instead, whose rubrics are harder
    to please for the wrong reasons.
    """

    version: ClassVar[int] = 3
    rubric: ClassVar[Rubric] = SIMILARITY

    async def verify(self, task: Task, completion: Completion) -> Verdict:
        assert completion.answer is not None, "the scorer answers for completions without an answer"
        try:
            instructions = optional_text(task, "judging_instructions")
        except MalformedTask as error:
            return error.verdict
        return await self.ask(
            question=task.prompt,
            reference=task.gold_standard_solution or "",
            candidate=completion.answer.strip(),
            instructions=instructions,
        )

    def gold_completion(self, task: Task) -> str | None:
        """The reference as it stands. No rule compares it: that it scores 1 is for the judge to say."""
        gold = task.gold_standard_solution
        return gold if gold is not None and gold.strip() else None
