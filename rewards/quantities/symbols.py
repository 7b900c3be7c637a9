"""What written units mean: a closed list. What is not in it is nothing that rules decide about.

Many symbols mean more than one thing: ``C`` is a coulomb and, without its ring, a degree Celsius; ``cal`` and ``Cal``
differ by a thousand where the writer cares. So a symbol has senses, and every one has to be thought of before a
quantity is called wrong. Sizes are pint's; which words are read, and what else they may mean, is said here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

PREFIXES = {
    "f": ("femto", -15), "p": ("pico", -12), "n": ("nano", -9), "μ": ("micro", -6), "u": ("micro", -6),
    "m": ("milli", -3), "c": ("centi", -2), "d": ("deci", -1), "h": ("hecto", 2), "k": ("kilo", 3), "K": ("kilo", 3),
    "M": ("mega", 6), "G": ("giga", 9), "T": ("tera", 12), "P": ("peta", 15),
}  # fmt: skip
"""Letter → name, power of ten. ``u`` stands in for ``μ``, and ``K`` is a common slip for ``k``."""


@dataclass(frozen=True, slots=True)
class Sense:
    """One thing that a written unit may mean."""

    definition: str
    """In pint's words."""
    tens: int = 0
    """The power of ten of its prefix."""
    kind: str = ""
    """What base units do not tell, such as hertz from becquerels. Between two kinds a judge decides."""
    sure: bool = True
    """Whether it is what the symbol says to a reader who knows nothing else. Only such senses make an answer right."""
    where: Literal["", "alone", "product"] = ""
    """In which units it has this sense: if it is the only factor, if it is one of several, or in all."""
    offset: str = "0"
    """Of a scale of temperature: how many of its degrees absolute zero lies below its zero."""
    of_a_particle: bool = False
    """Whether one particle has it, so that as much a mole is the same thing said of many: ``u``, ``eV``."""


SYMBOLS: dict[str, tuple[Sense, ...]] = {}
"""Symbol, in its own case, with its prefix → senses."""
NAMES: dict[str, tuple[Sense, ...]] = {}
"""Name in lower case, in the singular → senses."""
PHRASES: dict[tuple[str, ...], str] = {}
"""Words in lower case → what they are together: a symbol or name, or none that is known, but not their product."""
BASE: dict[str, str] = {}
"""Symbol of which products are written without a space → the same without its prefix: ``kJ`` → ``J``."""
OTHER_CASES: dict[str, list[str]] = {}
"""Symbol in lower case → all symbols that differ from it by case."""


def _add(
    senses: Sense | list[Sense], symbols: str, names: str = "", prefixes: str = "", together: bool = False
) -> None:
    """One unit, with each of its prefixes.

    Args:
        together: whether books write products with it in one run, as in ``kJmol^-1``.
    """
    listed = (senses,) if isinstance(senses, Sense) else tuple(senses)
    for prefix in ("", *prefixes.split()):
        name, tens = PREFIXES.get(prefix, ("", 0))
        prefixed = tuple(replace(sense, tens=tens) for sense in listed)
        for symbol in symbols.split():
            SYMBOLS[prefix + symbol] = prefixed
            if together:
                BASE[prefix + symbol] = symbol
        for word in names.split():
            NAMES[name + word] = prefixed


def _maybe(definition: str, where: Literal["", "alone", "product"] = "", *, kind: str = "", offset: str = "0") -> Sense:
    return Sense(definition, kind=kind, sure=False, where=where, offset=offset)


_SMALL, _LARGE = "f p n μ u m", "k K M G T"
_ALL = f"{_SMALL} {_LARGE}"

