"""What adapters share: a row becomes a task, a text a completion, a verdict what a trainer takes."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, get_args

from synthetic1.completion import Completion
from synthetic1.rewards.scoring.default import default_scorer
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.task import TASK_FIELDS, Task, TaskError
from synthetic1.verdict import Verdict

TASK_COLUMN = "synthetic1_task"
"""The column that holds a whole task as JSON: trainers that pass on only one field can carry it."""
Unscorable = float | Literal["raise", "mask"]
"""What becomes of a completion that could not be scored through a failure of ours: a number instead of its reward,
``raise``, or ``mask`` where the trainer can leave a completion out. Never silently 0."""


class UnscorableError(RuntimeError):
    """A completion could not be scored through a failure of ours, and the adapter was told to raise."""

    user_error = True  # programs print the message alone

    def __init__(self, task: Task, verdict: Verdict) -> None:
        why = verdict.details.get("why") or verdict.reason
        super().__init__(
            f"task `{task.problem_id}` could not be scored ({verdict.reason}): {why}; mend that, or give the adapter "
            "`unscorable=` a number to reward such completions with"
        )
        self.task, self.verdict = task, verdict

    def __reduce__(self) -> tuple[type[UnscorableError], tuple[Task, Verdict]]:  # workers of pools send it home
        return UnscorableError, (self.task, self.verdict)


def as_task(row: Task | Mapping[str, Any] | str) -> Task:
    """The task in what a trainer hands over: a task, its columns, its JSON, or a row that holds one of these in
    ``synthetic1_task``.

    Raises:
        TaskError: nothing of that kind; the message says what was found.
    """
    if isinstance(row, Task):
        return row
    columns: Any = row
    if isinstance(row, str):
        try:
            columns = json.loads(row)
        except (ValueError, RecursionError):
            raise TaskError(f"a task as text is a JSON object with its columns; got {row[:60]!r}") from None
    if isinstance(columns, Mapping) and columns.get(TASK_COLUMN) is not None:
        return as_task(columns[TASK_COLUMN])
    return Task.from_row(columns)


def task_json(task: Task) -> str:
    """The task as one string of JSON, which ``as_task`` reads back to an equal task."""
    return json.dumps(task.to_dict(), ensure_ascii=False)


def as_completion(
    text: Completion | str, *, finish_reason: str | None = None, thinking_open: bool = False
) -> Completion:
    """What a model wrote, thought included.

    Args:
        finish_reason: ``length`` for a completion that was cut off: inside a thought it then has no answer.
        thinking_open: the prompt, as rendered for the model, ended inside ``<think>``.

    Raises:
        TypeError: not a text.
    """
    if isinstance(text, Completion):
        return text
    if not isinstance(text, str):
        raise TypeError(f"a completion is a text, got {type(text).__name__}")
    return Completion.parse(text, thinking_open=thinking_open, finish_reason=finish_reason)


def verdicts(
    tasks: Iterable[Task | Mapping[str, Any] | str],
    texts: Iterable[Completion | str],
    *,
    finish_reasons: Sequence[str | None] | None = None,
    thinking_open: bool = False,
    scorer: Scorer | None = None,
) -> list[Verdict]:
    """Verify many completions at once, in order; blocks. Callable from any thread or process, under a running loop too.

    Raises:
        TaskError: a row that is not a task.
        ValueError: the three are not of one length.
    """
    return (scorer or default_scorer()).score_sync(_pairs(tasks, texts, finish_reasons, thinking_open))


async def verdicts_async(
    tasks: Iterable[Task | Mapping[str, Any] | str],
    texts: Iterable[Completion | str],
    *,
    finish_reasons: Sequence[str | None] | None = None,
    thinking_open: bool = False,
    scorer: Scorer | None = None,
) -> list[Verdict]:
    """As ``verdicts``, without blocking the caller's event loop."""
    return await (scorer or default_scorer()).score(_pairs(tasks, texts, finish_reasons, thinking_open))


def check_unscorable(value: Unscorable, *, can_mask: bool) -> Unscorable:
    """The setting as it stands, if it is one.

    Args:
        can_mask: whether the trainer can leave a completion out.

    Raises:
        ValueError: anything else, with what would be right.
    """
    words = [word for word in get_args(get_args(Unscorable)[1]) if can_mask or word != "mask"]
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max
    if not is_number and value not in words:
        raise ValueError(f"unscorable must be a number or one of {', '.join(words)}; got {value!r:.60}")
    return value


def reward_of(task: Task, verdict: Verdict, unscorable: Unscorable) -> float | None:
    """The score; for an unscorable verdict what ``unscorable`` says, ``None`` for ``mask``.

    Raises:
        UnscorableError: it says ``raise``.
    """
    if verdict.score is not None:
        return verdict.score
    if unscorable == "raise":
        raise UnscorableError(task, verdict)
    return None if unscorable == "mask" else float(unscorable)


def numbers_of(verdict: Verdict) -> dict[str, float]:
    """What can be averaged, under the same keys for every family: ``score`` (-1 where there is none, so that nobody
    takes it for a wrong answer), ``scorable``, ``correct``, ``no_answer``."""
    return {
        "score": -1.0 if verdict.score is None else verdict.score,
        "scorable": float(verdict.scorable),
        "correct": float(verdict.score == 1.0),
        "no_answer": float(verdict.reason == "no_answer"),
    }


def _pairs(
    tasks: Iterable[Task | Mapping[str, Any] | str],
    texts: Iterable[Completion | str],
    finish_reasons: Sequence[str | None] | None,
    thinking_open: bool,
) -> list[tuple[Task, Completion]]:
    tasks, texts = list(tasks), list(texts)
    reasons = list(finish_reasons) if finish_reasons is not None else [None] * len(texts)
    if not len(tasks) == len(texts) == len(reasons):
        raise ValueError(
            f"one task and one finish reason a completion: got {len(tasks)} tasks, {len(texts)} completions, "
            f"{len(reasons)} finish reasons"
        )
    return [
        (as_task(task), as_completion(text, finish_reason=reason, thinking_open=thinking_open))
        for task, text, reason in zip(tasks, texts, reasons, strict=True)
    ]


__all__ = [
    "TASK_COLUMN",
    "TASK_FIELDS",
    "Unscorable",
    "UnscorableError",
    "as_completion",
    "as_task",
    "check_unscorable",
    "numbers_of",
    "reward_of",
    "task_json",
    "verdicts",
    "verdicts_async",
]
