"""The tables of units, held against pint and the SI; and that mathematics does not load pint for them."""

from __future__ import annotations

import itertools
import random
import subprocess
import sys
from collections import Counter
from fractions import Fraction

import pytest

from synthetic1.rewards.quantities.comparison import compare
from synthetic1.rewards.quantities.definitions import BASES, COMMON, load_units, pint_unit
from synthetic1.rewards.quantities.reading import read_quantity
from synthetic1.rewards.quantities.symbols import NAMES, SYMBOLS
from synthetic1.rewards.quantities.unit_text import read_written_unit
from synthetic1.rewards.quantities.units import read_unit

OWN_WORDS = {
    "acre": "pint's is the surveyors'",
    "acres": "pint's is the surveyors'",
    "j": "mathematics writes symbols in any case",
    "kj": "mathematics writes symbols in any case",
    "w": "mathematics writes symbols in any case",
    "kw": "mathematics writes symbols in any case",
}
"""Words that pint takes for something else, or for nothing."""


UNITS = sorted({unit for unit in COMMON.values() if unit.definition}, key=lambda unit: unit.definition)


def in_base_units(expression):
    """Size and dimensions as pint computes them."""
    units = load_units()
    quantity = units.parse_expression(expression)
    size, base = units.get_base_units(quantity.units, check_nonmult=False)
    return Fraction(quantity.magnitude) * size, Counter(base._units)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.definition)
def test_the_table_says_what_pint_computes(unit):
    size, dimensions = in_base_units(unit.definition)
    expected, powers = Fraction(1), Counter()
    for dimension, power in unit.dimensions:
        base_size, base_dimensions = in_base_units(BASES[dimension])
        expected *= base_size**power
        for base, exponent in base_dimensions.items():
            powers[base] += exponent * power
    assert dimensions == powers
    assert unit.size == size / expected


@pytest.mark.parametrize("word", sorted(word for word, unit in COMMON.items() if unit.definition))
def test_its_words_are_pints(word):
    size, dimensions = in_base_units(COMMON[word].definition)
    known = word in load_units()
    assert (known and in_base_units(word) == (size, dimensions)) is (word not in OWN_WORDS)


def test_money_is_all_that_pint_does_not_know():
    assert {word for word, unit in COMMON.items() if not unit.definition} == {
        "dollar",
        "dollars",
        "usd",
        "cent",
        "cents",
    }
    assert not any(word in load_units() for word, unit in COMMON.items() if not unit.definition)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("cm", "centimetres"),
        ("sq. in", "square inches"),
        ("cu ft", "ft^3"),
        ("km/h", "kph"),
        ("miles per hour", "MPH"),
        ("l", "dm^3"),
        ("cubic cm", "ml"),
        ("kg m/s", "kg \\cdot m per second"),
        ("parties", "party"),
        ("red apples", "apple"),
    ],
)
def test_ways_to_write_a_unit(text, same):
    assert read_unit(text) is not None
    assert read_unit(text) == read_unit(same)


@pytest.mark.parametrize("text", ["", ".", "is not it", "or more", "one two three four five", "cm" * 31, "5"])
def test_what_names_no_unit(text):
    assert read_unit(text) is None


def test_two_units_conflict_or_convert():
    words = [word for word in COMMON if read_unit(word) is not None]
    for one, other in itertools.product(words, words):
        unit, its = read_unit(one), read_unit(other)
        assert unit.conflicts_with(its) is (COMMON[one].dimensions != COMMON[other].dimensions)


