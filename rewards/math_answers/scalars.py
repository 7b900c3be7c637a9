"""Single values: numbers, quantities, digits in a base, vectors; how they are written, and when two numbers are one."""

from __future__ import annotations

import re
from fractions import Fraction

from synthetic1.rewards.math_answers.latex import squeezed, without_text
from synthetic1.rewards.math_answers.values import Based, Formula, Measured, Number, Sequence, Value
from synthetic1.rewards.quantities.units import read_unit

_WORD = re.compile(r"[A-Za-z][A-Za-z'-]*")
_BASED = re.compile(r"([0-9A-Fa-f]+)_\{?(?:\\text\{)?([0-9]{1,2}|two|three|four|five|six|seven|eight|nine)\}?\}?")
_BASES = {w: str(n) for n, w in enumerate(["two", "three", "four", "five", "six", "seven", "eight", "nine"], 2)}
_UNIT_VECTOR = re.compile(
    r"\s*([+-]?)\s*((?:\d+(?:\.\d+)?|\\frac\{\d+\}\{\d+\}|\\sqrt\{\d+\})?)\s*"
    r"(?:\\(?:mathbf|boldsymbol|bm)\s*\{([ijk])\}|\\(?:hat|vec|widehat)\s*\{(?:\\mathbf\s*\{)?\\?([ijk])(?:math)?\}?\})"
)


def read_scalar(text: str) -> Value:
    """What ``text``, without structure, says: a number or what is made of numbers; anything else is a Formula."""
    number = read_number(squeezed(text))
    if number is not None:
        return number
    based = _BASED.fullmatch(squeezed(text))
    if based:
        digits, base = based[1].upper(), _BASES.get(based[2], based[2])
        if max(digits) < "0123456789ABCDEFG"[min(int(base), 16)]:  # else it is an index: a_2
            return Based(digits, base)
    modular = re.fullmatch(r"(.+?)\s*(?:\\pmod|\\mod|\(\s*\\mod)\s*\{?\s*(.+?)\s*[})]*", text)
    if modular and read_number(squeezed(modular[1])) is not None:
        return read_scalar(modular[1])
    return (
        _components(text)
        or _quantity(text)
        or Formula(squeezed(without_text(text)) if _is_wordy(text) else squeezed(text))
    )


def _components(text: str) -> Value | None:
    r"""``2\mathbf{i} - \mathbf{k}``: the tuple of its components."""
    terms = _UNIT_VECTOR.findall(text)
    if not terms or _UNIT_VECTOR.sub("", text).strip():
        return None
    found: dict[str, Value] = {}
    for sign, size, *letters in terms:
        letter = next(filter(None, letters))
        if letter in found:
            return None
        size = size.strip()
        found[letter] = read_scalar(("-" if sign == "-" else "") + (size or "1"))
    letters_used = "ij" if "k" not in found else "ijk"
    return Sequence("tuple", tuple(found.get(letter, Number(Fraction(0))) for letter in letters_used))


