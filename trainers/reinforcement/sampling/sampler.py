"""What chooses the tasks of a rollout at the moment it begins, and remembers what it has to."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

from synthetic1.jobs.program import ProgramError
from synthetic1.trainers.reinforcement.sampling.order import TaskOrder

FILE = "sampling.json"
"""Of a checkpoint: the state of its run's sampler."""

ScoredTask = tuple[int, float | None]
"""A task, and the score of one completion of it."""


class TaskSampler(ABC):
    """Chooses tasks; of several processes each has one, and all of them are told the same, so that they agree.

    What it does is a function of its arguments and its state. The state is JSON, from which a sampler made with the
    same arguments goes on as this one would have: every random draw is keyed by a count that the state holds.
    """

    name: ClassVar[str]

    @abstractmethod
    def choose(self, n: int) -> list[int]:
        """The next ``n`` tasks. A rollout may ask several times."""

    @abstractmethod
    def learn(self, scored: Iterable[ScoredTask]) -> None:
        """A rollout has ended with these completions; ``None`` (a failure of ours) says nothing of a task."""

    @abstractmethod
    def state(self) -> dict[str, Any]: ...

    @abstractmethod
    def load(self, state: dict[str, Any]) -> None: ...

    def measures(self) -> dict[str, Any]:
        """What ``metrics.jsonl`` shows of it, of the rollout that was chosen last."""
        return {}

    def save(self, checkpoint: Path) -> None:
        """Write the state into a checkpoint's folder.

        Raises:
            OSError: it cannot be written.
        """
        (checkpoint / FILE).write_text(json.dumps({"sampling": self.name, **self.state()}))

    def restore(self, checkpoint: Path) -> None:
        """Go on from the state in a checkpoint's folder.

        Raises:
            ProgramError: there is none, or it is not of this sampling.
        """
        try:
            state = json.loads((checkpoint / FILE).read_text())
            if state.pop("sampling") != self.name:
                raise ValueError("it is of another sampling")
            self.load(state)
        except (OSError, ValueError, KeyError, TypeError) as error:
            why = "there is no such file" if isinstance(error, FileNotFoundError) else " ".join(str(error).split())
            raise ProgramError(
                f"{checkpoint / FILE}: trainer.sampling={self.name} cannot go on without its state: {why}; start anew "
                "with another run_name="
            ) from error


class InOrder(TaskSampler):
    """``dynamic``: tasks in their order, as many as it takes to fill a batch."""

    name = "dynamic"

    def __init__(self, order: TaskOrder) -> None:
        self.order = order

    def choose(self, n: int) -> list[int]:
        return self.order.take(n)

    def learn(self, scored: Iterable[ScoredTask]) -> None:
        self.order.next_rollout()

    def state(self) -> dict[str, Any]:
        return {"order": self.order.state()}

    def load(self, state: dict[str, Any]) -> None:
        self.order.load(state["order"])
