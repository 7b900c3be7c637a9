"""Reading one value: a number, a quantity with its unit, digits in a base, components of a vector, or a formula."""

from __future__ import annotations

import re
from fractions import Fraction

from synthetic1.rewards.math_answers.canonical import squeezed, without_text
from synthetic1.rewards.math_answers.numbers import read_number
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
    number = read_number(squeezed(text))
    if number is not None:
        return Number(*number)
    based = _BASED.fullmatch(squeezed(text))
    if based:
        digits, base = based[1].upper(), _BASES.get(based[2], based[2])
        if max(digits) < "0123456789ABCDEFG"[min(int(base), 16)]:  # a_2 is no number
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
