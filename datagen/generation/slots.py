"""What is to be asked next: tasks of a source in a fixed order, and of each the rollouts that are not there yet."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import accumulate, islice
from weakref import WeakValueDictionary

import numpy as np

from synthetic1.datagen.generation.goal import Goal, Progress
from synthetic1.datagen.generation.reached import Reached
from synthetic1.datagen.journal.writer import Journal
from synthetic1.task import Task
from synthetic1.tasks.sources.mixture import Mixture
from synthetic1.tasks.sources.source import TaskSource

DRAWN_AT_ONCE = 1024


@dataclass(slots=True, eq=False, weakref_slot=True)
class TaskState:
    """A task under way."""

    task: Task
    position: int
    verified: int = 0
    calls: set[asyncio.Task[None]] = field(default_factory=set)
    """What is asked of it at the moment, where enough verified rollouts may end that."""
    recorded: bool = False
    enough: bool = False
    """``keep`` rollouts are verified: no more of it is asked."""

    def count_verified(self, goal: Goal) -> None:
        """One more rollout is verified; where that is enough, what is still asked is let go."""
        self.verified += 1
        if goal.is_enough(self.verified):
            self.enough = True
            for call in tuple(self.calls):
                call.cancel()


@dataclass(frozen=True, slots=True)
class RolloutSlot:
    """A rollout to ask for, or one that is there and has to be verified, or continued."""

    state: TaskState
    index: int
    """Its sample index."""
    there: bool = False


def positions(source: TaskSource, limit: int | None, seed: int) -> Iterator[int]:
    """Indexes of the source, each once: in its order; of a mixture by weight, until its parts are used up."""
    if not isinstance(source, Mixture):
        yield from range(min(len(source), limit or len(source)))
        return
    rng = np.random.default_rng([seed, 5])
    starts = np.concatenate([[0], np.cumsum([len(part) for part in source.sources])])
    taken = [0] * len(source.sources)
    left = [i for i, part in enumerate(source.sources) if len(part)]
    ends = list(accumulate(source.weights[i] for i in left))
    draws = (u for _ in iter(int, 1) for u in rng.random(DRAWN_AT_ONCE).tolist())
    for u in islice(draws, min(len(source), limit or len(source))):
        part = left[min(bisect_right(ends, u * ends[-1]), len(left) - 1)]
        yield int(starts[part]) + taken[part]
        taken[part] += 1
        if taken[part] == len(source.sources[part]):
            left.remove(part)
            ends = list(accumulate(source.weights[i] for i in left))


def slots(
    source: TaskSource,
    journal: Journal,
    reached: Reached,
    progress: Progress,
    *,
    limit: int | None,
    seed: int,
    lookahead: int,
) -> Iterator[RolloutSlot | None]:
    """All that is left to do, a task's rollouts side by side, lazily; ``None``: others may have a turn.

    Within ``lookahead`` tasks, those known to be hard come first: what takes longest must not begin last. A task that
    the source has twice is asked once.

    Args:
        reached: knows the goal, and which tasks need no look.
        progress: told what is there already.
    """
    goal = reached.goal
    order = reached.skip(source, enumerate(positions(source, limit, seed)))
    progress.found += reached.skipped * goal.samples
    under_way: WeakValueDictionary[str, TaskState] = WeakValueDictionary()  # until all asked of them is recorded
    while chunk := [(place, source[index]) for place, index in _first(order, lookahead)]:
        reached.hand_out([(place, task.key) for place, task in chunk])
        once = {task.key: (place, task) for place, task in reversed(chunk) if task.key not in under_way}
        known = journal.status(list(once))  # after the look at what is under way: all else is in the journal
        for place, task in sorted(once.values(), key=lambda item: (-difficulty(item[1]), item[0])):
            there = known.get(task.key, {})
            state = under_way[task.key] = TaskState(task, place, recorded=bool(there))
            wanted = []
            for index in range(goal.samples):
                if index in there:
                    progress.found += 1
                    if goal.is_verified(there[index].score) and not goal.is_continued(there[index]):
                        state.count_verified(goal)
                if index not in there or goal.is_unfinished(there[index]):
                    wanted.append(RolloutSlot(state, index, index in there))
            yield from wanted  # after all were looked at: what is verified already may be enough
        yield None  # many chunks may have nothing to ask: looking at them must not hold up what is under way


def difficulty(task: Task) -> float:
    """How long a task's answers are likely to be, where its source says so: ``level`` or ``difficulty``; else 0."""
    for name in ("level", "difficulty"):
        value = task.metadata.get(name)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            with suppress(OverflowError):  # a source of somebody else's may hold any integer
                return float(value)
    return 0.0


def _first(order: Iterator[tuple[int, int]], count: int) -> list[tuple[int, int]]:
    return list(islice(order, count))