def _quantity(text: str) -> Value | None:
    money = re.fullmatch(r"(-?)\s*\\?\$\s*(.+)", text)
    if money:
        amount = read_scalar(money[1] + money[2])
        unit = read_unit("dollars")
        return Measured(amount, unit) if unit and isinstance(amount, Number | Formula) else None
    percent = re.fullmatch(r"(.+?)\s*(?:%|\\(?:text|mbox|mathrm)\s*\{\s*(?:percent|%|\\%)\s*\}|percent)", text)
    if percent:
        amount = read_scalar(percent[1])
        return Measured(amount, "percent") if isinstance(amount, Number | Formula) else None
    degrees = re.fullmatch(r"(.+?)\s*(?:\^\\circ\s*|\\(?:text|mbox|mathrm)\s*\{\s*degrees?\s*\}|degrees?)", text)
    if degrees:
        amount = read_scalar(degrees[1])
        return Measured(amount, "degree") if isinstance(amount, Number | Formula) else None
    labelled = re.fullmatch(
        r"(.*?[\d})])\s*(?:\\(?:text|mbox|mathrm|textrm|textit|textbf|operatorname)\s*\{([^{}]+)\}"
        r"((?:\s*[/^]?\s*(?:\{?-?\d\}?|\\(?:text|mbox|mathrm)\s*\{[^{}]+\}))*)|"
        r"(?:\\?\s)?([A-Za-z][A-Za-z./ ^0-9{}-]*))",
        text,
    )
    if labelled is None:
        return None
    words = without_text(labelled[2] + labelled[3]) if labelled[2] else labelled[4]
    if not labelled[2] and (len(_WORD.findall(words)) == 0 or len(words.strip()) == 1):
        return None  # 2k is a product
    unit = read_unit(re.sub(r"[{}]", "", words))
    if unit is None or (not labelled[2] and not unit.dimensions and len(words) < 3):
        return None
    amount = read_scalar(labelled[1])
    scale = {"million": 10**6, "billion": 10**9, "thousand": 10**3, "hundred": 100, "trillion": 10**12}
    if unit.label in scale and isinstance(amount, Number):
        return Number(amount.value * scale[unit.label])
    return Measured(amount, unit) if isinstance(amount, Number | Formula) else None


def _is_wordy(text: str) -> bool:
    return "\\text" in text or "\\mbox" in text


# Numbers --------------------------------------------------------------------------------------------------------------

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


def read_number(text: str) -> Number | None:
    r"""The rational number that ``text`` (canonical, without needless spaces) writes.

    Integers, decimals, ``3/4``, ``\frac{3}{4}``, mixed numbers, ``1.2\times10^{3}``, ``1.2e3``, ``2^{10}``, repeating
    decimals. ``None`` for anything else, and for a number of more than 400 digits.
    """
    if len(text) > MAX_DIGITS:
        return None
    if _INTEGER.fullmatch(text):
        return Number(Fraction(int(text)))
    if match := _DECIMAL.fullmatch(text):
        return Number(Fraction(f"{match[1]}{match[2] or 0}.{match[3]}"), len(match[3]))
    if match := _FRACTION.fullmatch(text) or _RATIO.fullmatch(text):
        try:
            value = Fraction(match[2]) / Fraction(match[3])
        except (ZeroDivisionError, ValueError):
            return None
        return _signed(match[1], Number(value))
    if match := _MIXED.fullmatch(text):
        above, below = int(match[3] or match[5]), int(match[4] or match[6])
        if not below or above >= below:
            return None
        value = int(match[2]) + Fraction(above, below)
        return _signed(match[1], Number(value))
    if match := _SCIENTIFIC.fullmatch(text):
        exponent = int(match[2] or match[3] or match[4])
        if abs(exponent) > MAX_EXPONENT:
            return None
        is_decimal = "." in match[1] or exponent < 0
        decimals = max(len(match[1].partition(".")[2]) - exponent, 0)
        return Number(Fraction(match[1]) * Fraction(10) ** exponent, decimals if is_decimal else None)
    if match := _POWER.fullmatch(text):
        exponent = int(match[3] or match[4])
        if exponent * len(match[2]) > MAX_DIGITS:
            return None
        value = Fraction(int(match[2]) ** exponent)
        return _signed(match[1], Number(value))
    if match := _REPEATING.fullmatch(text):
        whole, fixed, period = match[2] or "0", match[3], match[4]
        scale = 10 ** len(fixed)
        value = Fraction(int(whole + fixed), scale) + Fraction(int(period), scale * (10 ** len(period) - 1))
        return _signed(match[1], Number(value))
    if match := _PARENTHESES.fullmatch(text):
        inner = read_number(match[2])
        return None if inner is None else _signed(match[1], inner)
    return None


def _signed(sign: str, number: Number) -> Number:
    return Number(-number.value, number.decimals) if sign == "-" else number


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


# When two numbers are one ---------------------------------------------------------------------------------------------

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
