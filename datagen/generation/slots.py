"""What is to be asked next: tasks of a source in a fixed order, and of each the rollouts that are not there yet.

Several processes that share a run walk the same order, and each asks the tasks that it gets a lease of. Those of others
are looked at once more at the end: who had them may have died, or have let go of them.
"""

from __future__ import annotations

import asyncio
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import accumulate, chain, islice
from time import monotonic
from weakref import WeakValueDictionary

import numpy as np

from synthetic1.datagen.generation.goal import Goal, Progress
from synthetic1.datagen.generation.reached import Reached
from synthetic1.datagen.journal.reader import Status
from synthetic1.datagen.journal.writer import Journal
from synthetic1.task import Task
from synthetic1.tasks.sources.mixture import Mixture
from synthetic1.tasks.sources.source import TaskSource

DRAWN_AT_ONCE = 1024
LOOKED_AT_ONCE = 512  # tasks of others
LOOK_S = 1.0  # between two looks at what others have not done
AWAY_S = 0.5  # between two questions whether the journal is back


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
) -> Iterator[RolloutSlot | float]:
    """All that is left to do, a task's rollouts side by side, lazily; or seconds to wait before the next is asked for.

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
    of_others = array("q")  # places and indexes, by turns

    def wanted_of(tasks: list[tuple[int, int, Task]], goal: Goal) -> Iterator[RolloutSlot | float]:
        """The slots of tasks: those this process may ask, as (place, index, task)."""
        at_once = journal.leased_at_once or max(1, len(tasks))
        for start in range(0, len(tasks), at_once):
            yield from _until_it_answers(journal)
            group, lost = tasks[start : start + at_once], journal.leases_lost
            mine = journal.lease([task.key for *_, task in group])
            known = journal.status(list(mine))  # after the look at what is under way: all else is in the journal
            for place, index, task in group:
                if task.key in mine and journal.leases_lost == lost:
                    yield from slots_of(task, place, known.get(task.key, {}), goal)
                else:
                    of_others.extend((place, index))

    def slots_of(task: Task, place: int, there: Mapping[int, Status], goal: Goal) -> Iterator[RolloutSlot]:
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

    while chunk := [(place, index, source[index]) for place, index in _first(order, lookahead)]:
        reached.hand_out([(place, task.key) for place, _, task in chunk])
        once = {one[2].key: one for one in reversed(chunk) if one[2].key not in under_way}
        yield from wanted_of(sorted(once.values(), key=lambda one: (-difficulty(one[2]), one[0])), reached.goal)
        yield 0.0  # many chunks may have nothing to ask: looking at them must not hold up what is under way
    goal = replace(reached.goal, continue_truncated=False)  # what others have cut off is for the next command, as ours
    took = 0.0
    while of_others:
        released = journal.keep_leases(list(under_way))  # who waits for what was done here need not wait any more
        yield from _until(monotonic() + max(LOOK_S, took))
        while not released.is_set():  # later it would let go of what is leased now, too
            journal.check()
            yield from _until(monotonic() + LOOK_S / 10)
        began = monotonic()
        before, of_others = of_others, array("q")
        for start in range(0, len(before), 2 * LOOKED_AT_ONCE):
            pairs = before[start : start + 2 * LOOKED_AT_ONCE]
            yield from _until_it_answers(journal)
            again = [(place, index, source[index]) for place, index in zip(pairs[::2], pairs[1::2], strict=True)]
            keys = [task.key for *_, task in again]
            known, free = journal.status(keys), journal.free(keys)
            left = [one for one in again if not goal.is_met(known.get(one[2].key, {}))]
            progress.found += (len(again) - len(left)) * goal.samples
            of_others.extend(chain.from_iterable(one[:2] for one in left if one[2].key not in free))
            once = {one[2].key: one for one in reversed(left) if one[2].key in free and one[2].key not in under_way}
            yield from wanted_of(list(once.values()), goal)
            yield 0.0
        took = monotonic() - began


def _until(moment: float) -> Iterator[float]:
    """Whoever asks for a slot before ``moment`` is told how long it is till then."""
    while (left := moment - monotonic()) > 0:
        yield left


def _until_it_answers(journal: Journal) -> Iterator[float]:
    while not journal.answers():
        yield from _until(monotonic() + AWAY_S)


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
