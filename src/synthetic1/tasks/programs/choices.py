"""Random choices, cheap enough for thousands of programs a second."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")
BLOCK = 256  # one numpy call for this many draws: a single draw from a Generator costs about as much as fifty here


class Choices:
    """Draws from a ``numpy.random.Generator`` in blocks. The sequence of choices is a function of the seed alone."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._draws: list[float] = []

    def uniform(self) -> float:
        if not self._draws:
            self._draws = self._rng.random(BLOCK).tolist()
        return self._draws.pop()

    def chance(self, probability: float) -> bool:
        return self.uniform() < probability

    def integer(self, low: int, high: int) -> int:
        """From ``low`` to ``high``, both included."""
        return low + int(self.uniform() * (high - low + 1))

    def pick(self, items: Sequence[T]) -> T:
        return items[int(self.uniform() * len(items))]

    def pick_other(self, items: Sequence[T], than: T) -> T:
        """One of ``items`` that is not ``than``; there must be one."""
        while (item := self.pick(items)) == than:
            pass
        return item
