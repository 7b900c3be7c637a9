"""When two rational numbers count as one: equal, or one a decimal that the other rounds to."""

from __future__ import annotations

from fractions import Fraction

from synthetic1.rewards.math_answers.values import Number

SIGNIFICANT = 3
"""Digits a decimal gold needs before a more precise answer may be rounded to it."""


def same_number(gold: Number, answer: Number) -> bool:
    """Equal; or one is a decimal that the other rounds to.

    A decimal answer to a gold without point (``1/3``) needs four significant digits; a decimal gold that more precise
    answers may be rounded to needs three, and is not one if its value is an integer.
    """
    if gold.value == answer.value:
        return True
    if gold.decimals is None:
        if gold.value.denominator == 1 or answer.decimals is None:
            return False
        return _digits(answer) >= 4 and rounds_to(gold.value, answer) and not _terminates(gold.value)
    precise = answer.decimals is None or answer.decimals > gold.decimals
    return precise and _digits(gold) >= SIGNIFICANT and rounds_to(answer.value, gold)


def rounds_to(value: Fraction, decimal: Number) -> bool:
    """Whether ``decimal`` is ``value``, rounded to as many digits as it has."""
    return abs(value - decimal.value) * 2 <= Fraction(1, 10 ** (decimal.decimals or 0))


def _digits(number: Number) -> int:
    """Significant digits of a decimal."""
    return len(str(abs(number.value.numerator * 10 ** (number.decimals or 0) // number.value.denominator)))


def _terminates(value: Fraction) -> bool:
    """Whether its decimal expansion ends within six digits: then nothing has to be rounded."""
    return (value * 10**6).denominator == 1