# Length, time, mass, amount -----------------------------------------------------------------------------------------
_add(Sense("meter"), "m", "meter metre", f"{_ALL} c d h", together=True)
SYMBOLS["m"] += (_maybe("mole/kilogram", "alone"), _maybe("minute", "alone"))
SYMBOLS["mm"] += (_maybe("millimeter_Hg", "alone"),)
_add(Sense("micrometer"), "", "micron")
_add(Sense("inch"), "in", "inch inche")  # the plural is `inches`
_add(Sense("foot"), "ft", "foot feet", together=True)
_add(Sense("yard"), "yd", "yard")
_add(Sense("mile"), "mi", "mile")
_add(Sense("nautical_mile"), "nmi", "nauticalmile")
_add(Sense("angstrom"), "Å", "angstrom ångström angström")
_add(Sense("astronomical_unit"), "AU au", "astronomicalunit")
_add(Sense("light_year"), "ly", "lightyear")
_add(Sense("parsec"), "pc", "parsec", "k M G")
_add(Sense("second"), "s", "second", _SMALL, together=True)
_add(Sense("second"), "sec secs")
_add(Sense("minute"), "min mins", "minute")
_add(Sense("hour"), "h", "hour", together=True)
_add(Sense("hour"), "hr hrs")
_add(Sense("day"), "d", "day")
_add(Sense("week"), "wk wks", "week")
_add(Sense("year"), "y yr yrs", "year")
_add(Sense("year"), "yr", "", "k M G")
_add(Sense("gram"), "g", "gram gramme", f"{_SMALL} k K M", together=True)
SYMBOLS["g"] += (_maybe("standard_gravity", "alone"),)
SYMBOLS["kg"] += (_maybe("kilogram_force"),)
SYMBOLS["mcg"] = (Sense("microgram"),)
SYMBOLS["gm"] = (_maybe("gram"),)
_add(Sense("tonne"), "t", "tonne metricton")
_add([_maybe("tonne"), _maybe("short_ton"), _maybe("long_ton")], "", "ton")
_add(Sense("short_ton"), "", "shortton")
_add(Sense("long_ton"), "", "longton")
_add([_maybe("pound"), _maybe("pound_force")], "lb lbs", "pound", together=True)
_add(Sense("pound"), "lbm")
_add([_maybe("ounce"), _maybe("troy_ounce"), _maybe("fluid_ounce")], "oz", "ounce")
_add(Sense("slug"), "", "slug")
_add(Sense("unified_atomic_mass_unit", of_a_particle=True), "u amu", "atomicmassunit")
_add(Sense("dalton", of_a_particle=True), "Da", "dalton", "k K M")
_add(Sense("mole"), "mol", "mole mol", "f p n μ u m k K", together=True)

# Temperature --------------------------------------------------------------------------------------------------------
_add(Sense("kelvin"), "K", "kelvin", "n μ u m", together=True)
_add(Sense("kelvin"), "°K degK")
_CELSIUS, _FAHRENHEIT = "delta_degree_Celsius", "delta_degree_Fahrenheit"
_add(
    [Sense(_CELSIUS, where="alone", offset="273.15"), _maybe(_CELSIUS, "alone"), Sense(_CELSIUS, where="product")],
    "°C degC",
    "celsius centigrade",
)  # alone it may be a difference; in a product, it is one
_add(
    [
        Sense(_FAHRENHEIT, where="alone", offset="459.67"),
        _maybe(_FAHRENHEIT, "alone"),
        Sense(_FAHRENHEIT, where="product"),
    ],
    "°F degF",
    "fahrenheit",
)
_AS_TEMPERATURES = [_maybe(_CELSIUS, "alone", offset="273.15"), _maybe(_CELSIUS)]
_AS_FAHRENHEITS = [_maybe(_FAHRENHEIT, "alone", offset="459.67"), _maybe(_FAHRENHEIT)]

# Electricity and magnetism ------------------------------------------------------------------------------------------
_add(Sense("ampere"), "A", "ampere amp", _ALL, together=True)
SYMBOLS["A"] += (_maybe("angstrom", "alone"),)
_add(Sense("coulomb"), "C", "coulomb", f"{_SMALL} k K M", together=True)
SYMBOLS["C"] += tuple(_AS_TEMPERATURES)
_add(Sense("volt"), "V", "volt", _ALL, together=True)
_add(Sense("volt*ampere", kind="apparent power"), "VA", "", "k M G")
_add(Sense("ohm"), "Ω", "ohm", "n μ u m k K M G T", together=True)
_add(Sense("ohm"), "ohm Ohm", "", "m k K M G")
SYMBOLS["K"] += (_maybe("kiloohm", "alone"),)  # as a resistor says it
NAMES.update(kilohm=NAMES["kiloohm"], megohm=NAMES["megaohm"])
_add(Sense("siemens"), "S", "siemen siemens mho", "n μ u m k")
_add(Sense("farad"), "F", "farad", _SMALL)
SYMBOLS["F"] += tuple(_AS_FAHRENHEITS)
_add(Sense("henry"), "H", "henry henrie", "n μ u m")
_add(Sense("weber"), "Wb", "weber", "n μ u m")
_add(Sense("tesla"), "T", "tesla", "f p n μ u m", together=True)
_add(Sense("tesla/10000"), "G", "gauss", "μ u m k")
SYMBOLS["G"] += (_maybe("standard_gravity", "alone"),)

