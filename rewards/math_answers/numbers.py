"""Rational numbers as they are written, read exactly; everything else is left to others."""

from __future__ import annotations

import re
from fractions import Fraction

MAX_DIGITS = 400
"""Digits a number may have: beyond, arithmetic on it is no longer free."""
MAX_EXPONENT = 400

_INTEGER = re.compile(r"[+-]?\d+")
_DECIMAL = re.compile(r"([+-]?)(\d*)\.(\d+)")
_RATIO = re.compile(r"([+-]?)\(?([+-]?\d+)\)?/\(?([+-]?\d+)\)?")
_FRACTION = re.compile(r"([+-]?)\\frac\{([+-]?[\d.]+)\}\{([+-]?[\d.]+)\}")
_MIXED = re.compile(r"([+-]?)(\d+)(?: |\\ )?(?:\\frac\{(\d+)\}\{(\d+)\}| (\d+)/(\d+))")
_SCIENTIFIC = re.compile(
    r"([+-]?\d+(?:\.\d+)?)(?:(?:\\times|\\cdot|\*)10\^(?:\{([+-]?\d{1,4})\}|(\d))|[eE]([+-]?\d{1,4}))"
)
_POWER = re.compile(r"([+-]?)(\d{1,6})\^(?:\{(\d{1,3})\}|(\d))")
_PARENTHESES = re.compile(r"([+-]?)\(([^()]*)\)")
_REPEATING = re.compile(r"([+-]?)(\d*)\.(\d*)\\overline\{(\d+)\}")


def read_number(text: str) -> tuple[Fraction, int | None] | None:
    r"""The rational number that ``text`` (canonical, without needless spaces) writes, and its digits after the point.

    Integers, decimals, ``3/4``, ``\frac{3}{4}``, mixed numbers, ``1.2\times10^{3}``, ``1.2e3``, ``2^{10}``, repeating
    decimals. ``None`` for anything else, and for a number of more than 400 digits.
    """
    if len(text) > MAX_DIGITS:
        return None
    if _INTEGER.fullmatch(text):
        return Fraction(int(text)), None
    if match := _DECIMAL.fullmatch(text):
        return Fraction(f"{match[1]}{match[2] or 0}.{match[3]}"), len(match[3])
    if match := _FRACTION.fullmatch(text) or _RATIO.fullmatch(text):
        try:
            value = Fraction(match[2]) / Fraction(match[3])
        except (ZeroDivisionError, ValueError):
            return None
        return (-value if match[1] == "-" else value), None
    if match := _MIXED.fullmatch(text):
        above, below = int(match[3] or match[5]), int(match[4] or match[6])
        if not below or above >= below:
            return None
        value = int(match[2]) + Fraction(above, below)
        return (-value if match[1] == "-" else value), None
    if match := _SCIENTIFIC.fullmatch(text):
        exponent = int(match[2] or match[3] or match[4])
        if abs(exponent) > MAX_EXPONENT:
            return None
        decimals = len(match[1].partition(".")[2]) - exponent
        return Fraction(match[1]) * Fraction(10) ** exponent, max(decimals, 0) if "." in match[
            1
        ] or exponent < 0 else None
    if match := _POWER.fullmatch(text):
        exponent = int(match[3] or match[4])
        if exponent * len(match[2]) > MAX_DIGITS:
            return None
        value = Fraction(int(match[2]) ** exponent)
        return (-value if match[1] == "-" else value), None
    if match := _REPEATING.fullmatch(text):
        whole, fixed, period = match[2] or "0", match[3], match[4]
        scale = 10 ** len(fixed)
        value = Fraction(int(whole + fixed), scale) + Fraction(int(period), scale * (10 ** len(period) - 1))
        return (-value if match[1] == "-" else value), None
    if match := _PARENTHESES.fullmatch(text):
        inner = read_number(match[2])
        return None if inner is None else ((-inner[0] if match[1] == "-" else inner[0]), inner[1])
    return None


_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_LARGE = "twenty thirty forty fifty sixty seventy eighty ninety"
_UNITS = {word: number for number, word in enumerate(_SMALL.split())}
_TENS = {word: 10 * number for number, word in enumerate(_LARGE.split(), 2)}
_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}


def spelled_number(text: str) -> int | None:
    """The integer that English words spell, such as ``one hundred and twenty-three``; ``None`` if they spell none."""
    words = text.replace("-", " ").split()
    if not words or len(words) > 20:
        return None
    negative = words[0] in ("minus", "negative")
    total, group, seen = 0, 0, False
    for word in words[negative:]:
        if word == "and" and seen:
            continue
        if word in _UNITS:
            group += _UNITS[word]
        elif word in _TENS:
            group += _TENS[word]
        elif word == "hundred" and group:
            group *= 100
        elif word in _SCALES and group:
            total, group = total + group * _SCALES[word], 0
        else:
            return None
        seen = True
    return (-(total + group) if negative else total + group) if seen else None
