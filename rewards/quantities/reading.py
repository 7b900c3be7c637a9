"""A number with its unit, as science writes it: read, and compared with another as far as rules can tell.

Units are pint's. Their symbols depend on case (``mW`` is no ``MW``), so mathematics, where ``m`` is a variable and case
is style, reads answers another way (``rewards.math_answers``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from synthetic1.rewards.quantities.definitions import POWERS, PintUnit, pint_unit

MAX_LENGTH = 200  # characters: what is longer is a text, not a number with its unit
MAX_EXPONENT = 300
FAR = Fraction(1, 20)
"""From how far off, relative to the gold, a number is wrong by rule. Nearer ones may be a matter of rounding."""
ROUNDED = Fraction(1, 200)
"""How far off, relative to the gold, the same number may be: at most this, and half of the gold's last digit."""
KELVIN = (("kelvin", 1),)

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_RAISED = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺]+")
_SIGNS = str.maketrans(
    {"−": "-", "–": "-", "⋅": "·", "∙": "·", "µ": "μ", "Ω": "Ω", "℃": "°C", "\u00a0": " ", "\u202f": " "}
)
_LATEX = (
    (re.compile(r"\\(?:text|mathrm|textrm|mbox|unit|operatorname)\s*\{([^{}]*)\}"), r" \1 "),
    (re.compile(r"\\frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}"), r"\1/\2"),
    (re.compile(r"\^\s*\{?\s*\\circ\s*\}?|\\degree(?![a-z])"), "°"),
    (re.compile(r"\\times(?![a-z])"), "×"),
    (re.compile(r"\\cdot(?![a-z])"), "·"),
    (re.compile(r"\\approx(?![a-z])"), "≈"),
    (re.compile(r"\\mu(?![a-z])"), "μ"),
    (re.compile(r"\\Omega(?![a-z])"), "Ω"),
    (re.compile(r"\\%"), "%"),
    (re.compile(r"\\[,;:! ]|~|\$|\\[()]|\{,\}|\\rm(?![a-z])"), " "),
)
_LEAD = re.compile(
    r"(?:(?:about|approximately|approx\.?|roughly|around|circa|ca\.|some)\s+|[A-Za-zα-ωΔ]\w{0,8}\s*[=≈]\s*|[=≈]\s*)+",
    re.I,
)
_NUMBER = re.compile(
    r"([-+]?)\s*([0-9]{1,3}(?:[, ][0-9]{3})+(?![0-9,])|[0-9]{1,40})?(?:\.([0-9]{1,40}))?"
    r"(?:[eE]([-+]?[0-9]{1,4})|\s*[×x*·]\s*10\s*(?:\^|\*\*)\s*\{?\s*([-+]?\s*[0-9]{1,4})\s*\}?)?"
)
_RATIO = re.compile(r"\s*/\s*([0-9]{1,15})(?![0-9.,])")
_POWER_OF_TEN = re.compile(r"10\s*(?:\^|\*\*)")
_FACTOR = re.compile(
    r"(?:(square|cubic|sq\.?|cu\.?)\s+)?([A-Za-zμΩÅ°%]+)(?:\s*(?:\^|\*\*)\s*\{?\s*\(?\s*([-+]?\d)\s*\)?\s*\}?|([-+]?\d))?",
    re.I,
)
_DEGREES = re.compile(r"(?:°|degrees?|deg\.?)\s*(C|F|celsius|fahrenheit|centigrade)(?![a-z])", re.I)
_OFFSETS = {"degree_Celsius^1": Fraction("273.15"), "degree_Fahrenheit^1": Fraction("459.67")}
_NO_UNITS = frozenset(
    {"a", "an", "as", "at", "c", "e", "k", "pi", "x", "R", "dB", "pH", "count", "or", "and", "is", "to"}
)
"""What pint takes for units and a reader would not: constants, words, logarithmic scales."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number in base units."""

    value: Fraction
    step: Fraction
    """What its last written digit is worth, in base units; 0 for a fraction, which is exact."""
    dimensions: tuple[tuple[str, int], ...] | None
    """Base unit → power, e.g. ``(("meter", 1), ("second", -2))``; ``None`` for a number without a unit."""
    unit: str = ""
    """Its name in pint: tells percent from parts per million, and one scale of temperature from another."""
    exact: bool = False
    """Written as a whole number, without exponent."""


def compare(gold: Quantity, answer: Quantity) -> bool | None:
    """Whether two quantities are the same; ``None`` where that is not for rules to say.

    It is not if only one of them has a unit, or if they are near each other but not within the gold's last digit.
    """
    if (gold.dimensions is None) != (answer.dimensions is None):
        return None
    if gold.dimensions != answer.dimensions:
        return False
    if gold.dimensions in ((), KELVIN) and gold.unit != answer.unit:
        # percent and a share, degrees Celsius and kelvin: whether 5 °C is a difference, the question knows
        return True if gold.value == answer.value else None
    if gold.value == answer.value:
        return True
    off = abs(gold.value - answer.value)
    if gold.dimensions is not None or not gold.exact:
        if gold.value and off <= min(gold.step / 2, ROUNDED * abs(gold.value)):
            return True
    elif answer.exact:
        return False  # 79 protons are not 80
    return False if off > FAR * abs(gold.value) else None