# Force, pressure, energy, power -------------------------------------------------------------------------------------
_add(Sense("newton"), "N", "newton", f"p n μ u m {_LARGE}", together=True)
SYMBOLS["N"] += (_maybe("mole/liter", "alone", kind="equivalents"),)
_add(Sense("dyne"), "dyn", "dyne")
_add(Sense("pound_force"), "lbf", "poundforce", "k", together=True)
_add(Sense("kilogram_force"), "kgf", "kilogramforce")
_add(Sense("pascal"), "Pa", "pascal", f"n μ u m h {_LARGE}", together=True)
_add(Sense("bar"), "bar", "bar", "μ u m k")
_add(Sense("standard_atmosphere"), "atm", "atmosphere", together=True)
_add(Sense("torr"), "Torr torr", "torr", "m μ")
_add(Sense("psi"), "psi", "", "k")
_add(Sense("millimeter_Hg"), "mmHg")
_add(Sense("centimeter_Hg"), "cmHg")
_add(Sense("inch_Hg"), "inHg")
_add(Sense("joule"), "J", "joule", f"{_ALL} P", together=True)
_add(
    [
        Sense("electron_volt", of_a_particle=True),
        _maybe("electron_volt/speed_of_light**2"),
        _maybe("electron_volt/speed_of_light"),
    ],
    "eV",
    "electronvolt",
    f"μ u m {_LARGE} P",
    together=True,
)
_add(Sense("hartree", of_a_particle=True), "", "hartree")
_add(Sense("calorie"), "cal", "", "m k K M")
_add(Sense("kilocalorie"), "", "kilocalorie")
_add([_maybe("calorie"), _maybe("kilocalorie")], "Cal", "calorie")
_add(Sense("watt_hour"), "Wh", "", f"m {_LARGE}")
_add(Sense("erg"), "erg", "erg")
_add(Sense("Btu"), "BTU Btu")
_add(Sense("watt"), "W", "watt", f"{_ALL} P", together=True)
_add([_maybe("horsepower"), _maybe("metric_horsepower")], "hp HP", "horsepower")
_add(Sense("poise"), "", "poise")
_add(Sense("centipoise"), "cP", "centipoise")
_add(Sense("centistokes"), "cSt", "centistoke")

# What turns, repeats, decays and shines -----------------------------------------------------------------------------
_add(Sense("radian", kind="angle"), "rad", "radian", "n μ u m", together=True)
SYMBOLS["rad"] += (_maybe("gray/100", "alone", kind="absorbed dose"),)
_add([Sense("degree", kind="angle"), *_AS_TEMPERATURES, *_AS_FAHRENHEITS], "° deg", "degree")
_add(Sense("arcminute", kind="angle"), "arcmin", "arcminute")
_add(Sense("arcsecond", kind="angle"), "arcsec", "arcsecond")
_add(Sense("revolution", kind="angle"), "rev revs", "revolution")
_add(_maybe("revolution", kind="angle"), "", "turn rotation")
_add(Sense("revolution/minute", kind="angle"), "rpm RPM")
_add(_maybe("revolution/second", kind="angle"), "rps")
_add(Sense("radian**2", kind="solid angle"), "sr", "steradian", "m")
_add(Sense("hertz", kind="cycles"), "Hz", "hertz", f"μ u m {_LARGE} P")
_add(Sense("cycle/revolution", kind="cycles"), "", "cycle")
_add(Sense("becquerel", kind="decays"), "Bq", "becquerel", f"m {_LARGE} P")
_add(Sense("curie", kind="decays"), "Ci", "curie", "p n μ u m k")
_add(Sense("gray", kind="absorbed dose"), "Gy", "gray", "μ u m c k")
_add(Sense("sievert", kind="equivalent dose"), "Sv", "sievert", "n μ u m")
_add(Sense("rem", kind="equivalent dose"), "rem", "", "m")
_add(Sense("candela"), "cd", "candela", "m k")
_add(Sense("lumen", kind="solid angle"), "lm", "lumen", "k")
_add(Sense("lux", kind="solid angle"), "lx", "lux", "m k")
_add(Sense("bit", kind="information"), "", "bit")
_add(Sense("byte", kind="information"), "", "byte")

