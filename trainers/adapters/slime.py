"""slime: the functions of ``--custom-rm-path`` and ``--custom-reward-post-process-path``, and rows of its prompt data.

    write_rows(open_tasks("embedded:math"), "train.jsonl")
    … --prompt-data train.jsonl --input-key prompt --label-key label --apply-chat-template \\
      --custom-rm-path synthetic1.adapters.slime.reward_func

A completion that could not be scored raises; with ``masked_reward_func`` it is left out of the loss, and with
``post_process_rewards`` of its group's baseline.
"""

from __future__ import annotations

import json
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from synthetic1.adapters.scoring import (
    TASK_COLUMN,
    Unscorable,
    as_task,
    check_unscorable,
    reward_of,
    task_json,
    verdicts_async,
)
from synthetic1.completion import Completion
from synthetic1.jobs.rendered_text import opens_thinking, rendered_completion
from synthetic1.task import Task

FINISH_REASONS = {"completed": "stop", "truncated": "length", "aborted": "abort"}
"""slime's ``Sample.Status`` → finish reason."""
POST_PROCESS = "synthetic1.adapters.slime.post_process_rewards"


async def reward_func(args: Any, sample: Any, *, unscorable: Unscorable = "raise", **_: Any) -> float | list[float]:
    """The reward of one sample, or of a list of them (``--group-rm``).

    Args:
        args: slime's arguments.
        sample: ``slime.utils.types.Sample``, whose ``label`` (or ``metadata["synthetic1_task"]``) is a task.
        unscorable: for functions of one's own around this one: ``raise``, ``mask`` or a number. A masked sample has
            ``remove_sample`` set, which takes it out of the loss.

    Raises:
        TaskError: a sample has no task.
        UnscorableError: a completion could not be scored.
        ValueError: ``unscorable`` is none of these, or ``mask`` without slime's ``custom_reward_post_process_path``.
    """
    check_unscorable(unscorable, can_mask=True)
    if unscorable == "mask" and not getattr(args, "custom_reward_post_process_path", None):
        raise ValueError(f"a masked sample would still count in its group's baseline: add {_OPTION}")
    samples = list(sample) if isinstance(sample, list | tuple) else [sample]
    tasks = [_task_of(one) for one in samples]
    found = await verdicts_async(tasks, [_completion_of(one) for one in samples])
    rewards = []
    for one, task, verdict in zip(samples, tasks, found, strict=True):
        reward = reward_of(task, verdict, unscorable)
        if reward is None:
            one.remove_sample = True
        rewards.append(0.0 if reward is None else reward)  # slime wants a number; nothing is made of this one
    return rewards if isinstance(sample, list | tuple) else rewards[0]


async def masked_reward_func(args: Any, sample: Any, **kwargs: Any) -> float | list[float]:
    """As ``reward_func``, leaving out what could not be scored: ``--custom-rm-path`` takes no settings."""
    return await reward_func(args, sample, **{**kwargs, "unscorable": "mask"})


def post_process_rewards(args: Any, samples: Sequence[Any], **_: Any) -> tuple[list[float], list[float]]:
    """slime's group normalisation (mean; standard deviation where ``args.grpo_std_normalization``) over the samples
    that are not removed.

    Returns:
        Raw and normalised rewards, in order. A removed sample's raw reward is its group's mean, so that no average of
        slime's moves, and its normalised reward 0.
    """
    groups: dict[Any, list[int]] = defaultdict(list)
    for place, one in enumerate(samples):
        group = getattr(one, "group_index", None)
        groups[place // args.n_samples_per_prompt if group is None else ("group", group)].append(place)
    raw, normalised = [0.0] * len(samples), [0.0] * len(samples)
    for places in groups.values():
        kept = {
            place: float(samples[place].get_reward_value(args)) for place in places if not _is_removed(samples[place])
        }
        mean = statistics.fmean(kept.values()) if kept else 0.0
        scale = 1.0
        if args.advantage_estimator in ("grpo", "gspo") and args.grpo_std_normalization and len(kept) > 1:
            scale = statistics.stdev(kept.values()) + 1e-6
        for place in places:
            raw[place] = kept.get(place, mean)
            normalised[place] = (raw[place] - mean) / scale
    return raw, normalised if args.rewards_normalization else list(raw)


def rows(tasks: Iterable[Task]) -> list[dict[str, Any]]:
    """A row a task: ``prompt`` (messages) and ``label`` (the task as JSON)."""
    return [{"prompt": [{"role": "user", "content": task.prompt}], "label": task_json(task)} for task in tasks]


def write_rows(tasks: Iterable[Task], file: str | Path) -> int:
    """Write the tasks as JSON lines for ``--prompt-data``; returns their number."""
    made = rows(tasks)
    Path(file).write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in made), encoding="utf-8")
    return len(made)


_OPTION = f"--custom-reward-post-process-path {POST_PROCESS}"


def _task_of(sample: Any) -> Task:
    metadata = sample.metadata if isinstance(sample.metadata, dict) else {}
    return as_task(metadata[TASK_COLUMN] if metadata.get(TASK_COLUMN) is not None else sample.label or "")


def _completion_of(sample: Any) -> Completion:
    status = getattr(sample.status, "value", sample.status)
    return rendered_completion(
        sample.response,
        finish_reason=FINISH_REASONS.get(status),
        thinking_open=opens_thinking(sample.prompt),
        ends_written=False,
    )


def _is_removed(sample: Any) -> bool:
    return bool(getattr(sample, "remove_sample", False))


__all__ = ["POST_PROCESS", "masked_reward_func", "post_process_rewards", "reward_func", "rows", "write_rows"]
