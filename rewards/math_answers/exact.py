r"""Rational numbers by exact arithmetic, and when two of them count as one."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import comb, factorial

from synthetic1.rewards.math_answers.grammar.tree import Applied, Based, Neg, Node, Num, Power, Product, Quotient, Sum
from synthetic1.rewards.math_answers.structure import children

MOST_BITS = 12_000  # of a rational number: beyond, arithmetic on it is no longer free
SIGNIFICANT = 3
"""Digits a decimal gold needs before a more precise answer may be rounded to it."""


@lru_cache(maxsize=8192)
def rational(node: Node) -> Fraction | None:
    """The rational number that a formula is, by exact arithmetic; ``None`` where it is not seen to be one."""
    match node:
        case Num(value, _):
            return value
        case Neg(arg):
            inner = rational(arg)
            return None if inner is None else -inner
        case Sum(terms):
            total = Fraction(0)
            for term in terms:
                part = rational(term)
                if part is None:
                    return None
                total += part
                if not _small(total):
                    return None
            return total
        case Product(factors):
            made = Fraction(1)
            for factor in factors:
                if (part := rational(factor)) is None:
                    return None
                made *= part
            return made if _small(made) else None
        case Quotient(above, below):
            a, b = rational(above), rational(below)
            return None if a is None or not b else a / b
        case Power(base, exponent):
            b, e = rational(base), rational(exponent)
            if b is None or e is None or e.denominator != 1 or (b == 0 and e <= 0):
                return None
            size = max(abs(b.numerator), b.denominator).bit_length() * abs(int(e))
            return b ** int(e) if size < MOST_BITS else None
        case Based(digits, base):
            return Fraction(int(digits, base))
        case Applied("factorial", (arg,), None):
            n = rational(arg)
            if n is None or n.denominator != 1 or not 0 <= n <= 400:
                return None
            return Fraction(factorial(int(n)))
        case Applied("binom", (a, b), None):
            n, k = rational(a), rational(b)
            if n is None or k is None or n.denominator != 1 or k.denominator != 1 or not 0 <= k <= n <= 3000:
                return None
            return Fraction(comb(int(n), int(k)))
        case Applied("root", (arg,), base):
            x = rational(arg)
            degree = Fraction(2) if base is None else rational(base)
            if x is None or degree is None or degree.denominator != 1 or not 2 <= degree <= 12 or not _small(x):
                return None
            return _exact_root(x, int(degree))
    return None


def _small(value: Fraction) -> bool:
    return max(abs(value.numerator), value.denominator).bit_length() < MOST_BITS


def _exact_root(x: Fraction, degree: int) -> Fraction | None:
    if x < 0 and degree % 2 == 0:
        return None
    sign = -1 if x < 0 else 1
    above, below = (_integer_root(abs(n), degree) for n in (x.numerator, x.denominator))
    return None if above is None or below is None else sign * Fraction(above, below)


def _integer_root(n: int, degree: int) -> int | None:
    low, high = 0, 1 << (n.bit_length() // degree + 1)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**degree <= n else (low, middle - 1)
    return low if low**degree == n else None


def number(node: Node) -> Num | None:
    """The number that is *written*: an integer, decimal, fraction, mixed number, power of ten; with its decimals."""
    match node:
        case Num():
            return node
        case Neg(arg):
            inner = number(arg)
            return None if inner is None else Num(-inner.value, inner.decimals)
        case Quotient(above, below):
            a, b = number(above), number(below)
            return None if a is None or b is None or not b.value else Num(a.value / b.value)
        case Product((first, Power(Num(value=ten), exponent))) if ten == 10:
            a, e = number(first), rational(exponent)
            if a is None or e is None or e.denominator != 1 or abs(e) > 400:
                return None
            decimals = (a.decimals or 0) - int(e)
            return Num(a.value * Fraction(10) ** int(e), max(decimals, 0) if a.decimals is not None or e < 0 else None)
        case Power(Num(value=base), exponent):
            e = rational(exponent)
            if e is None or e.denominator != 1 or abs(e) > 400 or (base == 0 and e <= 0):
                return None
            made = base ** int(e)
            return Num(made, -int(e) if base == 10 and e < 0 else None)
    return None


def same_number(gold: Num, answer: Num) -> bool:
    """Equal; or one is a decimal that the other rounds to.

    A decimal answer to a gold without point (``1/3``) needs four significant digits; a decimal gold that more precise
    answers may be rounded to needs three, and must not be an integer.
    """
    if gold.value == answer.value:
        return True
    if gold.decimals is None:
        if gold.value.denominator == 1 or answer.decimals is None:
            return False
        return (
            significant_digits(answer) >= 4 and rounds_to(gold.value, answer) and (gold.value * 10**6).denominator != 1
        )
    if gold.value.denominator == 1:
        return False
    precise = answer.decimals is None or answer.decimals > gold.decimals
    return precise and significant_digits(gold) >= SIGNIFICANT and rounds_to(answer.value, gold)


def rounds_to(value: Fraction, decimal: Num) -> bool:
    return abs(value - decimal.value) * 2 <= Fraction(1, 10 ** (decimal.decimals or 0))


def significant_digits(one: Num) -> int:
    return len(str(abs(one.value.numerator * 10 ** (one.decimals or 0) // one.value.denominator)))


def fewest_decimals(node: Node) -> int | None:
    found = [node.decimals] if isinstance(node, Num) else []
    found += [fewest_decimals(child) for child in children(node)]
    known = [d for d in found if d is not None]
    return min(known) if known else None


def fewest_digits(node: Node) -> int | None:
    found = [significant_digits(node)] if isinstance(node, Num) and node.decimals is not None else []
    found += [d for child in children(node) if (d := fewest_digits(child)) is not None]
    return min(found) if found else None
