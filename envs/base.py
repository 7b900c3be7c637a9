"""The text environment: one prompt, one completion, one reward. A thin face over a task source and a scorer."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import gymnasium as gym
from gymnasium.error import ResetNeeded

from synthetic1.completion import Completion
from synthetic1.envs.spaces import TextSpace
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.task import Task
from synthetic1.tasks.sources.bad_rows import BadRows
from synthetic1.tasks.sources.source import TaskSource
from synthetic1.tasks.sources.spec import Spec, open_tasks
from synthetic1.verdict import Verdict

TaskSplit = Literal["train", "test", "all"]
OPTIONS = ("task_id", "task")


class TextEnv(gym.Env[str, str]):
    """One step an episode: ``reset`` returns a prompt, ``step`` takes a completion and returns its score as reward.

    ## Observation Space
    The prompt of a task; the empty string after the step. Any text (``TextSpace``).

    ## Action Space
    The completion, raw, thought included: what follows the last ``</think>`` is the answer.

    ## Rewards
    The verdict's score, in [0, 1]. A completion that could not be scored through a failure of ours gets 0.0 with
    ``truncated=True`` and ``info["status"] == "unscorable"``: leave it out, it says nothing about the model.

    ## Info
    Always the same keys: ``task_id``, ``task_type``, ``source``, ``level`` (0 if the task has none), ``status``
    (``open`` after reset, then ``scored`` or ``unscorable``), ``score`` (None unless scored), ``reason``, ``answer``
    (what was extracted). Never the gold, never a timing.

    ## Episode End
    After one step: terminated if scored, truncated if not.

    ## Starting State
    ``reset(seed=…)`` makes the draws of tasks repeatable. ``reset(options={"task_id": …})`` asks for a task of the
    source, ``reset(options={"task": row})`` for any other one; both take the same draw as a random task would, so
    later draws do not shift.

    Args:
        tasks: where prompts come from.
        scorer: what scores completions; ``close`` closes it.
        thinking_open: the prompt, as rendered for the model, ends inside ``<think>``: completions begin in a thought.

    Raises:
        ValueError: ``thinking_open`` is not a bool.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": []}  # type: ignore[misc]

    def __init__(self, tasks: TaskSource, scorer: Scorer | None = None, *, thinking_open: bool = False) -> None:
        if not isinstance(thinking_open, bool):  # "no" from a config would count as yes
            raise ValueError(f"thinking_open must be True or False, got {thinking_open!r:.60}")
        self.tasks = tasks
        self.scorer = scorer or Scorer()
        self.thinking_open = thinking_open
        self.observation_space = TextSpace()
        self.action_space = TextSpace()
        self._task: Task | None = None

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[str, dict[str, Any]]:
        """Begin an episode.

        Args:
            options: ``{"task_id": str}`` or ``{"task": a Task or a row of one}``; nothing else.

        Raises:
            ValueError: an unknown option, a task id the source does not have, or a row that is not a task. No episode
                is open then, and the generator is as it was.
        """
        self._task = None
        task = chosen_task(self.tasks, check_options(options))
        super().reset(seed=seed)
        u = self.np_random.random()  # the one draw of an episode, whether or not the task was asked for
        self._task = task if task is not None else self.tasks.pick(u)
        return self._task.prompt, open_info(self._task)

    def step(self, action: str) -> tuple[str, float, bool, bool, dict[str, Any]]:
        """Score the completion ``action`` and end the episode.

        Raises:
            TypeError: ``action`` is not a string.
            ResetNeeded: there is no episode, or it has had its step.
        """
        if self._task is None:
            raise ResetNeeded("an episode has one step: call reset() before step()")
        task, completion = self._task, parse_action(action, self.thinking_open)
        verdict = self.scorer.score_sync([(task, completion)])[0]
        self._task = None
        scored = verdict.score is not None
        return "", verdict.score or 0.0, scored, not scored, closed_info(task, verdict)

    def close(self) -> None:
        """Close the scorer. May be called twice."""
        self.scorer.close()


def stored_tasks(spec: Spec, scorer: Scorer, split: TaskSplit, bad_rows: BadRows | None, **more: Any) -> TaskSource:
    """The tasks that an environment was told, of which ``scorer`` knows who verifies them.

    Args:
        more: of ``open_tasks``.

    Raises:
        ValueError: as ``open_tasks``.
    """
    part = None if split == "all" else split
    return open_tasks(spec, split=part, bad_rows=bad_rows or "error", verifiable=scorer.verifier, **more)


