"""TRL's ``GRPOTrainer``: a reward function, a data set, and an environment whose one tool takes the answer.

    tasks = open_tasks("embedded:math")
    GRPOTrainer(model, reward_funcs=reward_func(tokenizer), train_dataset=dataset(tasks))
    GRPOTrainer(model, environment_factory=SubmitEnvironment, train_dataset=dataset(tasks))

A completion that could not be scored is ``None``: TRL leaves it out of the group's baseline and gives it advantage 0.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

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
from synthetic1.extras import missing
from synthetic1.jobs.chat import decode, prompt_opens_thinking
from synthetic1.task import Task
from synthetic1.verdict import Verdict

if TYPE_CHECKING:
    import datasets

HOW_TO_SUBMIT = "\n\nGive your final answer, in the form asked for above, to the tool `submit`. Only that is read."


def dataset(tasks: Iterable[Task]) -> datasets.Dataset:
    """A row a task: ``prompt`` (one user message) and ``synthetic1_task``, which TRL passes on to rewards."""
    try:
        from datasets import Dataset
    except ModuleNotFoundError as error:
        raise missing(error, "data") from None

    return Dataset.from_list(
        [{"prompt": [{"role": "user", "content": task.prompt}], TASK_COLUMN: task_json(task)} for task in tasks]
    )


def reward_func(
    tokenizer: Any,
    *,
    thinking_open: bool | None = None,
    unscorable: Unscorable = "mask",
    end_ids: Sequence[int] = (),
) -> Callable[..., Any]:
    """A reward function for ``GRPOTrainer(reward_funcs=…)``: asynchronous, picklable, in metrics named ``verified``.

    It reads ``completion_ids``, not the text: that keeps special tokens such as ``<think>``, which TRL leaves out, and
    tells whether a completion ended by itself or was cut off.

    Args:
        tokenizer: the model's.
        thinking_open: prompts end inside ``<think>``; ``None``: as the tokenizer's chat template says.
        unscorable: what a completion gets that could not be scored: ``mask``, ``raise`` or a number.
        end_ids: ids that end a completion besides the tokenizer's own end and padding tokens, where
            ``model.generation_config.eos_token_id`` has several.

    Raises:
        ValueError: ``unscorable`` is none of these.
    """
    if thinking_open is None:
        thinking_open = bool(getattr(tokenizer, "chat_template", None)) and prompt_opens_thinking(tokenizer)
    return partial(
        verified,
        tokenizer=getattr(tokenizer, "tokenizer", tokenizer),  # a processor of images holds one
        thinking_open=thinking_open,
        unscorable=check_unscorable(unscorable, can_mask=True),
        end_ids=tuple(end_ids),
    )


async def verified(
    *,
    completion_ids: Sequence[Sequence[int]],
    tokenizer: Any,
    thinking_open: bool,
    unscorable: Unscorable,
    end_ids: tuple[int, ...] = (),
    log_metric: Callable[[str, float], None] | None = None,
    **columns: Any,
) -> list[float | None]:
    """What ``reward_func`` binds its settings to: TRL's reward signature, one reward in [0, 1] or ``None`` each.

    Raises:
        KeyError: the data set has no column ``synthetic1_task``.
        UnscorableError: a completion could not be scored, under ``unscorable="raise"``.
    """
    if TASK_COLUMN not in columns:
        raise KeyError(f"the data set has no column `{TASK_COLUMN}`: make it with synthetic1.adapters.trl.dataset")
    tasks = [as_task(row) for row in columns[TASK_COLUMN]]
    completions = [_decoded(tokenizer, list(ids), thinking_open, end_ids) for ids in completion_ids]
    found = await verdicts_async(tasks, completions)
    if log_metric is not None and found:  # each time, on every rank: TRL gathers them by name
        log_metric("verified/unscorable", sum(not verdict.scorable for verdict in found) / len(found))
        log_metric("verified/no_answer", sum(verdict.reason == "no_answer" for verdict in found) / len(found))
    return [reward_of(task, verdict, unscorable) for task, verdict in zip(tasks, found, strict=True)]


class SubmitEnvironment:
    """For ``GRPOTrainer(environment_factory=SubmitEnvironment)``: the model answers by calling the tool ``submit``.

    The first answer counts; a rollout without one gets 0. Every public method besides ``reset`` and ``get_reward``
    would be a tool, so there is no other one. Needs a chat template that can call tools.

    Args:
        unscorable: as in ``reward_func``; give it with ``functools.partial``.
    """

    def __init__(self, unscorable: Unscorable = "mask") -> None:
        self._unscorable = check_unscorable(unscorable, can_mask=True)
        self._task: Task | None = None
        self._verdicts: asyncio.Task[list[Verdict]] | None = None

    def reset(self, **row: Any) -> str:
        """Begin with another task; returns what TRL appends to the user's message."""
        self._task, self._verdicts = as_task(row), None
        return HOW_TO_SUBMIT

    async def submit(self, answer: str) -> str:
        """Submit the final answer. It can be submitted once.

        Args:
            answer: The final answer, in the form that the task asks for.

        Returns:
            Whether the answer was taken.
        """
        if self._task is None or self._verdicts is not None:
            return "An answer was submitted already; that one counts."
        # The whole argument is the answer: no tag in it opens a thought. TRL awaits one rollout's tools after the
        # other, and shows the model what they raise: so the verdict is only begun here.
        text = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False, default=str)
        completion = Completion(text, None, text, "stop")  # a model may send an object where its text was asked for
        self._verdicts = asyncio.create_task(verdicts_async([self._task], [completion]))
        return "The answer was submitted."

    async def get_reward(self) -> float | None:
        """The reward of the answer, ``None`` if it could not be scored, 0 if there is none.

        Raises:
            UnscorableError: the answer could not be scored, under ``unscorable="raise"``.
        """
        if self._task is None or self._verdicts is None:
            return 0.0
        return reward_of(self._task, (await self._verdicts)[0], self._unscorable)


def _decoded(tokenizer: Any, ids: list[int], thinking_open: bool, end_ids: tuple[int, ...]) -> Completion:
    while ids and ids[-1] in end_ids and len(ids) > 1 and ids[-2] in end_ids:
        ids.pop()
    if ids and ids[-1] in end_ids:
        ids[-1] = tokenizer.eos_token_id
    return decode(tokenizer, ids, thinking_open=thinking_open)


__all__ = ["HOW_TO_SUBMIT", "SubmitEnvironment", "dataset", "reward_func", "verified"]
