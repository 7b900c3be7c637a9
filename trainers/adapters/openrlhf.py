"""OpenRLHF: the reward function of ``--reward.remote_url FILE.py``, and the rows of its prompt data.

    from synthetic1.adapters.openrlhf import reward_func    # the whole of FILE.py

OpenRLHF has no place for a completion that could not be scored: it raises, or gets the number of ``make_reward_func``.
Over HTTP the same is done by ``synthetic1 serve``.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from synthetic1.adapters.scoring import (
    Unscorable,
    as_task,
    check_unscorable,
    numbers_of,
    reward_of,
    task_json,
    verdicts,
)
from synthetic1.extras import missing
from synthetic1.jobs.rendered_text import completion_behind, opens_thinking, rendered_completion
from synthetic1.task import Task

log = logging.getLogger(__name__)
RewardFunc = Callable[..., dict[str, Any]]


def make_reward_func(*, unscorable: Unscorable = "raise", thinking_open: bool | None = None) -> RewardFunc:
    """``reward_func`` with settings; it pickles.

    Args:
        unscorable: what a completion gets that could not be scored: ``raise``, or a number.
        thinking_open: prompts end inside ``<think>``; ``None``: as each rendered prompt says.

    Raises:
        ValueError: ``unscorable`` is neither.
    """
    return partial(reward_func, unscorable=check_unscorable(unscorable, can_mask=False), thinking_open=thinking_open)


def reward_func(
    queries: Sequence[str],
    prompts: Sequence[str],
    labels: Sequence[str],
    *,
    unscorable: Unscorable = "raise",
    thinking_open: bool | None = None,
) -> dict[str, Any]:
    """Rewards of completions; OpenRLHF calls it on threads of its own, with one at a time.

    What is raised here OpenRLHF swallows, goes on without a reward, and fails later: so it is logged as an error first.

    Args:
        queries: prompts and completions, decoded with special tokens.
        prompts: the prompts, rendered in the chat template.
        labels: tasks as JSON, as ``write_rows`` writes them.

    Returns:
        ``rewards`` and ``scores``, the same, which filter groups; ``extra_logs``: averages. Tensors of shape (n,).

    Raises:
        TaskError: a label is not a task.
        UnscorableError: a completion could not be scored.
        ValueError: a query does not contain its prompt.
    """
    try:
        import torch
    except ModuleNotFoundError as error:
        raise missing(error, "train") from None
    try:
        tasks = [as_task(label) for label in labels]
        completions = [
            rendered_completion(
                completion_behind(prompt, query),
                thinking_open=opens_thinking(prompt) if thinking_open is None else thinking_open,
            )
            for query, prompt in zip(queries, prompts, strict=True)
        ]
        found = verdicts(tasks, completions)
        rewards = [reward_of(task, verdict, unscorable) for task, verdict in zip(tasks, found, strict=True)]
    except Exception as error:
        log.error("no reward: %s", error)
        raise
    numbers = [numbers_of(verdict) for verdict in found]
    scores = torch.tensor(rewards, dtype=torch.float32)
    logs = {name: torch.tensor([row[name] for row in numbers]) for name in ("scorable", "correct", "no_answer")}
    return {"rewards": scores, "scores": scores.clone(), "extra_logs": logs}


def rows(tasks: Iterable[Task]) -> list[dict[str, Any]]:
    """A row a task, for ``--data.input_key input --data.label_key label --data.apply_chat_template``."""
    return [
        {
            "input": [{"role": "user", "content": task.prompt}],
            "label": task_json(task),
            "datasource": f"synthetic1/{task.task_type}",
        }
        for task in tasks
    ]


def write_rows(tasks: Iterable[Task], file: str | Path) -> int:
    """Write the tasks as JSON lines for ``--data.prompt_dataset``; returns their number."""
    made = rows(tasks)
    Path(file).write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in made), encoding="utf-8")
    return len(made)


__all__ = ["make_reward_func", "reward_func", "rows", "write_rows"]
