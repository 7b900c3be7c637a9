"""``trainer.sampling=curriculum`` without phases: the next level comes when the one before is mastered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from synthetic1.trainers.reinforcement.sampling.order import SourceDraws, Walk
from synthetic1.trainers.reinforcement.sampling.pass_rates import FadingCounts
from synthetic1.trainers.reinforcement.sampling.sampler import ScoredTask, TaskSampler
from synthetic1.trainers.reinforcement.sampling.schedule import Pool

ENOUGH = 24  # completions of a level before its pass rate unlocks the next one


class LevelLadder(TaskSampler):
    """Levels in rising order, unlocked one by one; every source has a ladder of its own, and keeps its weight.

    The next level is unlocked when the pass rate of the highest unlocked one is above ``advance_at``, and ``ENOUGH``
    completions of it have been scored since it was: these are counted whole, while the rate is of counts that fade.
    Levels below it stay in, with a share of ``review`` together. Within a level every task comes once before any comes
    twice.

    Args:
        sources: of every source, its tasks by level.
        weights: of the sources; they sum to 1.
        half_life: rollouts after which what a completion said counts half.
    """

    name = "curriculum"

    def __init__(
        self,
        seed: int,
        sources: Sequence[Mapping[int, Pool]],
        weights: Sequence[float],
        *,
        advance_at: float,
        review: float,
        half_life: float,
    ) -> None:
        self.seed, self.advance_at, self.review = seed, advance_at, review
        self.sources = SourceDraws(weights, (seed, 0))
        self.levels = [sorted(by_level) for by_level in sources]
        self.walks = {
            (place, level): Walk(by_level[level], (seed, 0, place, rung))  # a level may be below 0, and is no key then
            for place, by_level in enumerate(sources)
            for rung, level in enumerate(self.levels[place])
        }
        self.unlocked = [0] * len(sources)
        """By source, the place of its highest unlocked level among its levels."""
        self.scored = [0] * len(sources)
        """By source, completions of that level since it was unlocked."""
        self.rates = FadingCounts(half_life)
        self.draws = 0
        self._rung_of: dict[int, tuple[int, int]] = {}

    def choose(self, n: int) -> list[int]:
        luck = np.random.default_rng([self.seed, 6, self.draws])
        self.draws += 1
        rungs = []
        for place in self.sources.take(n):
            top = self.unlocked[place]
            rung = int(luck.integers(top)) if top and luck.random() < self.review else top
            rungs.append((place, self.levels[place][rung]))
        tasks = [self.walks[rung].take(1)[0] for rung in rungs]
        self._rung_of |= dict(zip(tasks, rungs, strict=True))
        return tasks

    def learn(self, scored: Iterable[ScoredTask]) -> None:
        for task, score in scored:
            place, level = self._rung_of[task]
            if score is not None:
                self.rates.add(f"{place}/{level}", score)
                self.scored[place] += level == self.levels[place][self.unlocked[place]]
        for place, levels in enumerate(self.levels):
            passes, completions = self.rates.of(f"{place}/{levels[self.unlocked[place]]}")
            mastered = self.scored[place] >= ENOUGH and passes > self.advance_at * completions
            if mastered and self.unlocked[place] + 1 < len(levels):
                self.unlocked[place] += 1
                self.scored[place] = 0
        self.rates.next_rollout()
        self._rung_of = {}

    def measures(self) -> dict[str, Any]:
        return {"unlocked_level": max(levels[top] for levels, top in zip(self.levels, self.unlocked, strict=True))}

    def state(self) -> dict[str, Any]:
        return {
            "sources_drawn": self.sources.drawn,
            "tasks_drawn": {f"{place}/{level}": walk.drawn for (place, level), walk in self.walks.items()},
            "unlocked": [levels[top] for levels, top in zip(self.levels, self.unlocked, strict=True)],
            "scored": self.scored,
            "rates": self.rates.state(),
            "draws": self.draws,
        }

    def load(self, state: dict[str, Any]) -> None:
        self.sources.drawn = state["sources_drawn"]
        for (place, level), walk in self.walks.items():
            walk.drawn = state["tasks_drawn"][f"{place}/{level}"]
        self.unlocked = [levels.index(level) for levels, level in zip(self.levels, state["unlocked"], strict=True)]
        self.scored = list(state["scored"])
        self.rates.load(state["rates"])
        self.draws = state["draws"]
