"""A judge is trusted only as far as it was measured: what training and data generation ask before they begin."""

from __future__ import annotations

from collections.abc import Collection

from synthetic1.jobs.judge_settings import JudgeSection
from synthetic1.jobs.program import ProgramError
from synthetic1.rewards.judging.trust import Trust, UntrustedJudge, examine
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.tasks.sources.concatenation import Concatenation
from synthetic1.tasks.sources.source import TaskSource

LOOKED_AT = 256  # tasks of each source


def task_types(tasks: TaskSource, looked_at: int = LOOKED_AT) -> set[str]:
    """The task types that occur in ``tasks``, going by as many of each source in it, spread evenly.

    Of each: the science questions beside a million sums are judged, too, however few they are.
    """
    if isinstance(tasks, Concatenation):
        return {name for source in tasks.sources for name in task_types(source, looked_at)}
    step = -(-len(tasks) // looked_at) or 1
    return {tasks[index].task_type for index in range(0, len(tasks), step)}


async def trusted(types: Collection[str], scorer: Scorer, judge: JudgeSection) -> tuple[Trust, ...]:
    """What is known of the judges that these task types need; empty if they need none.

    Raises:
        ProgramError: a judge that does not answer, or that is not to be trusted and was not allowed all the same.
    """
    verifiers = [scorer.verifier(name) for name in sorted(types)]
    try:
        return await examine(verifiers, set(types), judge.thresholds, allow_uncalibrated=judge.allow_uncalibrated)
    except UntrustedJudge as error:
        raise ProgramError(str(error)) from None
