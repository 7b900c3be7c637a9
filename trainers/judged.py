"""Judged families in training: the judge reaches their environments, and is trusted only as far as it was measured."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

from synthetic1.program import ProgramError
from synthetic1.rewards.judging.trust import Trust, UntrustedJudge, examine
from synthetic1.trainers.problems import CHECKED_TASKS, Problems
from synthetic1.trainers.settings import EnvSettings, JudgeSection


def with_judge(env: EnvSettings, judge: JudgeSection) -> EnvSettings:
    """``env`` with the argument ``judge`` for every judged environment in it, unless it has one of its own."""
    if judge.argument is None:
        return env
    if env.id is not None:
        return EnvSettings.model_validate({"id": env.id, **_judged(env.id, env.kwargs, judge)})
    parts = {name: _judged(part["id"], part, judge) for name, part in (env.mixture or {}).items()}
    return EnvSettings(mixture=parts)


def trusted(problems: Problems, judge: JudgeSection) -> tuple[Trust, ...]:
    """What is known of the judges that these problems need; empty if they need none.

    Raises:
        ProgramError: a judge that does not answer, or that is not to be trusted and was not allowed all the same.
    """
    step = -(-len(problems.tasks) // CHECKED_TASKS) or 1
    task_types = {problems.tasks[index].task_type for index in range(0, len(problems.tasks), step)}
    verifiers = [problems.scorer.verifier(name) for name in sorted(task_types)]
    allowed = judge.allow_uncalibrated
    try:
        return asyncio.run(examine(verifiers, task_types, judge.thresholds, allow_uncalibrated=allowed))
    except UntrustedJudge as error:
        raise ProgramError(str(error)) from None


def _judged(env_id: str, kwargs: dict[str, Any], judge: JudgeSection) -> dict[str, Any]:
    if kwargs.get("judge") is not None or not takes_judge(env_id):
        return kwargs
    return {**kwargs, "judge": judge.argument}


def takes_judge(env_id: str) -> bool:
    """Whether an environment has an argument ``judge``; an id that nobody registered has none."""
    import gymnasium
    from gymnasium.envs.registration import load_env_creator

    import synthetic1  # noqa: F401  registers the environments

    try:
        entry_point = gymnasium.spec(env_id).entry_point
    except gymnasium.error.Error:
        return False  # `gym.make` says what is wrong with it
    creator: Any = load_env_creator(entry_point) if isinstance(entry_point, str) else entry_point
    return "judge" in inspect.signature(creator).parameters
