"""How far a run has come, so that going on with it need not look at every task again.

The journal alone says what is there. But to ask it about a million tasks takes minutes, each has to be read and hashed
first, and nothing is asked of the server meanwhile. So it also keeps a position in the order of tasks before which
nothing is wanted any more, but for those listed: tasks of which a sample failed. It is taken from what is
on the disk, and believed only while the tasks before it are the same, by a digest of their keys, and the settings that
decide what is wanted, too. Otherwise, every task is looked at.
"""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import chain, islice

import numpy as np
from numpy.typing import NDArray

from synthetic1.datagen.generation.goal import Goal
from synthetic1.datagen.journal.writer import Journal
from synthetic1.tasks.sources.concatenation import Concatenation
from synthetic1.tasks.sources.source import Subset, TaskSource, key_head
from synthetic1.tasks.sources.stored import StoredTasks

META = "reached"
BEHIND = 4  # chunks of tasks handed out before the first of them is looked at again: by then most are done
AGAIN = 512  # of those that were not, looked at with each chunk once more
OPEN_MOST = 20_000  # tasks not done; with more, looking at everything is as good

Place = tuple[int, int]
"""A task's position in the order of the run, and its index in the source."""


class Reached:
    """Keeps the position, and takes it up again.

    Args:
        goal: says whether a task is done; a position kept under another goal is not believed.
    """

    def __init__(self, journal: Journal, goal: Goal) -> None:
        self.journal, self.goal = journal, goal
        self.terms = {**goal.terms, "judgings": journal.meta("judgings")}  # verified anew, it may be wanted once more
        self.skipped = 0
        """Tasks that ``skip`` passed over."""
        self._open: dict[int, str] = {}
        """Positions and keys of tasks not done, those looked at longest ago first; no key before it is handed out."""
        self._next = 0
        self._keys = hashlib.blake2b(digest_size=16)
        """Over the heads of the keys of all tasks before ``_next``."""
        self._handed: deque[tuple[list[tuple[int, str]], int, str]] = deque()

    def skip(self, source: TaskSource, order: Iterator[Place]) -> Iterator[Place]:
        """The order without the tasks that are done, as far as that is known; those left open come first."""
        kept = json.loads(self.journal.meta(META) or "null")
        if kept is None or kept["terms"] != self.terms:
            return order
        indices = np.fromiter((index for _, index in islice(order, kept["position"])), np.int64)
        keys = hashlib.blake2b(_heads(source, indices).astype(">u4").tobytes(), digest_size=16)
        if keys.hexdigest() != kept["keys"]:
            return chain(enumerate(map(int, indices)), order)
        self._open, self._next, self._keys = dict.fromkeys(kept["open"], ""), len(indices), keys
        self.skipped = len(indices) - len(self._open)
        return chain(((place, int(indices[place])) for place in sorted(self._open)), order)

    def hand_out(self, tasks: Sequence[tuple[int, str]]) -> None:
        """Positions and keys of the next tasks, in order; now and then, note how far those before them are."""
        for place, key in tasks:
            if place >= self._next:
                self._next = place + 1
                self._keys.update(bytes.fromhex(key[:8]))
        self._handed.append((list(tasks), self._next, self._keys.hexdigest()))
        if len(self._handed) > BEHIND:
            self._note(*self._handed.popleft())

    def _note(self, tasks: list[tuple[int, str]], position: int, keys: str) -> None:
        looked_at = dict(tasks) | {place: key for place, key in islice(self._open.items(), AGAIN) if key}
        found = self.journal.status(list(looked_at.values()))
        for place, key in looked_at.items():
            self._open.pop(place, None)
            if not self.goal.is_met(found.get(key, {})):
                self._open[place] = key
        if len(self._open) <= OPEN_MOST:
            kept = {"position": position, "keys": keys, "open": sorted(self._open), "terms": self.terms}
            self.journal.set_meta(META, json.dumps(kept))


def _heads(source: TaskSource, indices: NDArray[np.int64]) -> NDArray[np.uint32]:
    """``key_head`` of the tasks at ``indices``: from the index of a file, where there is one."""
    if isinstance(source, Concatenation):
        heads = np.empty(len(indices), np.uint32)
        start = 0
        for part in source.sources:
            here = (indices >= start) & (indices < start + len(part))
            heads[here] = _heads(part, indices[here] - start)
            start += len(part)
        return heads
    if isinstance(source, StoredTasks | Subset):
        found: NDArray[np.uint32] = source.key_heads()[indices]
        return found
    return np.fromiter((key_head(source[int(index)]) for index in indices), np.uint32, len(indices))
