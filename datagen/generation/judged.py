"""The judge in generation: nothing is kept on the word of one whose error rates are unknown or too high."""

from __future__ import annotations

import json

from synthetic1.datagen.journal.writer import Journal
from synthetic1.jobs.judge_settings import JudgeSection, task_types
from synthetic1.jobs.program import ProgramError
from synthetic1.rewards.judging.trust import Trust, UntrustedJudge, examine
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.tasks.sources.source import TaskSource

CHECKED_TASKS = 256  # of each source
CALIBRATION = "judge_calibration"


async def trusted(source: TaskSource, scorer: Scorer, judge: JudgeSection) -> tuple[Trust, ...]:
    """What is known of the judges that these tasks need; empty if they need none.

    Raises:
        ProgramError: a judge that does not answer, or that is not to be trusted and was not allowed all the same.
    """
    return await trusted_for(task_types(source, CHECKED_TASKS), scorer, judge)


async def trusted_for(task_types: set[str], scorer: Scorer, judge: JudgeSection) -> tuple[Trust, ...]:
    """As ``trusted``, where the task types are known."""
    verifiers = [scorer.verifier(name) for name in sorted(task_types)]
    allowed = judge.allow_uncalibrated
    try:
        return await examine(verifiers, task_types, judge.thresholds, allow_uncalibrated=allowed)
    except UntrustedJudge as error:
        raise ProgramError(str(error)) from None


def record(journal: Journal, judges: tuple[Trust, ...]) -> None:
    """Keep what is known of the judges beside their verdicts; manifests and cards quote it."""
    if not judges:
        return
    known = json.loads(journal.meta(CALIBRATION) or "{}")
    for trust in judges:
        known[f"{trust.task_type} {trust.model or 'without a judge'}"] = {**trust.summary(), "rates": str(trust)}
    journal.set_meta(CALIBRATION, json.dumps(known, sort_keys=True))
