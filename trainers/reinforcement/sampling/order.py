"""The order of tasks for samplings with a state: it can be asked for any number of further tasks, and goes on later."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from synthetic1.trainers.reinforcement.sampling.schedule import Phase, Pool, permuted


class Walk:
    """A pool, task by task: every one once before any twice. What it keeps is how far it is.

    Args:
        key: integers that the order is a function of.
    """

    def __init__(self, pool: Pool, key: Sequence[int]) -> None:
        self.pool, self.key = pool, tuple(key)
        self.drawn = 0
        self._known: tuple[int, Pool] | None = None

    def take(self, n: int) -> list[int]:
        """The next ``n`` tasks."""
        taken: list[int] = []
        while len(taken) < n:
            epoch, place = divmod(self.drawn, len(self.pool))
            if self._known is None or self._known[0] != epoch:
                self._known = epoch, permuted(self.pool, self.key, epoch)
            part = self._known[1][place : place + n - len(taken)].tolist()
            taken += part
            self.drawn += len(part)
        return taken


class SourceDraws:
    """Which source the next tasks come from, by weight. What it keeps is how many it has drawn."""

    def __init__(self, weights: Sequence[float], key: Sequence[int]) -> None:
        self.weights, self.key = tuple(weights), tuple(key)
        self.drawn = 0

    def take(self, n: int) -> list[int]:
        """The places of ``n`` sources among the weights."""
        if len(self.weights) == 1:
            return [0] * n
        draws = np.random.default_rng([*self.key, 1, self.drawn])
        self.drawn += n
        return [int(place) for place in draws.choice(len(self.weights), size=n, p=self.weights)]


class TaskOrder:
    """Tasks by source weight and phase; within a source every task comes once before any comes twice.

    As :class:`PromptSchedule`, of which it has the epochs, but for a caller that does not know how many tasks its next
    rollout will ask for.

    Args:
        phases: as of a ``PromptSchedule``; they begin and end with a rollout.
        stream: other streams of the same seed give other orders.
    """

    def __init__(self, seed: int, phases: Sequence[Phase], *, stream: int = 0) -> None:
        self.seed, self.phases, self.stream = seed, tuple(phases), stream
        self.rollout = 0
        self._begin(self._phase_of(0))

    def _begin(self, number: int) -> None:
        stream = (self.stream,) if self.stream else ()
        phase = self.phases[number]
        self._number = number
        self.phase = phase
        self.sources = SourceDraws(phase.weights, (self.seed, number, *stream))
        self.walks = [Walk(pool, (self.seed, number, place, *stream)) for place, pool in enumerate(phase.pools)]

    def take(self, n: int) -> list[int]:
        """The next ``n`` tasks."""
        return [self.walks[place].take(1)[0] for place in self.sources.take(n)]

    def next_rollout(self) -> None:
        """A rollout has ended; the next one may be of another phase."""
        self.rollout += 1
        number = self._phase_of(self.rollout)
        if number != self._number:
            self._begin(number)

    def _phase_of(self, rollout: int) -> int:
        last = len(self.phases) - 1
        return next((n for n, phase in enumerate(self.phases) if rollout < phase.until), last)

    def state(self) -> dict[str, Any]:
        return {
            "rollout": self.rollout,
            "phase": self._number,
            "sources_drawn": self.sources.drawn,
            "tasks_drawn": [walk.drawn for walk in self.walks],
        }

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a state. With another number of steps phases may end elsewhere: where the rollout is now of
        another phase than the state's, that one begins at its beginning."""
        self.rollout = state["rollout"]
        self._begin(self._phase_of(self.rollout))
        if state["phase"] != self._number:
            return
        self.sources.drawn = state["sources_drawn"]
        for walk, drawn in zip(self.walks, state["tasks_drawn"], strict=True):
            walk.drawn = drawn
