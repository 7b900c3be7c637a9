r"""Letters of a gold that nobody has named before, and that an answer may call otherwise: ``f(x) = kx`` for any k."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import permutations

from synthetic1.rewards.math_answers.conditions import domains, is_condition
from synthetic1.rewards.math_answers.forms import is_name, substituted
from synthetic1.rewards.math_answers.grammar.tree import Items, Node, Relation
from synthetic1.rewards.math_answers.prompt import Asked, letters_of

_PARAMETER = re.compile(r"(?:[A-DKMa-dkmp-t]|\\(?:lambda|alpha|beta|mu)\s?)(?:_\{\d\})?")
_CONSTANTS = frozenset({r"\Reals", r"\Complexes", r"\Rationals", r"\Integers", r"\Naturals", r"\pi", "e", "i"})
_MOST = 3


def parameters(gold: Node, asked: Asked) -> frozenset[str]:
    """The letters of a gold that stand for any number.

    Those of which it says so (``t \\in \\mathbb{R}``), and in what it says of a name (``f(x) = kx``, ``y = Ae^x``)
    those that are called so and stand neither in the name nor in the prompt, which has some of the others.
    """
    said = {letter for letter, among in domains(gold).items() if among in ("R", "C", "Q")}
    kept = [item for item in gold.items if not is_condition(item)] if isinstance(gold, Items) else [gold]
    if len(kept) != 1 or not asked.parts:
        return frozenset()
    (whole,) = kept
    named = isinstance(whole, Relation) and whole.signs == ("=",) and is_name(whole.sides[0])
    name = letters_of(whole.sides[0]) if isinstance(whole, Relation) and named else frozenset()
    letters = letters_of(whole) - name
    found = {letter for letter in letters if letter in said or (named and _PARAMETER.fullmatch(letter))}
    free = frozenset(letter for letter in found if not stands_in_prompt(letter, asked))
    # Some of what is left has to be the problem's: where the prompt names no letter of ``b = c/a``, none is free
    fixed = (letters | name) - free - _CONSTANTS
    return free if any(stands_in_prompt(letter, asked) for letter in fixed) else free & said


def stands_in_prompt(letter: str, asked: Asked) -> bool:
    stem = letter.split("_")[0].strip()
    return re.search(rf"(?<![A-Za-z\\]){re.escape(stem)}(?![A-Za-z])", asked.text) is not None


def renamed(gold: Node, answer: Node, asked: Asked) -> Iterator[Node]:
    """``answer`` with its parameters called as in ``gold``, in each way that they may be meant; none if none is."""
    free = parameters(gold, asked)
    if not 0 < len(free) <= _MOST:
        return
    others = letters_of(answer) - (letters_of(gold) - free) - _CONSTANTS
    if len(others) != len(free) or (others == free and len(free) == 1):
        return
    if not all(
        letter in free or (_PARAMETER.fullmatch(letter) and not stands_in_prompt(letter, asked)) for letter in others
    ):
        return
    called = sorted(others)
    for order in permutations(sorted(free)):
        yield substituted(answer, dict(zip(called, order, strict=True)))
