r"""Trees of two final answers, both read as a whole: could the rules tell them apart, or only not match them?"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from synthetic1.rewards.math_answers.evaluate import MP, NotANumber, Undefined, is_real, symbols, value
from synthetic1.rewards.math_answers.exact import number, rational
from synthetic1.rewards.math_answers.forms import is_infinite, occurs, value_of
from synthetic1.rewards.math_answers.grammar.tree import (
    Applied,
    Bracketed,
    Expression,
    Items,
    Matrix,
    Measured,
    Neg,
    Node,
    PlusMinus,
    Relation,
    SetBuilder,
    Sum,
    Sym,
)
from synthetic1.rewards.math_answers.identity import identical
from synthetic1.rewards.math_answers.real_sets import real_set
from synthetic1.rewards.math_answers.structure import children
from synthetic1.rewards.math_answers.work import arithmetic_left, functions_left, is_unfinished_number, kin_of_functions
from synthetic1.rewards.quantities.units import is_unit

ENDS_IN_THE_GOLD = "an equation that ends in the gold"
WITH_A_NOUN = "a number with a noun"
SETS = (Sym(r"\Reals"), Sym(r"\emptyset"))
POINTS = 8  # at which two equations are tried
_NO_NUMBERS = frozenset((r"\infty", r"\emptyset", r"\Reals", r"\Integers", r"\Naturals", r"\Rationals", r"\Complexes"))


def nodes(node: Node) -> Iterator[Node]:
    """A tree's nodes, from the root down."""
    yield node
    for child in children(node):
        yield from nodes(child)


def undecided(gold: Node | None, answer: Node | None) -> str | None:
    """Why two trees that the rules do not match may still say the same; ``None`` where they cannot.

    Without a tree, a number in words is all that a side says, and the rules know it.
    """
    if gold is None or answer is None:
        return None
    named, given = value_of(gold), value_of(answer)
    if _is_value(named) and isinstance(given, Relation):
        last = given.sides[-1]
        equals = set(given.signs) == {"="} and any(isinstance(node, Sym) for node in nodes(given.sides[0]))
        return ENDS_IN_THE_GOLD if equals and not is_unfinished_number(last) and _equal(named, last) is True else None
    if _is_value(named) and _is_value(given):
        return _undecided_values(named, given)
    if _is_value(named) or _is_value(answer) or (_is_plain(gold) and _is_plain(answer)):
        return None
    if real_set(gold) is not None:
        return None  # what the rules do not read as a set of numbers is not solved: ``x^2 < 9``
    if isinstance(gold, Relation) and ":" in gold.signs:
        return None  # a ratio or a time is not worked with
    if isinstance(gold, Relation) and isinstance(answer, Relation):
        equations = [set(one.signs) == {"="} for one in (gold, answer)]
        if equations[0] != equations[1] or differ_at_a_point(gold, answer):
            return None
    bound = any(isinstance(node, SetBuilder) for side in (gold, answer) for node in nodes(side))
    return "written in another way" if bound or _names(answer) <= _names(gold) else None


def _names(node: Node) -> frozenset[str]:
    return frozenset(one.name for one in nodes(node) if isinstance(one, Sym))


def _is_value(node: Node) -> bool:
    return isinstance(node, Expression) and node not in SETS and not is_infinite(node)


def _is_plain(node: Node) -> bool:
    """A value, or a collection of values, perhaps with names: compared part by part."""
    node = value_of(node)
    if isinstance(node, Bracketed | Items | Matrix):
        return all(map(_is_plain, children(node)))
    return isinstance(node, Expression)


def _undecided_values(gold: Node, answer: Node) -> str | None:
    if isinstance(gold, Measured) or isinstance(answer, Measured):
        units = [node.unit for node in (gold, answer) if isinstance(node, Measured)]
        one, other = (node.arg if isinstance(node, Measured) else node for node in (gold, answer))
        return WITH_A_NOUN if not all(map(is_unit, units)) and _equal(one, other) is True else None
    if rational(gold) is not None or number(gold) is not None or _NO_NUMBERS & (_names(gold) | _names(answer)):
        return None
    for node in (*nodes(gold), *nodes(answer)):
        if isinstance(node, PlusMinus) or (isinstance(node, Applied) and node.name == "mod"):
            return None  # decided by rules of their own
    if arithmetic_left(answer) > arithmetic_left(gold):
        return None
    if functions_left(answer) - functions_left(gold) - kin_of_functions(gold):
        return None
    if _called(gold):  # ``\Gamma(n+1)``: evaluated as if it were a product
        return "a function without a value" if _called(answer) <= _called(gold) else None
    return "formulas that cannot be evaluated" if _equal(gold, answer) is None else None


def _called(node: Node) -> frozenset[str]:
    """The letters that are functions in it; ``n(n-1)`` is a product."""
    calls = [one.args for one in nodes(node) if isinstance(one, Applied) and one.name == "apply"]
    heads = (head for head, *args in calls if not any(occurs(head, arg) for arg in args))
    return frozenset(head.name for head in heads if isinstance(head, Sym))


def _equal(one: Node, other: Node) -> bool | None:
    a, b = rational(one), rational(other)
    return a == b if a is not None and b is not None else identical(one, other)


def differ_at_a_point(one: Relation, other: Relation) -> bool:
    """Whether a point is found that solves one of two equations and not the other: then they are not the same.

    Such points are sought where an equation is linear or quadratic in a letter.
    """
    if one.signs != ("=",) or other.signs != ("=",):
        return False
    if not all(isinstance(side, Expression) for side in (*one.sides, *other.sides)):
        return False
    first, second = (Sum((r.sides[0], Neg(r.sides[1]))) for r in (one, other))
    return _solves_only(first, second) or _solves_only(second, first)


def _solves_only(solved: Node, other: Node) -> bool:
    """Whether a zero of ``solved`` is none of ``other``."""
    try:
        letters = sorted(symbols(solved))
        names = sorted(symbols(solved) | symbols(other))
    except NotANumber:
        return False
    rng = random.Random(repr(solved))
    for place in range(POINTS if letters else 0):
        at = {name: MP.mpf(rng.randint(1, 10**12)) / 10**12 * 3 for name in names}
        letter = letters[place % len(letters)]
        try:
            at[letter] = _zero(solved, at, letter)
            there = value(other, at)
        except (Undefined, NotANumber, ArithmeticError):
            continue
        if is_real(there) and abs(there) > MP.mpf(10) ** -20:
            return True
    return False


def _zero(formula: Node, at: dict[str, Any], letter: str) -> Any:
    """Where ``formula`` is 0 along ``letter``, if it is a polynomial of degree 2 or less there.

    Raises:
        Undefined: it is not, or has no real zero.
    """
    a, b, c, d = (value(formula, {**at, letter: MP.mpf(place)}) for place in (1, 2, 3, 4))
    bend = (a - 2 * b + c) / 2
    slope = b - a - 3 * bend
    start = a - slope - bend
    if abs(start + 4 * slope + 16 * bend - d) > MP.mpf(10) ** -30 or not is_real(bend + slope + start):
        raise Undefined("no polynomial of degree 2")
    if abs(bend) < MP.mpf(10) ** -30:
        if abs(slope) < MP.mpf(10) ** -30:
            raise Undefined("the letter plays no part")
        return -start / slope
    inside = slope * slope - 4 * bend * start
    if MP.re(inside) < 0:
        raise Undefined("no real zero")
    return (-slope + MP.sqrt(MP.re(inside))) / (2 * bend)
