"""SkyRL: every family as an environment of skyrl-gym, ``synthetic1/math`` …, and the rows of its data sets.

In SkyRL's entry point, inside the Ray task, before the trainer is made::

    from synthetic1.adapters.skyrl import register

    register(unscorable=0.0)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from synthetic1.adapters.environment import environment
from synthetic1.adapters.environment import families as all_families
from synthetic1.adapters.scoring import (
    TASK_COLUMN,
    Unscorable,
    as_task,
    check_unscorable,
    numbers_of,
    reward_of,
    task_json,
    verdicts,
)
from synthetic1.jobs.rendered_text import rendered_completion
from synthetic1.task import Task
from synthetic1.verdict import Verdict


def register(
    *,
    unscorable: Unscorable = "raise",
    options: Mapping[str, Mapping[str, Any]] | None = None,
    families: Iterable[str] | None = None,
    ends_written: bool = False,
) -> list[str]:
    """Register ``synthetic1/FAMILY`` with skyrl-gym; once more changes their settings. Returns the ids.

    Args:
        unscorable: SkyRL takes a number for every step and masks none: ``raise`` ends the run, a number is the reward.
        options: arguments of the environments by family: ``{"stem": {"judge": "http://…"}, "math":
            {"thinking_open": True}}``. Their scorers score; the tasks are those of the rows.
        families: names, or Gymnasium ids of families of your own, which keep their id.
        ends_written: SkyRL's sampling keeps end tokens in the text (``skip_special_tokens: false``): a completion
            without one was cut off. SkyRL says it in no other way.

    Raises:
        ValueError: no such ``unscorable``.
    """
    from skyrl_gym.envs import registration  # type: ignore[import-not-found]

    check_unscorable(unscorable, can_mask=False)
    ids = []
    for family in all_families() if families is None else families:
        own = dict((options or {}).get(family, {}))
        settings = {"family": family, "options": own, "unscorable": unscorable, "ends_written": ends_written}
        env_id = family if "/" in family else f"synthetic1/{family}"
        registration.registry.pop(env_id, None)
        registration.register(env_id, "synthetic1.adapters.skyrl:make_env", settings)
        ids.append(env_id)
    return ids


def make_env(**settings: Any) -> Any:
    """What skyrl-gym's ``make`` calls, once a rollout: a ``BaseTextEnv`` of one turn.

    Args:
        settings: those of ``register``; ``env_config``, which is not used; ``extras``, the other columns of the row.
    """
    return _env_class()(**settings)


@cache
def _env_class() -> type[Any]:
    from skyrl_gym.envs.base_text_env import BaseTextEnv, BaseTextEnvStepOutput  # type: ignore[import-not-found]

    class SkyRLFamilyEnv(BaseTextEnv):  # type: ignore[misc]
        def __init__(
            self,
            family: str,
            options: Mapping[str, Any],
            unscorable: Unscorable,
            ends_written: bool,
            env_config: Any = None,
            extras: Any = None,
        ) -> None:
            super().__init__()
            self._task = as_task(extras or {})
            self._env = environment(family, options)
            self._unscorable, self._ends_written = unscorable, ends_written
            self._verdict: Verdict | None = None

        def step(self, action: str) -> Any:
            """Score ``action`` and end the episode. SkyRL calls it in threads of its own, many at once."""
            completion = rendered_completion(
                action, thinking_open=self._env.thinking_open, ends_written=self._ends_written
            )
            self._verdict = verdicts([self._task], [completion], scorer=self._env.scorer)[0]
            reward = reward_of(self._task, self._verdict, self._unscorable)
            metadata = {"synthetic1": self._verdict.to_dict()}
            return BaseTextEnvStepOutput(observations=[], reward=reward, done=True, metadata=metadata)

        def get_metrics(self) -> dict[str, Any]:
            return numbers_of(self._verdict) if self._verdict is not None else {}

    return SkyRLFamilyEnv


def row_of(task: Task, family: str) -> dict[str, Any]:
    """A row of a SkyRL data set (``datasets.Dataset.from_list([…]).to_parquet(…)``); it holds the gold."""
    return {
        "data_source": task.source or f"synthetic1/{family}",
        "prompt": [{"role": "user", "content": task.prompt}],
        "env_class": family if "/" in family else f"synthetic1/{family}",
        "reward_spec": {"method": "rule", "ground_truth": ""},
        TASK_COLUMN: task_json(task),
    }
