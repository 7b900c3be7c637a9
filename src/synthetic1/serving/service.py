"""What a reward server scores with: verifiers with its settings, tasks that may be named, one scorer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

from synthetic1.completion import Completion
from synthetic1.reports.readable import cut
from synthetic1.rewards.judging.judged_verifier import JudgedVerifier
from synthetic1.rewards.judging.settings import judge_settings
from synthetic1.rewards.registry import (
    UnknownTaskType,
    canonical_task_type,
    get_verifier,
    known_task_types,
    verifier_class,
)
from synthetic1.rewards.scoring.batch import OnVerdict
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.rewards.verifier import Verifier
from synthetic1.serving.inline_batches import InlineBatches
from synthetic1.serving.program_tests import TASK_TYPE as PROGRAM_TESTS
from synthetic1.serving.program_tests import ProgramTests
from synthetic1.serving.settings import ServingError, ServingSettings
from synthetic1.task import Task, TaskError
from synthetic1.tasks import TaskSource, open_tasks
from synthetic1.verdict import Verdict

FAMILY_TYPES = {
    "code": "verifiable_code",
    "code_understanding": "code_output_prediction",
    "math": "verifiable_math",
    "stem": "stem",
    "swe": "swe",
}
"""Family → the task type of its tasks. Other task types are families of their own."""
FAMILY_OF = {task_type: family for family, task_type in FAMILY_TYPES.items()}
SHOWN_NAME = 200  # characters of an unknown id in an error
LONG = 2**16  # characters of a column
FEW = 8  # pairs of a request that may cross with those of others

Scored = tuple[Task, Completion]


class UnknownTask(LookupError):
    """No task of the server has this id. One line."""


@dataclass(frozen=True)
class UnreadableTask:
    """A row that is not a task, though it has the shape of one."""

    task_type: str
    why: str


class RewardService:
    """Scores pairs with a server's settings. Belongs to one event loop.

    Raises:
        ServingError: tasks that cannot be opened, a family that does not exist, settings that a verifier refuses.
    """

    def __init__(self, settings: ServingSettings) -> None:
        self.settings = settings
        self.verifiers = _verifiers(settings)
        self.program_tests = ProgramTests(sandbox=settings.sandbox, slots=settings.slots)
        self.scorer = Scorer({**self.verifiers, PROGRAM_TESTS: self.program_tests})
        self._inline = InlineBatches(self.scorer)
        self._described: dict[str, dict[str, Any] | None] = {}
        try:
            self.tasks: TaskSource | None = open_tasks(list(settings.tasks)) if settings.tasks else None
        except (TaskError, ValueError) as error:
            raise ServingError(f"--tasks: {error}") from None

    @property
    def promised(self) -> tuple[str, ...]:
        """Task types that have to work, where the settings say so."""
        return tuple(self.verifiers) if self.settings.families else ()

    def read_task(self, row: Mapping[str, Any]) -> Task | UnreadableTask:
        """The task of a row, or of ``{"task_id": …}``.

        Raises:
            UnknownTask: no task has this id.
        """
        if len(row) == 1 and (name := row.get("task_id")) is not None:
            return self.named_task(name)
        try:
            return Task.from_row(_without_long_literals(row), where="task")
        except TaskError as error:
            return UnreadableTask(str(row.get("task_type")), str(error))

    def named_task(self, name: str) -> Task:
        """The task with this id.

        Raises:
            UnknownTask: there is none, or no task has a name here.
        """
        if self.tasks is None:
            raise UnknownTask("this server was started without --tasks: send the task's row instead of a task_id")
        try:
            return self.tasks.get(name)
        except KeyError as error:
            raise UnknownTask(f"task_id: {cut(str(error.args[0]), SHOWN_NAME)}") from None
        except TaskError as error:
            raise UnknownTask(f"task_id `{cut(name, SHOWN_NAME)}`: {error}") from None

    async def score(self, pairs: Sequence[tuple[Task | UnreadableTask, Completion]]) -> list[Verdict]:
        """The verdicts, in order; pairs that have none within the settings' time are ``unscorable_infra``.

        Cancelling it cancels the work.
        """
        verdicts: list[Verdict | None] = [self._without_work(task) for task, _ in pairs]
        places = [place for place, verdict in enumerate(verdicts) if verdict is None]
        todo: list[Scored] = [pairs[place] for place in places]  # type: ignore[misc]  # those are tasks
        if len(todo) <= FEW and all(self._is_inline(task.task_type) for task, _ in todo):  # these bound themselves
            for place, verdict in zip(places, await self._inline.score(todo), strict=True):
                verdicts[place] = verdict
        else:
            await self._score_for_long(todo, lambda index, verdict: verdicts.__setitem__(places[index], verdict))
            late = Verdict.unscorable(
                "infra", f"no verdict within {self.settings.timeout_s:g} s, the server's --timeout"
            )
            verdicts = [late if verdict is None else verdict for verdict in verdicts]
        return [verdict for verdict in verdicts if verdict is not None]

    async def _score_for_long(self, pairs: Sequence[Scored], on_verdict: OnVerdict) -> None:
        """Score what can be scored in the settings' time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self.settings.timeout_s):
                await self.scorer.score(pairs, on_verdict)

    def described(self, task_type: str) -> dict[str, Any] | None:
        """The verifier of a task type, for responses; ``None`` if there is none here."""
        if task_type not in self._described:
            verifier = self.verifiers.get(canonical_task_type(task_type))
            if verifier is None:
                return None  # what clients make up is not kept
            self._described[task_type] = {
                "task_type": canonical_task_type(task_type),
                "version": verifier.version,
                "key": verifier.key,
            }
        return self._described[task_type]

    def close(self) -> None:
        """Let go of sandboxes and clients."""
        self.scorer.close()

    def _without_work(self, task: Task | UnreadableTask) -> Verdict | None:
        if isinstance(task, UnreadableTask):
            return Verdict.unscorable("task", task.why)
        if canonical_task_type(task.task_type) not in self.verifiers:
            return Verdict.unscorable("task", f"no verifier for task type `{task.task_type:.60}` here; {self._known}")
        return None

    @cached_property
    def _known(self) -> str:
        return f"there are {', '.join(sorted(self.verifiers))}"

    def _is_inline(self, task_type: str) -> bool:
        return self.verifiers[canonical_task_type(task_type)].inline


