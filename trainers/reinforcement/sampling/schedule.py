"""Which task comes when: a function of the seed alone, so that a resumed run sees what an uninterrupted one sees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Pool = NDArray[np.int64]
"""Indices of tasks that are drawn from together."""


@dataclass(frozen=True, slots=True)
class Phase:
    """Up to rollout ``until`` (not included), tasks come from ``pools`` with these ``weights``."""

    until: int
    pools: tuple[Pool, ...]
    weights: tuple[float, ...]
    sources: tuple[int, ...] = ()
    """Which source each pool is of, the same in all phases; empty = of its place."""

    def source(self, place: int) -> int:
        """Of the pool at that place."""
        return self.sources[place] if self.sources else place


@dataclass(frozen=True)
class PromptSchedule:
    """The order in which tasks are learned from, and the sampler that TRL draws from.

    Within a pool every task comes once before any comes twice: epoch ``e`` of a pool is a permutation that is a
    function of (seed, phase, pool, e). TRL's own sampler keeps a generator that a restart rewinds, so that a run
    resumed after its first epoch replays the wrong prompts; this one has no state.

    Iterating gives one index a completion, in TRL's order: for every rollout the distinct tasks, each repeated
    ``group_size`` times, the whole repeated ``repeats`` times (once for every slice of the rollout that is consumed).
    """

    seed: int
    phases: tuple[Phase, ...]
    rollouts: int
    prompts_per_rollout: int
    group_size: int
    repeats: int

    def __len__(self) -> int:
        return self.rollouts * self.prompts_per_rollout * self.group_size * self.repeats

    def __iter__(self) -> Iterator[int]:
        for tasks in self.by_rollout():
            grouped = [task for task in tasks for _ in range(self.group_size)]
            for _ in range(self.repeats):
                yield from grouped

    def by_rollout(self) -> Iterator[list[int]]:
        """The distinct tasks of every rollout, in order."""
        start = 0
        for number, phase in enumerate(self.phases):
            draws = np.random.default_rng([self.seed, number, 1])
            orders = [_epochs(pool, (self.seed, number, place)) for place, pool in enumerate(phase.pools)]
            for _ in range(start, phase.until):
                places = np.zeros(self.prompts_per_rollout, dtype=np.int64)
                if len(orders) > 1:
                    places = draws.choice(len(orders), size=self.prompts_per_rollout, p=phase.weights)
                yield [next(orders[place]) for place in places]
            start = phase.until


def permuted(pool: Pool, key: Sequence[int], epoch: int) -> Pool:
    """The order of ``pool`` in one epoch: a function of the key and the epoch."""
    return pool[np.random.default_rng([*key, 2, epoch]).permutation(len(pool))]


def _epochs(pool: Pool, key: Sequence[int]) -> Iterator[int]:
    epoch = 0
    while True:
        yield from permuted(pool, key, epoch).tolist()
        epoch += 1
