"""The judge in training: trusted only as far as it was measured."""

from __future__ import annotations

import asyncio

from synthetic1.jobs.judge_settings import JudgeSection, task_types, with_judge
from synthetic1.jobs.program import ProgramError
from synthetic1.rewards.judging.trust import Trust, UntrustedJudge, examine
from synthetic1.trainers.reinforcement.problems import CHECKED_TASKS, Problems

__all__ = ["trusted", "with_judge"]


def trusted(problems: Problems, judge: JudgeSection) -> tuple[Trust, ...]:
    """What is known of the judges that these problems need; empty if they need none.

    Raises:
        ProgramError: a judge that does not answer, or that is not to be trusted and was not allowed all the same.
    """
    occurring = task_types(problems.tasks, CHECKED_TASKS)
    verifiers = [problems.scorer.verifier(name) for name in sorted(occurring)]
    allowed = judge.allow_uncalibrated
    try:
        return asyncio.run(examine(verifiers, occurring, judge.thresholds, allow_uncalibrated=allowed))
    except UntrustedJudge as error:
        raise ProgramError(str(error)) from None
