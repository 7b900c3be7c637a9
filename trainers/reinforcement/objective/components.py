"""A component of the reward: a named function of a completion, or of the completions of a group, beside correctness."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from numbers import Real
from typing import Any

from synthetic1.completion import Completion
from synthetic1.jobs.imports import import_modules
from synthetic1.jobs.program import ProgramError
from synthetic1.task import Task
from synthetic1.verdict import Verdict

CORRECTNESS = "correctness"
"""The component that is always there: the verdict's score."""
LARGEST = (2 - 2**-23) * 2.0**127
"""Of float32, in which TRL keeps rewards."""
OF_ONE = ("task", "completion", "verdict")
OF_GROUP = ("task", "completions", "verdicts")
"""The first arguments of a component's function: what they are called says whether it sees a completion or a group."""


@dataclass(frozen=True)
class RewardComponent:
    """One component. ``function`` is plain or asynchronous, and says a number or ``None`` for each completion.

    Raises:
        ValueError: it does not begin with the arguments of either kind.
    """

    name: str
    function: Callable[..., Any]
    where: str = "built in"
    """Of the function, for errors: ``my_module:my_reward``."""

    def __post_init__(self) -> None:
        if _arguments(self.function) not in (OF_ONE, OF_GROUP):
            raise ValueError(
                f"`{self.where}` must take ({', '.join(OF_ONE)}) for each completion, or ({', '.join(OF_GROUP)}) for a "
                f"group; it takes ({', '.join(_arguments(self.function)) or 'nothing'})"
            )

    @property
    def of_group(self) -> bool:
        return _arguments(self.function) == OF_GROUP

    async def values(
        self, task: Task, completions: Sequence[Completion], verdicts: Sequence[Verdict]
    ) -> list[float | None]:
        """Its value for each completion of a group of ``task``.

        Raises:
            ProgramError: the function raised, or said anything but numbers that float32 can hold and ``None``: a reward
                that is silently wrong would be learned from.
        """
        try:
            if self.of_group:
                made = await _awaited(self.function(task, list(completions), list(verdicts)))
                made = list(made)
            else:
                calls = [self.function(task, *pair) for pair in zip(completions, verdicts, strict=True)]
                made = list(await asyncio.gather(*map(_awaited, calls)))
        except Exception as error:
            why = " ".join(f"{type(error).__name__}: {error}".split())
            raise self._wrong(task, f"raised {why}") from error
        if len(made) != len(completions):
            raise self._wrong(task, f"said {len(made)} values for a group of {len(completions)} completions")
        return [self._number(task, value) for value in made]

    def _number(self, task: Task, value: Any) -> float | None:
        if value is None:
            return None
        real = isinstance(value, Real)
        if not real or value != value or value in (math.inf, -math.inf):
            raise self._wrong(task, f"said {value!r}, which is neither a finite number nor None")
        if abs(value) > LARGEST:
            raise self._wrong(task, f"said a number beyond {LARGEST:.3g}, the most that TRL's float32 can hold")
        return float(value)

    def _wrong(self, task: Task, what: str) -> ProgramError:
        return ProgramError(f"reward `{self.name}` ({self.where}), task `{task.problem_id}`: it {what}")


def load_function(where: str) -> Callable[..., Any]:
    """The function that ``module:function`` names, of a module that is installed or lies in the folder a person is in.

    Raises:
        ValueError: one line: another form, a module that cannot be imported, or nothing to call of that name in it.
    """
    module, _, name = where.partition(":")
    if not module or not name.isidentifier():
        raise ValueError(f"`{where}` does not name a function; write module:function, e.g. my_rewards:brevity")
    import_modules([module])
    loaded = importlib.import_module(module)
    function = getattr(loaded, name, None)
    if not callable(function):
        known = [other for other in vars(loaded) if callable(getattr(loaded, other))]
        meant = "".join(f"; did you mean `{module}:{near}`?" for near in get_close_matches(name, known, n=1))
        raise ValueError(f"`{module}` has no function `{name}`{meant}")
    return function  # type: ignore[no-any-return]


def _arguments(function: Callable[..., Any]) -> tuple[str, ...]:
    """The names of the arguments that a call has to give."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # of C
        return ()
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return tuple(p.name for p in parameters if p.default is inspect.Parameter.empty and p.kind not in variable)


async def _awaited(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value
