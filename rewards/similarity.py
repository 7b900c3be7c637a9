"""The verifier of rows whose family is unknown: how close does a judge find the answer to the gold solution?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from synthetic1.completion import Completion
from synthetic1.rewards.judging.judge import DEADLINE_S, JudgeSettings, judges
from synthetic1.rewards.judging.rubrics import SIMILARITY
from synthetic1.rewards.registry import register
from synthetic1.rewards.verifier import Verifier
from synthetic1.task import Task
from synthetic1.verdict import Verdict


@register("llm_judgeable_groundtruth_similarity")
@dataclass(frozen=True)
class Similarity(Verifier):
    """Scores an answer by a judge's grade from 1 to 100, divided by 100, as GENESYS does.

    The reference is ``gold_standard_solution``; ``verification_info["judging_instructions"]`` (optional, a string) goes
    to the judge. Published rows whose source is known are ``stem`` or ``swe`` tasks instead, whose rubrics are harder
    to please for the wrong reasons.
    """

    version: ClassVar[int] = 2
    deadline_s: ClassVar[float | None] = DEADLINE_S

    judge: JudgeSettings = field(default_factory=JudgeSettings)

    @property
    def concurrency(self) -> int:
        return self.judge.concurrency

    async def verify(self, task: Task, completion: Completion) -> Verdict:
        assert completion.answer is not None, "the scorer answers for completions without an answer"
        instructions = task.verification_info.get("judging_instructions") or ""
        if not isinstance(instructions, str):
            why = f"task `{task.problem_id}`: verification_info.judging_instructions must be a string"
            return Verdict.unscorable("task", why)
        return await (await judges.get(self.judge)).ask(
            SIMILARITY,
            question=task.prompt,
            reference=task.gold_standard_solution or "",
            candidate=completion.answer.strip(),
            instructions=instructions,
        )

    def gold_completion(self, task: Task) -> str | None:
        """The reference as it stands. No rule compares it: that it scores 1 is for the judge to say."""
        gold = task.gold_standard_solution
        return gold if gold is not None and gold.strip() else None

    async def aclose(self) -> None:
        await judges.aclose(self.judge)
