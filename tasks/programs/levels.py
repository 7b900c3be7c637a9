"""What each level means: how long the input is, how many steps, how deep they nest."""

from __future__ import annotations

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
    """How deep loops and conditionals nest: 0 = straight-line operations only."""
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


def parse_levels(levels: int | str | list[int] | tuple[int, ...]) -> tuple[int, ...]:
    """Levels as people write them: ``3``, ``"1-3"``, ``"1,4,7"`` or a sequence of integers; sorted, each once.

    Raises:
        ValueError: one line that says which levels there are.
    """
    hint = f"levels are {MIN_LEVEL} to {MAX_LEVEL}, written 3, [1, 2], '1-3' or '1,4'"
    if isinstance(levels, str):
        numbers: list[int] = []
        for part in levels.split(","):
            low, _, high = part.strip().partition("-")
            if not low.isdecimal() or (high and not high.isdecimal()) or (part.strip().endswith("-")):
                raise ValueError(f"cannot read level {levels!r}; {hint}")
            numbers += range(int(low), int(high or low) + 1)
    elif isinstance(levels, int) and not isinstance(levels, bool):
        numbers = [levels]
    else:
        numbers = list(levels)
    wrong = [n for n in numbers if isinstance(n, bool) or not isinstance(n, int) or not MIN_LEVEL <= n <= MAX_LEVEL]
    if wrong or not numbers:
        raise ValueError(f"unknown level {wrong[0]!r}; {hint}" if wrong else f"no level given; {hint}")
    return tuple(sorted(set(numbers)))
