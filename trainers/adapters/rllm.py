"""rLLM: a reward function for its environments and ``AgentTrainer``.

    from synthetic1.adapters.rllm import reward_func, rows
    DatasetRegistry.register_dataset("synthetic1_math", rows(open_tasks("embedded:math")), "train")
    AgentTrainer(…, env_args={"reward_fn": reward_func})

rLLM has no place for a completion that could not be scored: it raises, or gets the number of ``make_reward_func``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

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
from synthetic1.task import Task


def reward_func(
    task_info: Mapping[str, Any], action: Any, *, unscorable: Unscorable = "raise", thinking_open: bool = False
) -> Any:
    """rLLM's ``RewardFunction``: a ``rllm.rewards.reward_types.RewardOutput``.

    Args:
        task_info: the row of the data set, with ``synthetic1_task``; ``finish_reason`` where an environment adds it.
        action: the completion, or an ``Action`` that holds it.
        unscorable: what a completion gets that could not be scored: ``raise``, or a number.
        thinking_open: prompts end inside ``<think>``.

    Raises:
        TaskError: the row has no task.
        UnscorableError: the completion could not be scored.
    """
    from rllm.rewards.reward_types import RewardOutput  # type: ignore[import-not-found]

    text = getattr(action, "action", action)
    task = as_task(task_info)
    reasons = [task_info.get("finish_reason")]
    verdict = verdicts([task], [text or ""], finish_reasons=reasons, thinking_open=thinking_open)[0]
    reward = reward_of(task, verdict, check_unscorable(unscorable, can_mask=False))
    details = {**numbers_of(verdict), "reason": verdict.reason}
    return RewardOutput(reward=reward, metadata=details, is_correct=verdict.score == 1.0)


def make_reward_func(*, unscorable: Unscorable = "raise", thinking_open: bool = False) -> Callable[..., Any]:
    """``reward_func`` with settings; it pickles.

    Raises:
        ValueError: ``unscorable`` is neither ``raise`` nor a number.
    """
    return partial(reward_func, unscorable=check_unscorable(unscorable, can_mask=False), thinking_open=thinking_open)


def rows(tasks: Iterable[Task]) -> list[dict[str, Any]]:
    """A row a task: ``question``, ``data_source``, ``uid`` and ``synthetic1_task``, the task as JSON."""
    return [
        {
            "question": task.prompt,
            "data_source": f"synthetic1/{task.task_type}",
            "uid": task.key,
            TASK_COLUMN: task_json(task),
        }
        for task in tasks
    ]


__all__ = ["make_reward_func", "reward_func", "rows"]
