"""The table of common units, computed from pint; and that mathematics does not load pint for it."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections import Counter
from fractions import Fraction

import pytest

from synthetic1.rewards.quantities.definitions import BASES, COMMON, load_units
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
