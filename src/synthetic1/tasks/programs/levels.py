"""What each level means: how long the input is, how many steps, how deep they nest."""

from __future__ import annotations

import operator
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

MIN_LEVEL, MAX_LEVEL = 1, 10


@dataclass(frozen=True, slots=True)
class Level:
    """The settings of one level. Every one of them grows, or stays, from each level to the next."""

    input: Literal["word", "words", "sentence", "paragraph"]
    size: tuple[int, int]
    """Length of the input: characters of a word, words of anything longer; both ends included."""
    steps: tuple[int, int]
    """Blocks in the body of the main function; both ends included."""
    depth: int
    """How deep blocks stand in blocks (a loop with its own conditional is one block); 0 = straight lines only."""
    helpers: int
    """Helper functions at most."""


LEVELS: dict[int, Level] = {
    1: Level("word", (3, 5), (1, 1), 0, 0),
    2: Level("word", (3, 6), (2, 2), 0, 0),
    3: Level("word", (4, 7), (3, 3), 0, 0),
    4: Level("word", (5, 8), (3, 3), 1, 0),
    5: Level("words", (2, 3), (3, 4), 1, 0),
    6: Level("words", (3, 5), (3, 4), 2, 1),
    7: Level("sentence", (6, 10), (4, 5), 2, 1),
    8: Level("sentence", (8, 14), (4, 6), 3, 2),
    9: Level("paragraph", (20, 40), (5, 7), 3, 2),
    10: Level("paragraph", (40, 80), (6, 9), 3, 3),
}


HINT = f"levels are {MIN_LEVEL} to {MAX_LEVEL}, written 3, [1, 2], '1-3' or '1,4'"
RANGE = re.compile(r"\s*([0-9]{1,4})\s*(?:-\s*([0-9]{1,4})\s*)?")


def parse_levels(levels: int | str | Iterable[int]) -> tuple[int, ...]:
    """Levels as people write them: ``3``, ``"1-3"``, ``"1,4,7"`` or a sequence of integers; sorted, each once.

    Raises:
        ValueError: one line that says which levels there are.
    """
    numbers = _numbers(levels)
    if not numbers:
        raise ValueError(f"no level given; {HINT}")
    found = set()
    for number in numbers:
        level = _as_int(number)
        if level is None or not MIN_LEVEL <= level <= MAX_LEVEL:
            raise ValueError(f"unknown level {number!r:.60}; {HINT}")
        found.add(level)
    return tuple(sorted(found))


def _numbers(levels: object) -> list[object]:
    """What was written, ranges spelt out; configs hold anything, so nothing is taken for granted."""
    if not isinstance(levels, str):
        return list(levels) if isinstance(levels, Iterable) else [levels]
    numbers: list[object] = []
    for part in levels.split(","):
        match = RANGE.fullmatch(part)
        low, high = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if low > high:
            raise ValueError(f"cannot read level {levels!r:.60}; {HINT}")
        numbers += range(low, high + 1)
    return numbers


def _as_int(value: object) -> int | None:
    """An integer of whatever integer type; booleans are none."""
    if isinstance(value, bool):
        return None
    try:
        return operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        return None
