"""A number with its unit, as science writes it.

The symbols of units depend on case (``mW`` is not ``MW``), so mathematics, where ``m`` is a variable and case is style,
reads answers another way (``rewards.math_answers``).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from synthetic1.rewards.quantities.unit_text import WrittenUnit, read_written_unit

MAX_LENGTH = 200  # characters: what is longer is a text, not a number with its unit
MAX_EXPONENT = 300  # beyond, a number is a slip, or nothing that is measured

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_RAISED = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺]+")
_SIGNS = str.maketrans(
    {"−": "-", "–": "-", "⋅": "·", "∙": "·", "µ": "μ", "Ω": "Ω", "º": "°", "˚": "°", "\u00a0": " ", "\u202f": " "}
)
_ONE_CHARACTER = re.compile("[㎀-㏟℃℉K]")
"""Units that are one character: ㎏, ㎞, ℃."""
_IN_BRACES = r"\{((?:[^{}]|\{[^{}]*\})*)\}"
_LATEX: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(rf"\\(?:text|mathrm|textrm|mbox|unit|si|operatorname)\s*{_IN_BRACES}"), r" \1 "),
    (re.compile(rf"\\(?:SI|qty)\s*{_IN_BRACES}\s*{_IN_BRACES}"), r"\1 \2"),
    (
        re.compile(rf"\\[dt]?frac\s*{_IN_BRACES}\s*{_IN_BRACES}"),
        lambda parts: f" {parts[1]}/{parts[2]}" if parts[2].strip().isdecimal() else f" {parts[1]}/({parts[2]})",
    ),
    (re.compile(r"\^\s*\{?\s*\\circ\s*\}?|\\degree(?![a-z])"), "°"),
    (re.compile(r"\\times(?![a-z])"), "×"),
    (re.compile(r"\\cdot(?![a-z])"), "·"),
    (re.compile(r"\\approx(?![a-z])"), "≈"),
    (re.compile(r"\\mu(?![a-z])"), "μ"),
    (re.compile(r"\\Omega(?![a-z])"), "Ω"),
    (re.compile(r"\\Delta(?![a-z])"), "Δ"),
    (re.compile(r"\\AA(?![a-z])"), "Å"),
    (re.compile(r"\\left(?=\()|\\right(?=\))"), ""),
    (re.compile(r"\\%"), "%"),
    (re.compile(r"\\[,;:! ]|(?<![0-9])~|~(?![0-9])|\$|\\[()]|\{,?\}|\\rm(?![a-z])"), " "),
)
_LEAD = re.compile(
    r"(?:(?:about|approximately|approx\.?|roughly|around|circa|ca\.|some)\s+|[A-Za-zα-ωΔ]\w{0,8}\s*[=≈]\s*|[=≈]\s*)+",
    re.I,
)
_NUMBER = re.compile(
    r"([-+]?)\s*([0-9]{1,3}(?:[, ][0-9]{3})+(?![0-9,])|[0-9]{1,40})?(?:\.([0-9]{1,40}))?"
    r"(?:[eE]([-+]?[0-9]{1,9})|\s*[×x*·]\s*10\s*(?:\^|\*\*)\s*\{?\s*([-+]?\s*[0-9]{1,9})\s*\}?)?"
)
_RATIO = re.compile(r"\s*/\s*([0-9]{1,15})(?![0-9.,])")
_POWER_OF_TEN = re.compile(r"10\s*(?:\^|\*\*)")


@dataclass(frozen=True, slots=True)
class WrittenNumber:
    """A number as its digits say it."""

    value: Fraction
    step: Fraction
    """What its last written digit is worth; 0 for a fraction, which is exact."""
    rounded_to: Fraction
    """What the last digit is worth that may not be rounding: 100 in ``2600``."""
    whole: bool = False
    """Written as a whole number, without exponent."""
    order: bool = False
    """A power of ten alone (``10^23``, ``1e23``), as orders of magnitude are written."""
    sure: bool = True
    """False for ``1,234`` with a decimal comma."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """What a text says that is a number, with or without a unit."""

    numbers: tuple[WrittenNumber, ...]
    """What its digits may mean."""
    unit: WrittenUnit | None
    """None for a number without one."""


@lru_cache(maxsize=16_384)  # answers to one task are much alike
def read_quantity(text: str) -> Quantity | None:
    """What ``text`` says if it is one number, with or without a unit that is known, and nothing else."""
    if len(text) > MAX_LENGTH or is_money(text):
        return None
    text = _bare(text)
    found = _number(text)
    if found is None:
        return None
    numbers, end = found
    rest = text[end:].strip()
    if not rest:
        return Quantity(numbers, None)
    unit = read_written_unit(rest.removeprefix("1") if rest.startswith("1/") else rest)
    return None if unit is None else Quantity(numbers, unit)


def exact_number(value: Fraction) -> Quantity | None:
    """The quantity of a number that was read elsewhere; None if it is beyond all that is measured."""
    if value and not Fraction(10) ** -MAX_EXPONENT <= abs(value) <= Fraction(10) ** MAX_EXPONENT:
        return None
    return Quantity((WrittenNumber(value, Fraction(0), Fraction(0), whole=True),), None)


def is_beyond_measure(text: str) -> bool:
    """Whether it begins with a number like ``1e400``: a slip of whoever wrote it, also where two have the same."""
    number = None if len(text) > MAX_LENGTH else _NUMBER.match(_with_mantissa(_bare(text)))
    return number is not None and abs(_exponent(number)) > MAX_EXPONENT


def is_money(text: str) -> bool:
    """Whether a dollar sign in it cannot be LaTeX's, which come in pairs."""
    return "\\$" in text or text.count("$") % 2 == 1


