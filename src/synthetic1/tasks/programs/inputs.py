"""What the programs run on: random strings, and snippets of prose written for this project. ASCII throughout."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

from synthetic1.tasks.programs.choices import Choices
from synthetic1.tasks.programs.levels import Level

LETTERS = "abcdefghijklmnopqrstuvwxyz"
RANDOM_WORD_LETTERS = "abcdeghimnorst"  # few enough that characters repeat, which is what many operations are about


@lru_cache(maxsize=1)
def sentences() -> tuple[str, ...]:
    """The prose, one sentence an entry."""
    text = files("synthetic1.tasks.programs").joinpath("prose.txt").read_text("ascii")
    return tuple(line for line in text.splitlines() if line)


@lru_cache(maxsize=1)
def words() -> tuple[str, ...]:
    """The distinct lower-case words of the prose, sorted."""
    found = {w.strip(".,;:!?'\"()-").lower() for s in sentences() for w in s.split()}
    return tuple(sorted(w for w in found if w.isalpha()))


@lru_cache(maxsize=64)
def _words_of(low: int, high: int) -> tuple[str, ...]:
    return tuple(w for w in words() if low <= len(w) <= high)


def draw_input(level: Level, choose: Choices) -> str:
    """One input of the level's kind and size; about half of them random strings, half of them prose."""
    low, high = level.size
    if level.input == "word":
        if choose.chance(0.5):
            return choose.pick(_words_of(low, high))
        return _random_word(choose, low, high)
    count = choose.integer(low, high)
    if choose.chance(0.5):
        return " ".join(_random_word(choose, 2, 8, mixed=True) for _ in range(count))
    first = choose.integer(0, len(sentences()) - 1)
    run: list[str] = []
    while len(run) < count:  # consecutive sentences, cut at the length: a snippet, as from an article
        run += sentences()[first % len(sentences())].split()
        first += 1
    start = choose.integer(0, len(run) - count) if level.input in ("words", "sentence") else 0
    return " ".join(run[start : start + count])


def _random_word(choose: Choices, low: int, high: int, *, mixed: bool = False) -> str:
    word = "".join(choose.pick(RANDOM_WORD_LETTERS) for _ in range(choose.integer(low, high)))
    if mixed and choose.chance(0.4):
        kind = choose.integer(0, 2)
        word = word.capitalize() if kind == 0 else word.upper() if kind == 1 else word[:-1] + str(choose.integer(0, 9))
    return word
