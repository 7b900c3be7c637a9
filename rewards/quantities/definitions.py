"""What units are of each other. Pint knows; for the few that mathematics needs there is a table, computed from pint.

Pint takes a second to load, longer than a thousand comparisons of answers take. ``COMMON`` spares mathematics that
second; tests/rewards/test_units.py computes every row of it from pint, and says where the two differ on purpose.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache
from typing import Any

POWERS = {"square": 2, "sq": 2, "cubic": 3, "cu": 3}
"""Words for the power of the unit that comes next."""

BASES = {
    "length": "meter",
    "time": "second",
    "mass": "gram",
    "angle": "degree",
    "temperature": "degree_Celsius",
    "energy": "joule",
    "force": "newton",
    "power": "watt",
    "money": "",  # which pint does not know
}
"""Dimension → its base unit, in pint's words. Mathematics does not take a joule apart: it has a dimension to itself."""


@dataclass(frozen=True, slots=True)
class CommonUnit:
    """A unit of everyday problems."""

    dimensions: tuple[tuple[str, int], ...]
    """Dimension → power, sorted."""
    size: Fraction
    """In base units. Exact, so that conversion is."""
    definition: str
    """In pint's words."""


COMMON: dict[str, CommonUnit] = {}
"""Word → unit."""


def _add(dimensions: dict[str, int], *rows: tuple[str, str, str]) -> None:
    """Rows of size, definition and the words for it."""
    for size, definition, words in rows:
        unit = CommonUnit(tuple(sorted(dimensions.items())), Fraction(size), definition)
        COMMON.update(dict.fromkeys(words.split(), unit))


_add(
    {"length": 1},
    ("1", "meter", "m meter meters metre metres"),
    ("1/10", "decimeter", "dm decimeter decimeters decimetre decimetres"),
    ("1/100", "centimeter", "cm centimeter centimeters centimetre centimetres"),
    ("1/1000", "millimeter", "mm millimeter millimeters millimetre millimetres"),
    ("1/1000000", "micrometer", "micrometer micrometers micron microns"),
    ("1/1000000000", "nanometer", "nm nanometer nanometers"),
    ("1000", "kilometer", "km kilometer kilometers kilometre kilometres"),
    ("127/5000", "inch", "in inch inches"),
    ("381/1250", "foot", "ft foot feet"),
    ("1143/1250", "yard", "yd yard yards"),
    ("201168/125", "mile", "mi mile miles"),
)
_add(
    {"time": 1},
    ("1", "second", "s sec second seconds"),
    ("1/1000", "millisecond", "ms millisecond milliseconds"),
    ("60", "minute", "min minute minutes mins"),
    ("3600", "hour", "h hr hour hours hrs"),
    ("86400", "day", "day days"),
    ("604800", "week", "week weeks"),
)
_add(
    {"mass": 1},
    ("1", "gram", "g gram grams"),
    ("1/1000", "milligram", "mg milligram milligrams"),
    ("1000", "kilogram", "kg kilogram kilograms"),
    ("1000000", "tonne", "tonne tonnes"),
    ("45359237/100000", "pound", "lb lbs pound pounds"),
    ("45359237/1600000", "ounce", "oz ounce ounces"),
)
_add(
    {"length": 3},
    ("1/1000", "liter", "l liter liters litre litres"),
    ("1/1000000", "milliliter", "ml milliliter milliliters millilitre millilitres"),
)
_add(
    {"length": 2},
    ("10000", "hectare", "hectare hectares"),
    # 4840 square yards are what books mean: pint's own acre, the surveyors', is longer by some parts in a million.
    ("316160658/78125", "4840 yard**2", "acre acres"),
)
_add({"length": 1, "time": -1}, ("1397/3125", "mile/hour", "mph"), ("5/18", "kilometer/hour", "kph"))
_add({"angle": 1}, ("1", "degree", "deg degree degrees"))
_add({"temperature": 1}, ("1", "degree_Celsius", "celsius"))
_add({"energy": 1}, ("1", "joule", "j joule joules"), ("1000", "kilojoule", "kj kilojoule kilojoules"))
_add({"force": 1}, ("1", "newton", "newton newtons"))
_add({"power": 1}, ("1", "watt", "w watt watts"), ("1000", "kilowatt", "kw kilowatt kilowatts"))
_add({"money": 1}, ("1", "", "dollar dollars usd"), ("1/100", "", "cent cents"))


@dataclass(frozen=True, slots=True)
class PintUnit:
    """A unit as pint defines it."""

    size: Fraction
    """In base units."""
    dimensions: tuple[tuple[str, int], ...]
    """Base unit → power, sorted, e.g. ``(("meter", 1), ("second", -2))``. Radians, bits and counts are 1."""


@cache
def load_units() -> Any:
    """Pint's registry. Made when first needed, which takes about a second: event loops call this in a thread first."""
    import pint

    return pint.UnitRegistry(non_int_type=Fraction, cache_folder=None)


_ONE = frozenset({"radian", "bit", "count"})


@lru_cache(maxsize=4_096)
def pint_unit(definition: str) -> PintUnit:
    """What pint computes of an expression of ours, e.g. ``4840 yard**2``; the offsets of temperatures are left out."""
    units = load_units()
    quantity = units.parse_expression(definition)
    size, base = units.get_base_units(quantity.units, check_nonmult=False)
    powers = {str(name): int(power) for name, power in base._units.items() if name not in _ONE}
    return PintUnit(Fraction(quantity.magnitude) * Fraction(size), tuple(sorted(powers.items())))