def test_mathematics_with_units_loads_no_pint():
    program = (
        "import sys, synthetic1\n"
        "task = synthetic1.Task('1', 'verifiable_math', 'p', {'ground_truth': r'3\\text{ km}'})\n"
        "assert synthetic1.score(task, r'\\boxed{3000\\text{ m}}').score == 1\n"
        "print('pint' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


# What science writes -------------------------------------------------------------------------------------------------

PINT_TAKES_FOR_OTHERS = {
    "AU": "absorbance units",
    "mcd": "millidays of a century",
    "kmph": "kilo-miles per hour",
    "pct": "pico-century-tonnes",
    "centigrade": "a hundredth of a grade",
    "cycle": "an angle: here, what hertz count",
    "acre": "the surveyors'",
    **dict.fromkeys(["G", "μG", "uG", "mG", "kG", "gauss", "microgauss", "milligauss", "kilogauss"], "Gaussian units"),
}
"""Words whose sure sense here is not what pint would read."""


@pytest.mark.parametrize("word", sorted({**SYMBOLS, **NAMES}))
def test_the_sure_sense_of_a_word_is_pints(word):
    senses = SYMBOLS.get(word) or NAMES[word]
    sure = next((sense for sense in senses if sense.sure), None)
    if sure is None or word not in load_units():
        return
    size, dimensions = in_base_units(word)
    for name in ("radian", "bit", "count"):
        del dimensions[name]
    unit = pint_unit(sure.definition)
    agree = (unit.size * Fraction(10) ** sure.tens, dict(unit.dimensions)) == (
        size,
        {k: v for k, v in dimensions.items() if v},
    )
    assert agree is (word not in PINT_TAKES_FOR_OTHERS)


BY_HAND = {
    "Å": "1e-10 m", "AU": "1.495978707e11 m", "ly": "9.4607304725808e15 m", "pc": "3.0856775814914e16 m",
    "nmi": "1852 m", "mi": "1609.344 m", "in": "0.0254 m", "ft": "0.3048 m", "ha": "1e4 m^2",
    "acre": "4046.8564224 m^2",
    "L": "1e-3 m^3", "cc": "1e-6 m^3", "h": "3600 s", "d": "86400 s", "t": "1000 kg", "lbm": "0.45359237 kg",
    "u": "1.66053907e-27 kg", "lbf": "4.4482216152605 kg m s^-2", "kgf": "9.80665 kg m s^-2", "dyn": "1e-5 kg m s^-2",
    "Pa": "1 kg m^-1 s^-2", "bar": "1e5 kg m^-1 s^-2", "atm": "101325 kg m^-1 s^-2", "psi": "6894.757293 kg m^-1 s^-2",
    "mmHg": "133.322387 kg m^-1 s^-2", "Torr": "133.322368 kg m^-1 s^-2", "inHg": "3386.389 kg m^-1 s^-2",
    "J": "1 kg m^2 s^-2", "eV": "1.602176634e-19 kg m^2 s^-2", "cal": "4.184 kg m^2 s^-2", "erg": "1e-7 kg m^2 s^-2",
    "kWh": "3.6e6 kg m^2 s^-2", "BTU": "1055.056 kg m^2 s^-2", "hartree": "4.35974472e-18 kg m^2 s^-2",
    "W": "1 kg m^2 s^-3", "V": "1 kg m^2 s^-3 A^-1", "Ω": "1 kg m^2 s^-3 A^-2", "S": "1 kg^-1 m^-2 s^3 A^2",
    "F": "1 kg^-1 m^-2 s^4 A^2", "H": "1 kg m^2 s^-2 A^-2", "Wb": "1 kg m^2 s^-2 A^-1", "T": "1 kg s^-2 A^-1",
    "G": "1e-4 kg s^-2 A^-1", "C": "1 A s", "M": "1000 mol m^-3", "cP": "1e-3 kg m^-1 s^-1", "cSt": "1e-6 m^2 s^-1",
    "kn": "0.514444444 m s^-1", "mph": "0.44704 m s^-1", "kmph": "0.277777778 m s^-1", "°": "0.0174532925 rad",
    "rpm": "0.104719755 rad s^-1", "rev": "6.283185307 rad", "Ci": "3.7e10 Bq", "rem": "0.01 Sv", "%": "1e4 ppm",
}  # fmt: skip
"""Unit → what it is, from the SI brochure and CODATA 2022."""


@pytest.mark.parametrize(("symbol", "known"), BY_HAND.items())
def test_units_are_what_the_si_says(symbol, known):
    number, _, base = known.partition(" ")
    [sure] = [meaning for meaning in read_written_unit(base).meanings if meaning.sure] or [None]
    found = [m for m in read_written_unit(symbol).meanings if m.dimensions == sure.dimensions]
    assert any(abs(m.size / (Fraction(number) * sure.size) - 1) < Fraction(1, 10**6) for m in found)


def pints_words():
    """Pint's unit → all its names, in the singular and the plural."""
    for unit in {id(unit): unit for unit in load_units()._units.values()}.values():
        names = {unit.name, f"{unit.name}s", *unit.aliases} | ({unit.symbol} if unit.has_symbol else set())
        yield unit.name, sorted(name.replace("_", " ") for name in names if len(name) > 3 or "_" not in name)


def test_no_other_name_that_pint_knows_for_a_unit_is_refused():
    refused = [
        pair
        for _, words in pints_words()
        for pair in itertools.permutations([word for word in words if read_quantity(f"12.5 {word}")], 2)
        if compare(*(read_quantity(f"12.5 {word}") for word in pair)) is False
    ]
    assert refused == []


def test_two_units_are_told_apart_where_pint_tells_them_apart():
    read = []
    for name, words in pints_words():
        quantities = [(word, quantity) for word in words if (quantity := read_quantity(f"12.5 {word}"))]
        if quantities and word_is_linear(name):
            size, dimensions = in_base_units(name)
            read += [
                (word, quantity, float(size), +dimensions, -dimensions)
                for word, quantity in quantities
                if word not in PINT_TAKES_FOR_OTHERS
            ]
    assert len(read) > 300
    wrong = []
    chosen = random.Random(0).sample(read, 200)
    for (word, one, size, *dims), (other, its, its_size, *its_dims) in itertools.combinations(chosen, 2):
        verdict = compare(one, its)
        alike = dims == its_dims and abs(size / its_size - 1) < 0.006
        if verdict not in (None, alike):
            wrong.append((word, other, verdict))
    assert wrong == []


def word_is_linear(name):
    try:
        return bool(in_base_units(name))
    except Exception:  # logarithmic, or a constant with an uncertainty
        return False