# Volume, area, speed, concentration, shares -------------------------------------------------------------------------
_add(Sense("liter"), "L", "liter litre", "p n μ u m c d h k", together=True)
_add(Sense("liter"), "l", "", "p n μ u m c d h k")
_add(Sense("centimeter**3"), "cc ccm")
_add([_maybe("gallon"), _maybe("imperial_gallon"), _maybe("centimeter/second**2")], "gal", "gallon")
_add([_maybe("quart"), _maybe("imperial_quart")], "qt", "quart")
_add([_maybe("pint"), _maybe("imperial_pint")], "pt", "pint")
_add(Sense("hectare"), "ha", "hectare")
_add(Sense("4840 yard**2"), "", "acre")
_add(Sense("barn"), "", "barn")
_add(Sense("kilometer/hour"), "kph kmph", "")
_add([_maybe("kilometer/hour"), _maybe("kilometer*hour")], "kmh")
_add(Sense("mile/hour"), "mph")
_add([_maybe("meter/second"), _maybe("mile/second")], "mps")
_add(_maybe("foot/second"), "fps")
_add(Sense("knot"), "kts", "knot")
_add([_maybe("knot"), _maybe("kilonewton")], "kn")
_add([_maybe("knot"), _maybe("1000 tonne")], "kt")
_add(Sense("molar"), "M", "molar", "f p n μ u m")
SYMBOLS["M"] += (_maybe("megaohm", "alone"),)
_add(Sense("percent", kind="percent"), "% pct", "percent")
_add(Sense("permille", kind="permille"), "‰", "permille")
_add(Sense("ppm", kind="ppm"), "ppm")
_add(Sense("ppm/1000", kind="ppb"), "ppb")

_TEMPERATURES = {
    scale: [f"{degree} {name}" for degree in ("deg", "degree", "°") for name in names]
    for scale, names in {"°C": ["c", "celsius", "centigrade"], "°F": ["f", "fahrenheit"], "K": ["kelvin"]}.items()
}
_PHRASES = {
    **_TEMPERATURES,
    "mmHg": ["mm hg", "mm of hg", "mm of mercury", "millimeter of mercury", "millimetre of mercury"],
    "cmHg": ["cm hg", "cm of hg", "cm of mercury", "centimeter of mercury", "centimetre of mercury"],
    "inHg": ["in hg", "inch hg", "inche hg", "inche of hg", "inche of mercury"],
    "electronvolt": ["electron volt"],
    "lightyear": ["light year"],
    "nmi": ["nautical mile"],
    "AU": ["astronomical unit"],
    "tonne": ["metric ton"],
    "shortton": ["short ton"],
    "longton": ["long ton"],
    "u": ["atomic mass unit"],
    "lbm": ["pound mass"],
    "lbf": ["pound force"],
    "kgf": ["kilogram force"],
    "percent": ["per cent"],
    "arcmin": ["arc minute"],
    "arcsec": ["arc second"],
    "unknown": ["gram mole", "g mole", "kilogram mole", "kg mole", "pound mole", "lb mole"],
}
"""What words are together → them, in the singular."""
for _symbol, _phrases in _PHRASES.items():
    PHRASES.update((tuple(phrase.split()), _symbol) for phrase in _phrases)
for _symbol in SYMBOLS:
    OTHER_CASES.setdefault(_symbol.lower(), []).append(_symbol)
