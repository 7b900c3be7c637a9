"""The frame of verifiers that ask a judge: its settings, the judge of the loop at work, and the question to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from synthetic1.rewards.judging.judge import Judge
from synthetic1.rewards.judging.rubrics import Rubric
from synthetic1.rewards.judging.settings import JudgeSettings
from synthetic1.rewards.scoring.per_loop import PerLoop
from synthetic1.rewards.verifier import Verifier
from synthetic1.verdict import Verdict

DEADLINE_S = 7_200.0
"""More than a server's outages, time-outs and attempts can add up to."""


@dataclass(frozen=True)
class JudgedVerifier(Verifier):
    """Decides by rules what it can, and asks a judge about the rest. A subclass says by which rubric.

    Nothing is trained on such a verifier before its judge was calibrated with the rubric: see ``judging.trust``.
    """

    deadline_s: ClassVar[float | None] = DEADLINE_S
    rubric: ClassVar[Rubric]
    """What the judge is asked, what it may answer, and the score that follows."""

    judge: JudgeSettings = field(default_factory=JudgeSettings)

    @property
    def concurrency(self) -> int:
        return self.judge.concurrency

    async def ask(self, *, question: str, reference: str, candidate: str, instructions: str = "") -> Verdict:
        """The judge's verdict, after the gate's: see ``Judge.ask``, which raises nothing."""
        judge = await judges.get(self.judge)
        return await judge.ask(
            self.rubric, question=question, reference=reference, candidate=candidate, instructions=instructions
        )

    async def aclose(self) -> None:
        await judges.aclose(self.judge)


@dataclass(frozen=True)
class AskedJudge:
    """The judge that a verifier asks, and what it asks it."""

    settings: JudgeSettings
    rubric: Rubric


def asked_judge(verifier: Verifier) -> AskedJudge | None:
    """The judge of a verifier, be it a ``JudgedVerifier`` or one that asks only if it is told to, as ``Math``; ``None``
    of one that asks none."""
    settings, rubric = getattr(verifier, "judge", None), getattr(verifier, "rubric", None)
    if not isinstance(settings, JudgeSettings) or not isinstance(rubric, Rubric):
        return None
    return AskedJudge(settings, rubric)


async def _open(settings: JudgeSettings) -> Judge:
    return Judge(settings)


judges: PerLoop[JudgeSettings, Judge] = PerLoop(_open)
"""The judges of verifiers: one client serves all with equal settings on a loop."""