def _number(text: str) -> tuple[tuple[WrittenNumber, ...], int] | None:
    """The number that ``text`` begins with, and where it ends."""
    order = _POWER_OF_TEN.match(text)
    shift = len(_ONE_TIMES) if order else 0
    text = _with_mantissa(text)
    number = _NUMBER.match(text)
    if number is None or (number[2] is None and number[3] is None):
        return None
    written, fraction = number[2] or "0", number[3] or ""
    ratio = _RATIO.match(text, number.end())
    over = int(ratio[1]) if ratio else 1
    exponent = _exponent(number)
    if abs(exponent) > MAX_EXPONENT or not over or written.startswith("0,"):
        return None
    digits = re.sub(r"[, ]", "", written) + fraction
    scale = Fraction(10) ** (exponent - len(fraction))
    value = int(digits) * scale * (-1 if number[1] == "-" else 1)
    trailing = 0 if fraction else len(digits) - len(digits.rstrip("0") or digits)
    plain = not fraction and number[4] is None and number[5] is None
    if ratio:
        one = WrittenNumber(value / over, Fraction(0), Fraction(0))
    else:
        alone = bool(order) or (digits == "1" and not plain)
        one = WrittenNumber(value, scale, scale * 10**trailing, whole=plain, order=alone)
    if plain and re.fullmatch(r"[0-9]{1,3},[0-9]{3}", written):
        other = WrittenNumber(value / 1000, scale / 1000, scale / 1000, sure=False)
        return (one, other), (ratio or number).end() - shift
    return (one,), (ratio or number).end() - shift


def _exponent(number: re.Match[str]) -> int:
    return int(re.sub(r"\s", "", number[4] or number[5] or "0"))


_ONE_TIMES = "1×"


def _with_mantissa(text: str) -> str:
    """``10^5`` → ``1×10^5``"""
    return _ONE_TIMES + text if _POWER_OF_TEN.match(text) else text


def _bare(text: str) -> str:
    """Without what stands around a quantity: emphasis, LaTeX, ``g =``, ``about`` and the full stop."""
    text = _plain(text.strip().strip("*_`").strip())
    lead = _LEAD.match(text)
    return text[lead.end() if lead else 0 :].strip().removesuffix(".").strip()


def _plain(text: str) -> str:
    """Without LaTeX, with one sign for each operation and letter, powers after ``^``."""
    text = _ONE_CHARACTER.sub(lambda unit: unicodedata.normalize("NFKC", unit[0]), unicodedata.normalize("NFC", text))
    text = _RAISED.sub(lambda raised: "^" + raised[0].translate(_SUPERSCRIPTS), text).translate(_SIGNS)
    for pattern, replacement in _LATEX:
        text = pattern.sub(replacement, text)
    text = re.sub(r"\s+", " ", text).strip()
    return re.sub(r"(?<![A-Za-z])([kMGT]) (?=Ω)|(μ) (?=[A-Za-zΩ])", r"\1\2", text)  # \text{k}\Omega, \mu\text{m}