def _without_long_literals(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """``row``, whose long texts are JSON: to read one as a literal of Python takes many times its size in memory.

    Raises:
        TaskError: one is not.
    """
    for name in ("verification_info", "metadata"):
        text = row.get(name)
        if isinstance(text, str) and len(text) > LONG:
            try:
                row = {**row, name: json.loads(text)}
            except (ValueError, RecursionError):
                raise TaskError(f"field `{name}` has more than {LONG:,} characters and is not JSON") from None
    return row


def task_type_of(family: str) -> str:
    """The task type of a family, or of a task type's own name.

    Raises:
        ServingError: there is no such family.
    """
    name = canonical_task_type(FAMILY_TYPES.get(family, family))
    if name not in known_task_types():
        known = ", ".join([*FAMILY_TYPES, *(each for each in known_task_types() if each not in FAMILY_OF)])
        raise ServingError(f"--families: there is no `{family}`; there are {known}")
    return name


def _verifiers(settings: ServingSettings) -> dict[str, Verifier]:
    """By task type, with the server's judge and sandbox."""
    try:
        judge = judge_settings(settings.judge)
    except ValueError as error:
        raise ServingError(str(error)) from None
    found: dict[str, Verifier] = {}
    for task_type in [task_type_of(family) for family in settings.families] or known_task_types():
        try:
            cls = verifier_class(task_type)
            names = {one.name for one in fields(cls)}  # type: ignore[arg-type]  # the registry takes dataclasses only
            given: dict[str, Any] = {}
            if issubclass(cls, JudgedVerifier):
                given["judge"] = judge
            if {"sandbox", "slots"} <= names:
                given |= {"sandbox": settings.sandbox, "slots": settings.slots}
            found[task_type] = get_verifier(task_type, **given)
        except (UnknownTaskType, TypeError, ValueError) as error:
            if settings.families:
                raise ServingError(f"`{task_type}`: {error}") from None
    return found