@lru_cache(maxsize=16_384)  # answers to one task are much alike
def read_quantity(text: str) -> Quantity | None:
    """What ``text`` says if it is one number, with or without a unit that is known, and nothing else."""
    text = text.strip().strip("*_`").strip()
    if not text or len(text) > MAX_LENGTH:
        return None
    text = _plain(text)
    lead = _LEAD.match(text)
    text = text[lead.end() if lead else 0 :].strip().removesuffix(".").strip()
    if _POWER_OF_TEN.match(text):
        text = f"1×{text}"
    number = _NUMBER.match(text)
    if number is None or (number[2] is None and number[3] is None):
        return None
    ratio = _RATIO.match(text, number.end())
    over = int(ratio[1]) if ratio else 1
    exponent = int(re.sub(r"\s", "", number[4] or number[5] or "0"))
    if abs(exponent) > MAX_EXPONENT or not over:
        return None
    whole, fraction = re.sub(r"[, ]", "", number[2] or "0"), number[3] or ""
    scale = Fraction(10) ** (exponent - len(fraction))
    value = int(whole + fraction) * scale * (-1 if number[1] == "-" else 1)
    exact = not fraction and number[4] is None and number[5] is None
    if ratio:
        value, scale, exact = value / over, Fraction(0), False
    rest = text[(ratio or number).end() :].strip()
    if not rest:
        return Quantity(value, scale, None, exact=exact)
    found = _unit(rest)
    if found is None:
        return None
    unit, offset = found
    return Quantity((value + offset) * unit.size, scale * unit.size, unit.dimensions, unit.name, exact)


def _plain(text: str) -> str:
    """Without LaTeX, with one sign for each operation, powers after ``^``."""
    text = _RAISED.sub(lambda raised: "^" + raised[0].translate(_SUPERSCRIPTS), text).translate(_SIGNS)
    for pattern, replacement in _LATEX:
        text = pattern.sub(replacement, text)
    text = re.sub(r"\s+", " ", text).strip()
    return re.sub(r"(?<![A-Za-z])([kMGT]) (?=Ω)|(μ) (?=[A-Za-zΩ])", r"\1\2", text)  # \text{k}\Omega, \mu\text{m}


@lru_cache(maxsize=4_096)
def _unit(text: str) -> tuple[PintUnit, Fraction] | None:
    """The unit that ``text`` names, and the offset of its scale of temperature; or None."""
    text = _DEGREES.sub(lambda scale: f"deg{'F' if scale[1][0] in 'Ff' else 'C'}", text)
    text = re.sub(r"(?<![A-Za-z])per(?![A-Za-z])", "/", text)
    factors: list[tuple[str, int]] = []
    sign, divided, at = 1, False, 0
    text = re.sub(r"/\s*\(([^()/]*)\)", lambda group: "/" + re.sub(r"\s*[ ·*]\s*", "/", group[1].strip()), text)
    while at < len(text):
        if separator := re.compile(r"\s*([/·*.]|-(?=[A-Za-z]))\s*|\s+").match(text, at):
            at = separator.end()
            if separator[1] == "/":
                sign, divided = -1, True
            elif divided:
                return None  # J/mol K: whether K divides, nobody can tell
            continue
        factor = _FACTOR.match(text, at)
        if factor is None or len(factors) == 8:
            return None
        at = factor.end()
        if factor[2] in _NO_UNITS:
            return None
        power = int(factor[3] or factor[4] or 1) * POWERS.get((factor[1] or "").lower().strip("."), 1)
        factors.append((factor[2], sign * power))
        sign = 1
    if not factors or sign == -1:
        return None
    return _product(tuple(factors))


def _product(factors: tuple[tuple[str, int], ...]) -> tuple[PintUnit, Fraction] | None:
    size, dimensions, names = Fraction(1), dict[str, int](), []
    alone = len(factors) == 1 and factors[0][1] == 1
    for name, power in factors:
        unit = pint_unit(name)
        if unit is None:
            return None
        size *= unit.size**power
        names.append(f"{unit.name}^{power}")
        for dimension, exponent in unit.dimensions:
            dimensions[dimension] = dimensions.get(dimension, 0) + exponent * power
    kept = tuple(sorted((dimension, power) for dimension, power in dimensions.items() if power))
    offset = _OFFSETS.get(names[0]) if alone else None
    return PintUnit(size, kept, " ".join(names)), offset or Fraction(0)
