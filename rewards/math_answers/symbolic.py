"""Symbolic comparison of two formulas, with math-verify's parser and grader. Runs in workers that can be killed."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

POINTS = 5  # where two formulas with variables are evaluated
DIGITS = 60  # of an evaluation
AGREE = 1e-45  # relative difference of two exact formulas below which they are equal
DIFFER = 1e-9  # and above which they are not

_PLAIN = re.compile(
    r"(?<![\\A-Za-z])(arcsin|arccos|arctan|sinh|cosh|tanh|sin|cos|tan|cot|sec|csc|log|ln|pi|infty)(?![A-Za-z])"
)
_PLAIN_ROOT = re.compile(r"(?<![\\A-Za-z])sqrt\(([^()]*)\)|\\sqrt\(([^()]*)\)")
_PLAIN_EXP = re.compile(r"\\?(?<![A-Za-z])exp\(([^()]*)\)")
_CHOOSE = re.compile(r"(?<![A-Za-z\\])C_\{?(\d+)\}?\^\{?(\d+)\}?|(?<![A-Za-z\\])\{\}_\{?(\d+)\}?C_\{?(\d+)\}?")
_LOG = re.compile(r"\\log(?![A-Za-z_]|\s*_)")


class Unparseable(ValueError):
    """The parser cannot read this formula."""


def preload() -> None:
    """Import and warm what ``answer`` needs, so that a forked worker starts warm."""
    parsed(r"\frac{\sqrt{2}}{x}")


def answer(kind: str, gold: str, given: str) -> bool:
    """The answer to a question of ``compare``.

    Raises:
        Unparseable: ``gold`` cannot be read; of a ``given`` that cannot, the answer is False.
    """
    wanted = parsed(gold)
    if kind == "parses":
        return True
    if "\\ln" in gold and "\\ln" not in given:  # in a text that writes ln, a bare log is taken for it too
        given = _LOG.sub(r"\\ln", given)
    try:
        found = parsed(given)
    except Unparseable:
        return False
    if kind == "close":
        return _close(wanted, found)
    if kind == "proportional":
        return _proportional(wanted, found)
    return _equal(wanted, found)


@lru_cache(maxsize=2048)
def parsed(latex: str) -> Any:
    """The sympy object that ``latex`` writes.

    Raises:
        Unparseable: it writes none.
    """
    import sympy
    from latex2sympy2_extended import latex2sympy

    text = _PLAIN_EXP.sub(r"e^{\1}", latex)
    text = _PLAIN_ROOT.sub(lambda match: rf"\sqrt{{{match[1] or match[2]}}}", text)
    text = _PLAIN.sub(r"\\\1 ", text)
    text = _CHOOSE.sub(lambda match: rf"\binom{{{match[1] or match[3]}}}{{{match[2] or match[4]}}}", text)
    if "\\ldots" in text or re.search(r"\\(?:forall|exists)|\?|:", text):
        raise Unparseable(f"no formula: {latex[:80]}")
    try:
        value = latex2sympy(text)
    except Exception as error:
        raise Unparseable(f"{type(error).__name__}: {latex[:80]}") from None
    if isinstance(value, list):
        if len(value) != 1:
            raise Unparseable(f"several formulas: {latex[:80]}")
        value = value[0]
    if not isinstance(value, sympy.Expr | sympy.MatrixBase):
        raise Unparseable(f"no expression: {latex[:80]}")
    i = sympy.Symbol("i")
    return value.subs(i, sympy.I) if i in value.free_symbols else value


def _equal(gold: Any, given: Any) -> bool:
    import sympy

    if isinstance(gold, sympy.MatrixBase) or isinstance(given, sympy.MatrixBase):
        return bool(gold == given)
    if gold == given:
        return True
    names = {symbol.name for symbol in gold.free_symbols}
    if not {symbol.name for symbol in given.free_symbols} <= names:
        return False
    if not names:
        return _same_constant(gold, given)
    verdict = _same_at_points(gold, given)
    if verdict is not None:
        return verdict
    from math_verify import verify

    return bool(verify([gold], [given], timeout_seconds=None))


def _same_constant(gold: Any, given: Any) -> bool:
    """Two formulas without variables, by 60 digits. A decimal in one may stand for what rounds to it."""
    import sympy

    a, b = _evaluated(gold), _evaluated(given)
    if a is None or b is None:
        return bool(sympy.simplify(gold - given) == 0) if gold.is_finite and given.is_finite else gold == given
    difference = _relative(a, b)
    decimals = [number for number in (gold, given) if number.has(sympy.Float)]
    if not decimals:
        return difference < AGREE
    return difference < 0.5 * 10 ** -(min(map(_precision, decimals)) - 1) if len(decimals) == 1 else difference < DIFFER


def _precision(value: Any) -> int:
    """Significant digits up to which a formula with a decimal in it is meant, at least 4."""
    import sympy

    digits = [
        len(str(number).replace("-", "").replace(".", "").lstrip("0").rstrip("0"))
        for number in value.atoms(sympy.Float)
    ]
    return max(4, min([*digits, 15]))


def _same_at_points(gold: Any, given: Any) -> bool | None:
    """Whether two formulas agree where they are real; ``None`` where they can hardly be evaluated.

    Equal at five points to 45 digits is equal, but for a vanishing chance: the points are irrational and fixed.
    """
    import sympy

    symbols = sorted(gold.free_symbols | given.free_symbols, key=lambda symbol: symbol.name)
    compared = 0
    for number in range(2 * POINTS):
        sign = -1 if number % 2 else 1
        point = {
            symbol: sign * sympy.sqrt(sympy.Rational(7 * number + 3 * index + 2, 5)) + sympy.Rational(number, 11)
            for index, symbol in enumerate(symbols)
        }
        a, b = _evaluated(gold.subs(point)), _evaluated(given.subs(point))
        if a is None or b is None:
            continue
        is_real = abs(sympy.im(a)) < AGREE and abs(sympy.im(b)) < AGREE
        if sign < 0 and not is_real and not gold.has(sympy.I):  # a root of a negative number: outside the domain
            continue
        tolerance = 1e-6 if gold.has(sympy.Float) or given.has(sympy.Float) else AGREE
        if _relative(a, b) > tolerance:
            return False
        compared += 1
    return True if compared >= POINTS else None


def _proportional(gold: Any, given: Any) -> bool:
    """Whether one is the other times a number that is not zero: the same equation ``… = 0``."""
    import sympy

    if not gold.free_symbols or gold.free_symbols != given.free_symbols:
        return False
    ratio = sympy.simplify(gold / given)
    return not ratio.free_symbols and ratio.is_finite is not False and ratio != 0


def _close(exact: Any, decimal: Any) -> bool:
    """Whether a decimal is the exact formula, rounded or cut at its last digit."""
    a, b = _evaluated(exact), _evaluated(decimal)
    if a is None or b is None or exact.free_symbols:
        return False
    places = len(str(decimal).rstrip("0").partition(".")[2])
    return bool(abs(a - b) <= 10.0**-places)


def _evaluated(value: Any) -> Any:
    import sympy

    try:
        number = sympy.N(value, DIGITS, maxn=400)
    except (ArithmeticError, TypeError, ValueError, AttributeError, RecursionError):
        return None
    if (
        not number.is_number
        or number.has(sympy.zoo, sympy.nan, sympy.oo, -sympy.oo)
        or (number.is_comparable is False and not number.is_complex)
    ):
        return None
    real, imaginary = number.as_real_imag()
    return (
        number
        if real.is_Float or real.is_Integer or real.is_Rational
        else (number if imaginary.is_number and real.is_number else None)
    )


def _relative(a: Any, b: Any) -> float:
    """|a − b| over the larger of the two; equal values give 0."""
    size = max(abs(complex(a)), abs(complex(b))) if _fits(a) and _fits(b) else None
    difference = abs(a - b)
    if difference == 0:
        return 0.0
    scale = max(abs(a), abs(b)) if size is None or size == 0 else size
    return float(difference / scale)


def _fits(value: Any) -> bool:
    try:
        number = complex(value)
    except (OverflowError, TypeError):
        return False
    return number != 0 and abs(number) < 1e300
