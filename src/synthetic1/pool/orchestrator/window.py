"""Tasks that may be lent out next, and whose they are: a node's are chosen by its key and the epoch, not by itself."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from synthetic1.task import Task

_NONE = np.iinfo(np.uint64).max


@dataclass(frozen=True, slots=True)
class WantedRollout:
    """One rollout that is wanted."""

    key: str
    """The rollout's, 32 hexadecimal digits."""
    task: Task
    sample: int
    position: int
    """Of the task in the run's order."""


class LendingWindow:
    """So many of the units that are wanted next.

    Args:
        units: all of them in the run's order, lazily; ``None`` where there is none at the moment.
        size: among how many a node's are chosen.
        epoch: the number of the present one.
    """

    def __init__(self, units: Iterator[WantedRollout | None], size: int, epoch: Callable[[], int]) -> None:
        self._units, self._epoch = units, epoch
        self._places: list[WantedRollout | None] = [None] * size
        self._hashes = np.full(size, _NONE, np.uint64)
        self._free = list(range(size - 1, -1, -1))
        self._back: list[WantedRollout] = []
        self._ended = False

    def __len__(self) -> int:
        return len(self._places) - len(self._free) + len(self._back)

    @property
    def is_exhausted(self) -> bool:
        """No unit is left here or to come; those lent out may still come back."""
        self.fill(1)
        return self._ended and not len(self)

    def give_back(self, unit: WantedRollout) -> None:
        """It is wanted again."""
        self._back.append(unit)

    def take(
        self, node: str, many: int, may: Callable[[WantedRollout], bool] = lambda unit: True
    ) -> list[WantedRollout]:
        """At most so many units for a node: of the window, those that are nearest to its key in this epoch.

        Args:
            may: whether the node may have a unit at all.
        """
        self.fill(len(self._back))
        if len(self._places) - len(self._free) < many:
            self.fill(len(self._places))
        there = len(self._places) - len(self._free)
        if not there:
            return []
        mixed = (self._hashes ^ np.uint64(_number(f"{node}:{self._epoch()}"))) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
        mixed[self._hashes == _NONE] = _NONE
        taken = []
        for place in np.argsort(mixed, kind="stable")[:there]:
            unit = self._places[place]
            if unit is not None and may(unit):
                self._places[place] = None
                self._hashes[place] = _NONE
                self._free.append(int(place))
                taken.append(unit)
                if len(taken) == many:
                    break
        return taken

    def fill(self, most: int) -> None:
        """Read at most so many more units of those that are wanted, if there is room: ahead of who asks for them."""
        for _ in range(min(most, len(self._free))):
            unit = self._back.pop() if self._back else self._next()
            if unit is None:
                return
            place = self._free.pop()
            self._places[place] = unit
            self._hashes[place] = np.uint64(min(_number(unit.key), int(_NONE) - 1))

    def _next(self) -> WantedRollout | None:
        if self._ended:
            return None
        try:
            return next(self._units)
        except StopIteration:
            self._ended = True
            return None


def _number(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
