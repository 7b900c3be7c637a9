"""verl: the reward function, and the rows of its data sets.

    write_rows(open_tasks("embedded:math"), "train.parquet")
    python -m verl.trainer.main_ppo data.train_files=train.parquet \\
        reward.custom_reward_function.path=pkg://synthetic1.adapters.verl \\
        reward.custom_reward_function.name=compute_score_async …

verl has no place for a completion that could not be scored: it raises, or gets ``reward_kwargs.unscorable``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
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
    verdicts_async,
)
from synthetic1.extras import missing
from synthetic1.task import Task
from synthetic1.verdict import Verdict


def compute_score(
    data_source: str,
    solution_str: str,
    ground_truth: Any,
    extra_info: Mapping[str, Any] | None = None,
    *,
    unscorable: Unscorable = "raise",
    thinking_open: bool = False,
    **_: Any,
) -> dict[str, float]:
    """The reward of one completion, from any thread: ``score``, and under the same names for every family ``scorable``,
    ``correct`` and ``no_answer``, which verl averages by ``data_source``.

    The settings come from the configuration's ``reward.custom_reward_function.reward_kwargs``.

    Args:
        data_source: not read: the task says how it is scored.
        ground_truth: the task as JSON, as ``write_rows`` writes it; ``extra_info["synthetic1_task"]`` goes first.
        unscorable: what a completion gets that could not be scored: ``raise``, or a number.
        thinking_open: prompts end inside ``<think>``; ``extra_info["thinking_open"]`` goes first.

    Raises:
        TaskError: neither holds a task.
        UnscorableError: the completion could not be scored.
        ValueError: ``unscorable`` is neither.
    """
    task, settings = _read(ground_truth, extra_info, thinking_open)
    return _numbers(task, verdicts([task], [solution_str], **settings)[0], unscorable)


async def compute_score_async(
    data_source: str,
    solution_str: str,
    ground_truth: Any,
    extra_info: Mapping[str, Any] | None = None,
    *,
    unscorable: Unscorable = "raise",
    thinking_open: bool = False,
    **_: Any,
) -> dict[str, float]:
    """As ``compute_score``; verl then scores all completions of a batch at once, not one a thread."""
    task, settings = _read(ground_truth, extra_info, thinking_open)
    return _numbers(task, (await verdicts_async([task], [solution_str], **settings))[0], unscorable)


def rows(tasks: Iterable[Task], *, split: str = "train") -> list[dict[str, Any]]:
    """A row a task in verl's layout. ``ground_truth`` is the whole task as JSON: its column has one type in every data
    set, so that ours can be mixed with others."""
    return [
        {
            "data_source": f"synthetic1/{task.task_type}",
            "prompt": [{"role": "user", "content": task.prompt}],
            "ability": task.task_type,
            "reward_model": {"style": "rule", "ground_truth": task_json(task)},
            "extra_info": {"split": split, "index": index},
        }
        for index, task in enumerate(tasks)
    ]


def write_rows(tasks: Iterable[Task], file: str | Path, *, split: str = "train") -> int:
    """Write the tasks as a Parquet file for ``data.train_files`` or ``data.val_files``; returns their number."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ModuleNotFoundError as error:
        raise missing(error, "data") from None

    made = rows(tasks, split=split)
    pq.write_table(pa.Table.from_pylist(made), file)
    return len(made)


def _read(ground_truth: Any, extra_info: Mapping[str, Any] | None, thinking_open: bool) -> tuple[Task, dict[str, Any]]:
    extra = extra_info or {}
    task = as_task(extra if extra.get(TASK_COLUMN) is not None else ground_truth)
    finish_reason = extra.get("finish_reason")  # where a rollout of one's own has put it
    own = extra.get("thinking_open")  # null in the rows of data sets without it
    return task, {
        "thinking_open": thinking_open if own is None else bool(own),
        "finish_reasons": [finish_reason if isinstance(finish_reason, str) else None],
    }


def _numbers(task: Task, verdict: Verdict, unscorable: Unscorable) -> dict[str, float]:
    reward = reward_of(task, verdict, check_unscorable(unscorable, can_mask=False))
    assert reward is not None, "only a mask is None"
    return {**numbers_of(verdict), "score": reward}


__all__ = ["compute_score", "compute_score_async", "rows", "write_rows"]
