r"""Values that a whole number counts: ``\\frac{\\pi}{4} + k\\pi`` for ``k \\in \\mathbb{Z}``, by whatever letter."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from synthetic1.rewards.math_answers.evaluate import AGREE, MP, NotANumber, Undefined, agree, symbols, value
from synthetic1.rewards.math_answers.forms import value_of
from synthetic1.rewards.math_answers.grammar.tree import Bracketed, Expression, Items, Node, Relation, SetBuilder, Sym

COUNTING = frozenset("knmKNM")
"""Letters that count where nothing says what they are."""


@dataclass(frozen=True, slots=True)
class Progression:
    """``start + k * step`` for all integers ``k``."""

    start: Any
    step: Any


def same_progressions(gold: Node, answer: Node) -> bool | None:
    """Whether both are the same values; ``None`` where the gold does not say that a letter of its counts them."""
    letter = counted_by(gold)
    one = None if letter is None else progression(_counted(gold), letter)
    if one is None:
        return None
    named = counted_by(answer)
    counted = _counted(answer)
    if named is None and isinstance(counted, Expression):
        try:
            names = symbols(counted)
        except NotANumber:
            return None
        named = next(iter(names)) if len(names) == 1 and names <= COUNTING | {letter} else None
    other = None if named is None else progression(counted, named)
    if other is None:
        return None
    if not (agree(one.step, other.step) or agree(one.step, -other.step)):
        return False
    turns = (one.start - other.start) / one.step
    return bool(abs(turns - MP.nint(turns.real)) <= AGREE * 10**10)


def counted_by(node: Node) -> str | None:
    """The letter of which ``node`` says that it is any integer."""
    match node:
        case Bracketed(r"\{", _, (SetBuilder() as inside,)):
            return counted_by(inside)
        case SetBuilder(_, condition):
            return counted_by(condition)
        case Items(items, _):
            found = [letter for item in items if (letter := counted_by(item)) is not None]
            return found[0] if len(found) == 1 else None
        case Relation((Sym(letter), Sym(r"\Integers" | "Z")), (r"\in",)):
            return letter
    return None


def _counted(node: Node) -> Node:
    """What is counted: without the condition, and without a name before it."""
    match node:
        case SetBuilder(element, condition):
            inside = _counted(condition)
            return inside if isinstance(element, Sym) and isinstance(condition, Items) else _counted(element)
        case Items(items, _):
            kept = [item for item in items if counted_by(item) is None]
            return _counted(kept[0]) if len(kept) == 1 else node
    return value_of(node)


def progression(node: Node, letter: str) -> Progression | None:
    """The values of a formula whose only letter counts, if they are evenly spaced."""
    if not isinstance(node, Expression):
        return None
    try:
        if symbols(node) != {letter}:
            return None
        values = [value(node, {letter: MP.mpf(k)}) for k in range(4)]
    except (NotANumber, Undefined):
        return None
    steps = [after - before for before, after in pairwise(values)]
    if abs(steps[0]) <= AGREE or not all(agree(step, steps[0]) for step in steps):
        return None
    return Progression(MP.mpc(values[0]), MP.mpc(steps[0]))
