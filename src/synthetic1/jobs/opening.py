"""What trainers and data generation take from an environment: its tasks and its scorer."""

from __future__ import annotations

from typing import Any

from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.task import TaskError
from synthetic1.tasks.sources.source import TaskSource


def open_env(env_id: str, kwargs: dict[str, Any]) -> tuple[TaskSource, Scorer]:
    """The tasks and the scorer of ``gym.make(env_id, **kwargs)``; third parties' environments that hold both will do.

    Raises:
        ValueError: an unknown id or argument, or an environment without tasks or scorer.
        TaskError: tasks that cannot be read.
    """
    import gymnasium

    try:
        env = gymnasium.make(env_id, **kwargs).unwrapped
    except (gymnasium.error.Error, TypeError, ValueError) as error:
        if isinstance(error, TaskError):
            raise
        reason = " ".join(str(error).split()).partition(" was raised from the environment creator")[0]
        raise ValueError(f"env `{env_id}`: {reason}") from error
    if not hasattr(env, "tasks") or not hasattr(env, "scorer"):
        raise ValueError(f"env `{env_id}` is no synthetic1 environment: it holds no `tasks` and no `scorer`")
    return env.tasks, env.scorer