def refuse_without_tasks(**given: Any) -> None:
    """Refuse what only rows in files have a use for, where no tasks are named.

    Raises:
        ValueError: one of the arguments is given.
    """
    for name, value in given.items():
        if value is not None:
            raise ValueError(f"{name} is about rows of files, and `tasks` names none: add tasks=FILE")


def split_of_generated(split: TaskSplit) -> Literal["train", "test"]:
    """``split``, where tasks are generated.

    Raises:
        ValueError: it is ``all``.
    """
    if split == "all":
        raise ValueError("split=all is for tasks in files: of generated ones there are as many as size=… says")
    return split


def refuse_with_tasks(env_class: type[TextEnv], **given: Any) -> None:
    """Refuse what only the generator of an environment has a use for, where its tasks are not generated.

    Args:
        given: arguments of ``env_class`` by name. A default counts as not given: configurations write all of them down.

    Raises:
        ValueError: an argument that is not its default.
    """
    parameters = inspect.signature(env_class).parameters
    for name, value in given.items():
        default = parameters[name].default
        if value is not default and not (isinstance(value, int | str) and value == default):
            raise ValueError(
                f"{name}={value!r:.60} is for generated tasks, and `tasks` names others: give one of both"
                f" (on a command line, ~env.{name} takes away what a configuration says)"
            )


def check_options(options: Mapping[str, Any] | None, known: tuple[str, ...] = OPTIONS) -> Mapping[str, Any]:
    """``options``, or ValueError for one that does not exist."""
    if options is not None and not isinstance(options, Mapping):
        raise ValueError(f"options must be a mapping, got {type(options).__name__}")
    for name in options or ():
        if name not in known:
            raise ValueError(f"unknown option {name!r}; reset takes {', '.join(known)}")
    return options or {}


def chosen_task(tasks: TaskSource, options: Mapping[str, Any]) -> Task | None:
    """The task that reset's ``options`` ask for, if any, or ValueError if they cannot be met."""
    task_id, row = options.get("task_id"), options.get("task")
    if task_id is not None and row is not None:
        raise ValueError("options has both `task_id` and `task`; give one")
    if task_id is not None:
        if not isinstance(task_id, str):
            shown = f"{type(task_id).__name__} {task_id!r:.60}"
            raise ValueError(f"options['task_id'] must be a task's problem_id, a string; got {shown}")
        try:
            return tasks.get(task_id)
        except KeyError as error:
            raise ValueError(f"options['task_id']: {error.args[0]}") from None
    if row is None or isinstance(row, Task):
        return row
    return Task.from_row(row, where="options['task']")


def parse_action(action: str, thinking_open: bool) -> Completion:
    """The completion in an action."""
    if not isinstance(action, str):
        raise TypeError(f"an action is the completion's text, a str; got {type(action).__name__}")
    return Completion.parse(action, thinking_open=thinking_open)


def task_level(task: Task) -> int:
    """The task's level as an integer of 64 bits always: vector environments hold it in an array of those."""
    level = task.metadata.get("level")
    return level if type(level) is int and -(2**63) <= level < 2**63 else 0


def open_info(task: Task) -> dict[str, Any]:
    """``info`` of a new episode."""
    return _info(task, "open", None, None, None, None)


def closed_info(task: Task, verdict: Verdict) -> dict[str, Any]:
    """``info`` of an episode that has ended."""
    status = "unscorable" if verdict.score is None else "scored"
    return _info(task, status, verdict.score, verdict.reason, why_of(verdict), verdict.answer)


def why_of(verdict: Verdict) -> str | None:
    """The reason in words, if the verdict has any: every failure of ours has."""
    why = verdict.details.get("why")
    return why if isinstance(why, str) else None


def _info(
    task: Task, status: str, score: float | None, reason: str | None, why: str | None, answer: str | None
) -> dict[str, Any]:
    return {
        "task_id": task.problem_id,
        "task_type": task.task_type,
        "source": task.source,
        "level": task_level(task),
        "status": status,
        "score": score,
        "reason": reason,
        "why": why,
        "answer": answer,
    }
