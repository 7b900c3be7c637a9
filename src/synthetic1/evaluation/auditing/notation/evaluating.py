"""Values of formulas at points, exact where they are rational, and whether two formulas have the same."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

import mpmath

from synthetic1.evaluation.auditing.case import OracleAnswer
from synthetic1.evaluation.auditing.notation.formula import Node, NumberNode, OperationNode, SymbolNode

DIGITS = 50
EQUAL_BELOW = 1e-30  # relative difference of values that are one
DIFFERENT_ABOVE = 1e-18
POSITIVE_POINTS = 8
OTHER_POINTS = 8
ENOUGH_POINTS = 12  # where both sides must be defined to be called equal
EXACT_BITS = 20_000  # of a power that is still computed exactly
CONSTANTS = frozenset({"e", "i", "pi"})

_mp = mpmath.mp.clone()
_mp.dps = DIGITS


class UndefinedValue(ArithmeticError):
    """A formula has no value at a point, or none that could be computed cheaply."""


def symbols(node: Node) -> set[str]:
    """The names of the variables in a formula."""
    if isinstance(node, OperationNode):
        return set().union(*map(symbols, node.parts))
    return {node.name} - CONSTANTS if isinstance(node, SymbolNode) else set()


def compare_formulas(left: Node, right: Node) -> OracleAnswer:
    """Whether two formulas have equal values, by identity testing at seeded points.

    Positive points decide against equality; equality has to hold at negative points and integers too. Formulas that
    are equal at positive points alone are a question of domain: ``UNREAD``.
    """
    names = sorted(symbols(left) | symbols(right))
    defined = agreed = positive = 0
    for place, point in enumerate(_points(names)):
        same = _same(left, right, point)
        if same is None:
            continue
        if not same and place < POSITIVE_POINTS:
            return OracleAnswer.DIFFERENT
        defined, agreed = defined + 1, agreed + same
        positive += place < POSITIVE_POINTS
    if not names:
        return OracleAnswer.EQUAL if agreed else OracleAnswer.UNREAD
    return OracleAnswer.EQUAL if agreed == defined >= ENOUGH_POINTS else OracleAnswer.UNREAD


def ratio_sign(left: Node, right: Node) -> int | None:
    """1 or -1 if ``left`` is a positive or negative multiple of ``right`` at all points; 0 if not; None if unknown."""
    names = sorted(symbols(left) | symbols(right))
    ratios = []
    for point in _points(names):
        try:
            over, under = value(left, point), value(right, point)
            if _is_zero(over) and _is_zero(under):
                continue
            if _is_zero(over) != _is_zero(under):
                return 0
            ratios.append(_folded([over, under], lambda a, b: a / b))
        except (UndefinedValue, ZeroDivisionError):
            continue
    if not ratios or (names and len(ratios) < ENOUGH_POINTS):
        return None
    first = ratios[0]
    if any(_is_near(ratio, first) is not True for ratio in ratios[1:]):
        return 0
    if getattr(first, "imag", 0) != 0:
        return None
    return 1 if getattr(first, "real", first) > 0 else -1


def _points(names: list[str]) -> Iterator[Mapping[str, Fraction]]:
    """Positive points first, then negative ones and positive integers by turns."""
    if not names:
        yield {}
        return
    rng = random.Random(" ".join(names))
    for place in range(POSITIVE_POINTS + OTHER_POINTS):
        if place < POSITIVE_POINTS:
            yield {name: Fraction(rng.randint(200, 3000), 997) for name in names}
        elif place % 2:
            yield {name: Fraction(rng.choice((-1, 1)) * rng.randint(200, 3000), 991) for name in names}
        else:
            yield {name: Fraction(rng.randint(1, 9)) for name in names}


def _same(left: Node, right: Node, point: Mapping[str, Fraction]) -> bool | None:
    try:
        return _is_near(value(left, point), value(right, point))
    except (UndefinedValue, ZeroDivisionError):
        return None


def _is_near(left: Any, right: Any) -> bool | None:
    if isinstance(left, Fraction) and isinstance(right, Fraction):
        return left == right
    left, right = _inexact(left), _inexact(right)
    distance, scale = abs(left - right), abs(left) + abs(right) + 1
    if distance <= EQUAL_BELOW * scale:
        return True
    return False if distance >= DIFFERENT_ABOVE * scale else None


def _is_zero(number: Any) -> bool:
    return number == 0 if isinstance(number, Fraction) else bool(abs(number) < EQUAL_BELOW)


def value(node: Node, point: Mapping[str, Fraction]) -> Any:
    """The value at ``point``: a Fraction where all is rational, else an mpmath number of 50 digits.

    Raises:
        UndefinedValue: there is none, or it is too large.
        ZeroDivisionError: a division by zero.
    """
    if isinstance(node, NumberNode):
        return node.value
    if isinstance(node, SymbolNode):
        if node.name not in CONSTANTS:
            return point[node.name]
        return {"e": _mp.e, "pi": _mp.pi, "i": _mp.mpc(0, 1)}[node.name] * 1
    parts = [value(part, point) for part in node.parts]
    try:
        found = _operate(node.name, parts)
    except (ValueError, OverflowError, mpmath.libmp.ComplexResult) as error:
        raise UndefinedValue(str(error)) from None
    if not isinstance(found, Fraction) and not _mp.isfinite(found):
        raise UndefinedValue("not finite")
    return found


def _operate(name: str, parts: list[Any]) -> Any:
    if name == "add":
        return _folded(parts, lambda a, b: a + b)
    if name == "mul":
        return _folded(parts, lambda a, b: a * b)
    if name == "neg":
        return -parts[0]
    if name == "div":
        return _folded(parts, lambda a, b: a / b)
    if name == "pow":
        return _power(*parts)
    if name == "root":
        return _rooted(*parts)
    if name == "abs":
        return abs(parts[0])
    if name == "factorial":
        return _factorial(parts[0])
    if name == "binomial":
        return _mp.binomial(*map(_bounded, parts))
    if name == "log":
        # without a base it is some logarithm: a multiple of the natural one that no other number is
        argument = _mp.log(_nonzero(parts[0]))
        return argument / (_mp.log(_nonzero(parts[1])) if len(parts) > 1 else _mp.mpf("2.071828459045"))
    call = {"ln": "log", "arcsin": "asin", "arccos": "acos", "arctan": "atan"}.get(name, name)
    argument = _bounded(_nonzero(parts[0]) if name == "ln" else parts[0])
    return getattr(_mp, call)(argument)


def _folded(parts: list[Any], operate: Any) -> Any:
    result = parts[0]
    for part in parts[1:]:
        if isinstance(result, Fraction) != isinstance(part, Fraction):
            result, part = _inexact(result), _inexact(part)
        result = operate(result, part)
    return result


def _inexact(number: Any) -> Any:
    return _mp.mpf(number.numerator) / number.denominator if isinstance(number, Fraction) else number


def _bounded(number: Any) -> Any:
    number = _inexact(number)
    if abs(number) > 1e6:
        raise UndefinedValue("too large an argument")
    return number


def _nonzero(number: Any) -> Any:
    if number == 0:
        raise UndefinedValue("the logarithm of 0")
    return _inexact(number)


def _power(base: Any, exponent: Any) -> Any:
    if base == 0 and not (isinstance(exponent, Fraction) and exponent > 0):
        raise UndefinedValue("a power of 0")
    if isinstance(base, Fraction) and isinstance(exponent, Fraction) and exponent.denominator == 1:
        bits = max(base.numerator.bit_length(), base.denominator.bit_length())
        if abs(exponent.numerator) * bits <= EXACT_BITS:
            return base**exponent.numerator
    if isinstance(exponent, Fraction) and exponent.denominator % 2 and isinstance(base, Fraction) and base < 0:
        return _odd_root(base, exponent)
    exponent = _inexact(exponent)
    if abs(exponent) > 1e9 or abs(_inexact(base)) > _mp.mpf(10) ** 1_000_000:
        raise UndefinedValue("too large a power")
    return _mp.power(_inexact(base), exponent)


def _odd_root(base: Fraction, exponent: Fraction) -> Any:
    """A negative number to a power with an odd denominator: real, or complex, by who reads it."""
    if exponent.denominator == 1 and abs(exponent.numerator) < 1e9:
        return _mp.power(_inexact(base), exponent.numerator)
    raise UndefinedValue("a root of a negative number")


def _rooted(base: Any, degree: Any) -> Any:
    if not isinstance(degree, Fraction) or degree.denominator != 1 or not 1 < degree <= 1000:
        raise UndefinedValue("a root of what degree?")
    real = isinstance(base, Fraction) or getattr(base, "imag", 0) == 0
    if real and degree % 2 and _inexact(base).real < 0:
        return -_mp.root(-_inexact(base).real, degree.numerator)
    return _mp.root(_inexact(base), degree.numerator)


def _factorial(number: Any) -> Any:
    if isinstance(number, Fraction) and number.denominator == 1 and 0 <= number <= 500:
        result = 1
        for factor in range(2, int(number) + 1):
            result *= factor
        return Fraction(result)
    return _mp.factorial(_bounded(number))
