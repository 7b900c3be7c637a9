"""``trainer.sampling=adaptive``: tasks come the more often, the more a group of completions is expected to teach."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthetic1.trainers.reinforcement.sampling.order import TaskOrder
from synthetic1.trainers.reinforcement.sampling.pass_rates import FadingCounts, expected_signal
from synthetic1.trainers.reinforcement.sampling.sampler import ScoredTask, TaskSampler
from synthetic1.trainers.reinforcement.sampling.schedule import Phase

CANDIDATES = 8  # looked at for each that is taken: more would hardly choose better, and read more tasks
# How many completions the next coarser estimate is worth: 0.5 for a source, its source for a kind, its kind for a task.
# A task's is low, since tasks of one kind differ.
SOURCE_PRIOR, KIND_PRIOR, TASK_PRIOR = 2.0, 8.0, 1.0
FOCUS = 4  # weights are expected signals to this power


class AdaptiveSampler(TaskSampler):
    """Draws tasks by how much they are expected to teach, from estimates of their pass rates.

    A task is mostly new when it comes, so its estimate is that of its kind (its level within its source), which is that
    of its source as far as nothing is known, and 0.5 at first (see ``TASK_PRIOR``). All estimates fade: the model gets
    better.

    Of every source (they keep their weights) a share ``explore`` of the tasks is taken in the source's order, whatever
    is known of them. The others are drawn without replacement, by :func:`expected_signal` to the fourth power, from
    candidates: the next tasks of another order, eight times as many as are drawn; a rollout reads no more tasks. (With
    simulated learners of six levels, groups teach 1.2 to 1.7 times as much as those of ``uniform`` then, and 1.1 to
    1.35 times at the first power; other measures than the expected signal made no difference.)

    Nobody starves. A candidate that is not taken is one again in the next epoch; and however hopeless or solved, every
    task comes once before any comes twice among those taken in order, which is after at most
    ``tasks / (explore * taken a rollout)`` rollouts.

    Args:
        kind_of: a name that tasks of about the same difficulty have in common.
        group: completions a task.
        explore: see above; in (0, 1].
        half_life: rollouts after which what a completion said counts half.
    """

    name = "adaptive"

    def __init__(
        self,
        seed: int,
        phases: Sequence[Phase],
        *,
        kind_of: Callable[[int], str],
        group: int,
        explore: float,
        half_life: float,
    ) -> None:
        self.seed, self.kind_of, self.group, self.explore = seed, kind_of, group, explore
        self.order = TaskOrder(seed, phases)
        self.candidates = TaskOrder(seed, phases, stream=1)
        self.rates = FadingCounts(half_life)
        self.taken: Counter[int] = Counter()
        self.draws = 0
        self._source_of: dict[int, int] = {}
        self._estimates: list[float] = []

    def choose(self, n: int) -> list[int]:
        places = self.order.sources.take(n)
        chosen = {place: iter(self._of_source(place, count)) for place, count in sorted(Counter(places).items())}
        tasks = [next(chosen[place]) for place in places]
        sources = [self.order.phase.source(place) for place in places]
        self._estimates = [float(rate) for rate in self._rates(tasks, sources)]
        self._source_of |= dict(zip(tasks, sources, strict=True))
        return tasks

    def _of_source(self, place: int, n: int) -> list[int]:
        source = self.order.phase.source(place)
        before = self.taken[source]
        self.taken[source] += n
        in_order = int(self.explore * (before + n)) - int(self.explore * before)
        tasks = self.order.walks[place].take(in_order)
        walk = self.candidates.walks[place]
        seen = walk.take(min(CANDIDATES * (n - in_order), len(walk.pool)))
        candidates = [task for task in dict.fromkeys(seen) if task not in tasks]
        passing, failing = self._counts(candidates, [source] * len(candidates))
        weights = expected_signal(passing, failing, self.group) ** FOCUS
        # The largest of log weight + Gumbel noise: a draw without replacement by weight (Kool et al. 2019,
        # arXiv:1903.06059).
        noise = np.random.default_rng([self.seed, 5, self.draws]).gumbel(size=len(candidates))
        self.draws += 1
        best = np.argsort(-(np.log(weights + 1e-12) + noise), kind="stable")[: n - in_order]
        tasks += [candidates[i] for i in best]
        return tasks + self.order.walks[place].take(n - len(tasks))  # of a source with fewer tasks than are wanted

    def _counts(self, tasks: Sequence[int], sources: Sequence[int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Pseudo-counts of passing and failing completions of each task."""
        passing, failing = np.zeros(len(tasks)), np.zeros(len(tasks))
        for i, (task, source) in enumerate(zip(tasks, sources, strict=True)):
            whole = _mean(self.rates.of(f"{source}"), 0.5, SOURCE_PRIOR)
            kind = _mean(self.rates.of(f"{source}/{self.kind_of(task)}"), whole, KIND_PRIOR)
            passes, completions = self.rates.of(f"task {task}")
            passing[i] = passes + TASK_PRIOR * kind
            failing[i] = completions - passes + TASK_PRIOR * (1.0 - kind)
        return passing, failing

    def _rates(self, tasks: Sequence[int], sources: Sequence[int]) -> NDArray[np.float64]:
        passing, failing = self._counts(tasks, sources)
        return np.asarray(passing / (passing + failing))

    def learn(self, scored: Iterable[ScoredTask]) -> None:
        for task, score in scored:
            source = self._source_of[task]
            if score is not None:
                for name in (f"{source}", f"{source}/{self.kind_of(task)}", f"task {task}"):
                    self.rates.add(name, score)
        self.rates.next_rollout()
        self.order.next_rollout()
        self.candidates.next_rollout()
        self._source_of = {}

    def measures(self) -> dict[str, Any]:
        return {"estimated_pass_rate": sum(self._estimates) / len(self._estimates) if self._estimates else None}

    def state(self) -> dict[str, Any]:
        return {
            "order": self.order.state(),
            "candidates": self.candidates.state(),
            "rates": self.rates.state(),
            "taken": {str(source): count for source, count in self.taken.items()},
            "draws": self.draws,
        }

    def load(self, state: dict[str, Any]) -> None:
        self.order.load(state["order"])
        self.candidates.load(state["candidates"])
        self.rates.load(state["rates"])
        self.taken = Counter({int(source): count for source, count in state["taken"].items()})
        self.draws = state["draws"]


def _mean(counts: tuple[float, float], prior: float, worth: float) -> float:
    """A pass rate from passes and completions, where ``prior`` counts as much as ``worth`` completions."""
    passes, completions = counts
    return (passes + worth * prior) / (completions + worth)
