r"""Numbers with units rewritten: the same quantity in another spelling or unit, and quantities that are another.

Each function is a rewriter or mutator (see ``case.Rewrite``) of a gold such as ``8.31 J/(mol K)`` or
``-20 $\mathrm{kJ} \mathrm{mol}^{-1}$``. What a unit is of another stands in a table of this file, so that an audit
shares neither tables nor grammar with the verifier. A gold whose unit is not in the table yields nothing.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from synthetic1.evaluation.auditing.case import AuditedGold, CaseKind


@dataclass(frozen=True, slots=True)
class TabledUnit:
    """A unit of the table."""

    name: str
    measures: str
    """Two units of one measure differ by their sizes alone."""
    size: Decimal
    """In the first unit of its measure."""


def _units(measure: str, *rows: tuple[str, str, str]) -> dict[str, TabledUnit]:
    return {symbol: TabledUnit(name, measure, Decimal(size)) for symbol, name, size in rows}


UNITS: dict[str, TabledUnit] = {
    **_units("length", ("m", "metre", "1"), ("km", "kilometre", "1000"), ("cm", "centimetre", "0.01")),
    **_units("length", ("mm", "millimetre", "0.001"), ("nm", "nanometre", "1e-9"), ("dm", "decimetre", "0.1")),
    **_units("time", ("s", "second", "1"), ("min", "minute", "60"), ("h", "hour", "3600")),
    **_units("mass", ("kg", "kilogram", "1"), ("g", "gram", "0.001"), ("mg", "milligram", "1e-6")),
    **_units("amount", ("mol", "mole", "1"), ("mmol", "millimole", "0.001")),
    **_units("temperature", ("K", "kelvin", "1")),
    **_units("energy", ("J", "joule", "1"), ("kJ", "kilojoule", "1000"), ("MJ", "megajoule", "1e6")),
    **_units("energy", ("kcal", "kilocalorie", "4184")),
    **_units("pressure", ("Pa", "pascal", "1"), ("kPa", "kilopascal", "1000"), ("MPa", "megapascal", "1e6")),
    **_units("pressure", ("bar", "bar", "100000"), ("atm", "atmosphere", "101325")),
    **_units("volume", ("L", "litre", "1"), ("mL", "millilitre", "0.001")),
    **_units("force", ("N", "newton", "1"), ("kN", "kilonewton", "1000")),
    **_units("power", ("W", "watt", "1"), ("kW", "kilowatt", "1000")),
    **_units("potential", ("V", "volt", "1"), ("mV", "millivolt", "0.001"), ("kV", "kilovolt", "1000")),
    **_units("current", ("A", "ampere", "1"), ("mA", "milliampere", "0.001")),
    **_units("resistance", ("Ω", "ohm", "1"), ("kΩ", "kilohm", "1000")),
    **_units("frequency", ("Hz", "hertz", "1"), ("kHz", "kilohertz", "1000"), ("MHz", "megahertz", "1e6")),
}
"""Symbol → unit."""

_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_WRAPPED = re.compile(r"\\(?:text|mathrm)\s*\{([^{}]*)\}")
_LAYOUT = re.compile(r"[$~]|\\[,; ]")
_NUMBER = re.compile(r"\s*([-+]?\d+(?:\.\d+)?)(?:\s*(?:×|\\times)\s*10\^\{?(-?\d+)\}?|[eE](-?\d+))?(?![\d.,^])")
_FACTOR = re.compile(r"\s*[·*]?\s*([A-Za-zΩ]+)(?:\^\{?(-?\d)\}?)?")
_Factors = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class TakenQuantity:
    """A gold, taken apart."""

    number: Decimal
    factors: _Factors
    """Symbol → power, in order; none for a bare number."""


def take_apart(text: str) -> TakenQuantity | None:
    """The number and the unit of a gold, if it is written plainly and its unit is made of those in the table."""
    plain = _LAYOUT.sub(" ", _WRAPPED.sub(r"\1", text)).strip()
    number = _NUMBER.match(plain)
    if number is None:
        return None
    value = Decimal(number[1]).scaleb(int(number[2] or number[3] or 0))
    above, slash, below = plain[number.end() :].strip().partition("/")
    if slash and below.startswith("(") and below.endswith(")"):
        below = below[1:-1]
    elif len(below.split()) > 1 or "/" in below:
        return None  # what the slash divides is not sure
    over, under = _factors(above), _factors(below)
    if over is None or under is None or (slash and not under):
        return None
    return TakenQuantity(value, (*over, *((symbol, -power) for symbol, power in under)))


def _factors(text: str) -> _Factors | None:
    factors, at = [], 0
    while at < len(text.rstrip()):
        found = _FACTOR.match(text, at)
        if found is None or found[1] not in UNITS:
            return None
        factors.append((found[1], int(found[2] or 1)))
        at = found.end()
    return tuple(factors)


# How a unit may be written -------------------------------------------------------------------------------------------


def _powers(factors: _Factors, between: str, power: Callable[[int], str]) -> str:
    return between.join(symbol + ("" if exponent == 1 else power(exponent)) for symbol, exponent in factors)


def _slashed(factors: _Factors) -> str:
    over = [(symbol, power) for symbol, power in factors if power > 0]
    under = [(symbol, -power) for symbol, power in factors if power < 0]
    below = _powers(tuple(under), " ", lambda power: f"^{power}")
    above = _powers(tuple(over), " ", lambda power: f"^{power}")
    return above + (f"/({below})" if len(under) > 1 else f"/{below}" if under else "")


def _named(factors: _Factors) -> str:
    """``kilojoules per mole``; the empty text where a power has no everyday name."""
    said = []
    for place, (symbol, power) in enumerate(factors):
        if abs(power) > 3 or (place and power > 0):
            return ""
        name = UNITS[symbol].name
        plural = "" if place or power < 0 or name in ("bar", "hertz", "kilohertz", "megahertz") else "s"
        said.append(("per " if power < 0 else "") + ("", "square ", "cubic ")[abs(power) - 1] + name + plural)
    return " ".join(said)


SPELLINGS: dict[str, Callable[[_Factors], str]] = {
    "unit_spaced": lambda factors: _powers(factors, " ", lambda power: f"^{power}"),
    "unit_dotted": lambda factors: _powers(factors, "·", lambda power: f"^{power}"),
    "unit_raised": lambda factors: _powers(factors, " ", lambda power: str(power).translate(_SUPERSCRIPTS)),
    "unit_powers_bare": lambda factors: _powers(factors, " ", str),
    "unit_tex": lambda factors: r"$\mathrm{" + _powers(factors, r"\,", lambda power: f"^{{{power}}}") + "}$",
    "unit_tex_parts": lambda factors: " ".join(
        rf"\text{{{symbol}}}" + (f"^{{{power}}}" if power != 1 else "") for symbol, power in factors
    ),
    "unit_slashed": _slashed,
    "unit_run_together": lambda factors: _powers(factors, "", lambda power: f"^{power}"),
    "unit_run_together_raised": lambda factors: _powers(factors, "", lambda power: str(power).translate(_SUPERSCRIPTS)),
    "unit_named": _named,
}


def _spelling(write: Callable[[_Factors], str]) -> CaseKind:
    def make(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
        taken = take_apart(gold.text)
        if taken is not None and taken.factors and (unit := write(taken.factors)):
            yield f"{plain(taken.number)} {unit}"

    return CaseKind(make)


def plain(number: Decimal) -> str:
    """Its digits, without exponent unless there are many zeros."""
    return f"{number:f}" if -9 <= number.adjusted() <= 9 and number.as_tuple().exponent <= 0 else f"{number:e}"  # type: ignore[operator]


# The same quantity ---------------------------------------------------------------------------------------------------


def no_space(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """``5 m`` → ``5m``"""
    if (taken := take_apart(gold.text)) and taken.factors:
        yield plain(taken.number) + _slashed(taken.factors)


def scientific(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """``152.67 J`` → ``1.5267e2 J``, and with a power of ten written out"""
    taken = take_apart(gold.text)
    if taken is None or not taken.number:
        return
    shift = taken.number.adjusted()
    mantissa, unit = f"{taken.number.scaleb(-shift):f}", _slashed(taken.factors)
    for number in (f"{mantissa}e{shift}", f"{mantissa} × 10^{shift}", rf"{mantissa} \times 10^{{{shift}}}"):
        yield f"{number} {unit}".strip()


def other_unit(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """``5 kJ/mol`` → ``5000 J/mol``: the first factor in every other unit of what it measures"""
    taken = take_apart(gold.text)
    if taken is None or not taken.factors:
        return
    (first, power), *rest = taken.factors
    for symbol, unit in UNITS.items():
        if symbol != first and unit.measures == UNITS[first].measures:
            number = taken.number * (UNITS[first].size / unit.size) ** power
            yield f"{number:.9g} {_slashed(((symbol, power), *rest))}"


# Another quantity ----------------------------------------------------------------------------------------------------


def unit_of_another_measure(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """``5 J/mol`` → ``5 V/mol``"""
    taken = take_apart(gold.text)
    if taken is None or not taken.factors or not taken.number:
        return
    (first, power), *rest = taken.factors
    others = [symbol for symbol, unit in UNITS.items() if unit.measures != UNITS[first].measures]
    # frequency, time and their products may say the same of what repeats
    others = [symbol for symbol in others if UNITS[symbol].measures not in ("frequency", "time")]
    for symbol in rng.sample(others, 4):
        yield f"{plain(taken.number)} {_slashed(((symbol, power), *rest))}"


def unit_of_another_size(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """``5 kJ`` → ``5 J``; units of nearly the same size are left alone"""
    taken = take_apart(gold.text)
    if taken is None or not taken.factors or not taken.number:
        return
    (first, power), *rest = taken.factors
    for symbol, unit in UNITS.items():
        if unit.measures == UNITS[first].measures and not Decimal("0.6") < unit.size / UNITS[first].size < Decimal(
            "1.7"
        ):
            yield f"{plain(taken.number)} {_slashed(((symbol, power), *rest))}"


def factor_dropped(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """``5 J/(mol K)`` → ``5 J/mol``"""
    taken = take_apart(gold.text)
    if taken is not None and len(taken.factors) > 1 and taken.number:
        place = rng.randrange(1, len(taken.factors))
        yield f"{plain(taken.number)} {_slashed((*taken.factors[:place], *taken.factors[place + 1 :]))}"


def power_changed(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """``5 m^3`` → ``5 m^2``"""
    taken = take_apart(gold.text)
    if taken is not None and taken.factors and taken.number:
        (first, power), *rest = taken.factors
        yield f"{plain(taken.number)} {_slashed(((first, power + 1 if power != -1 else -2), *rest))}"


def value_changed(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """The number with another sign, ten times and twice as large, and half; not of zero"""
    taken = take_apart(gold.text)
    if taken is None or not taken.number:
        return
    unit = _slashed(taken.factors)
    for changed in (
        -taken.number,
        taken.number.scaleb(1),
        taken.number * Decimal("2.2"),
        taken.number * Decimal("0.4"),
    ):
        yield f"{plain(changed)} {unit}".strip()


QUANTITY_EQUIVALENTS = {
    **{kind: _spelling(write) for kind, write in SPELLINGS.items()},
    **{rewrite.__name__: CaseKind(rewrite) for rewrite in (no_space, scientific, other_unit)},
}
"""Kind → what rewrites a quantity and keeps it."""
QUANTITY_MUTANTS = {
    mutate.__name__: CaseKind(mutate)
    for mutate in (unit_of_another_measure, unit_of_another_size, factor_dropped, power_changed, value_changed)
}
"""Kind → what makes another quantity of it."""
