"""Numbers with units: how they may be written, what is the same, and what rules leave alone."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from quantity_cases import rows

from synthetic1.evaluation.auditing.case import AuditedGold
from synthetic1.evaluation.auditing.quantity_rewrites import QUANTITY_EQUIVALENTS, QUANTITY_MUTANTS, UNITS, take_apart
from synthetic1.rewards.quantities.comparison import compare
from synthetic1.rewards.quantities.reading import read_quantity
from synthetic1.rewards.quantities.symbols import NAMES, SYMBOLS
from synthetic1.rewards.stem import compare_numbers
from synthetic1.tasks.formats.stem import to_task

ROOT = Path(__file__).resolve().parents[2]
VERDICTS = {True: "accept", False: "reject", None: "judge"}


def same(gold, answer):
    one, other = read_quantity(gold), read_quantity(answer)
    assert one is not None, f"the gold `{gold}` is not read"
    return None if other is None else compare(one, other)


@pytest.mark.parametrize(
    ("gold", "ways"),
    [
        (
            "9.81 m/s^2",
            [
                *("9.81 m/s²", "9.81 m s⁻²", "9.81 m s^-2", "9.81 m·s^{-2}", "9.81m/s2", "981 cm/s^2", "9.81 N/kg"),
                *(r"9.81\,\mathrm{m/s^2}", r"$9.81\ \text{m}/\text{s}^{2}$", r"9.81 \frac{\mathrm{m}}{\mathrm{s}^2}"),
                *("g = 9.81 m/s^2", "about 9.81 metres per second^2", "≈ 9.81 m/s/s", "**9.81 m/s^2**", "+9.81 m/s^2."),
            ],
        ),
        (
            "3.00e8 m/s",
            ["3.00 × 10^8 m/s", r"3.00 \times 10^{8}\,m/s", "3.00·10⁸ m/s", "3.00e5 km/s", "300,000,000 m/s"],
        ),
        ("1.60e-19 J", ["1.60 × 10⁻¹⁹ J", "1.60*10^-19 joules", "1.60x10^-19 J", "1.00 eV"]),
        ("5 kΩ", ["5 kΩ", "5000 Ω", "5000 ohm", r"5\,\text{k}\Omega", "0.005 MΩ", "5 V/mA"]),
        ("10 µm", ["10 μm", "10 micrometers", r"10\,\mu\text{m}", "1e-5 m", "0.01 mm"]),
        ("25 °C", ["25 °C", "25℃", "25 degrees Celsius", r"25^\circ\text{C}", r"25^{\circ} C", "298.15 K", "77 °F"]),
        ("80 kJ/mol", ["80 kJ/mol", "80 kJ mol^-1", "80000 J/mol", "80 kilojoules per mole"]),
        ("8.31 J/(mol K)", ["8.31 J/(mol·K)", "8.31 J mol^-1 K^-1", "8.31 J/mol/K"]),
        ("250 cm^3", ["250 cm³", "250 cm3", "250 mL", "0.25 L", "0.25 l", "250 cubic centimetres", "0.25 dm^3"]),
        ("50 %", ["50%", "50 percent", r"50\%"]),
        ("2 h", ["2 hours", "120 min", "7200 s", "2 hrs"]),
        ("1 atm", ["101325 Pa", "101.325 kPa", "760 mmHg", "1.01325 bar"]),
        ("10^14", ["10^{14}", "10¹⁴", "1e14", "1 × 10^14", "100000000000000", r"10^{14}"]),
        ("-5 V", ["-5 V", "−5 V", "- 5 V", "-5000 mV"]),
        ("0.25 L", ["1/4 L", r"\frac{1}{4} L", "250/1000 litres"]),
        ("12 V", ["12 Volts", "12 volts", "12 Volt"]),
        ("3 kWh", ["3 kilowatt-hours", "3 kilowatt hours", "10.8 MJ", "10.8 Megajoules"]),
        ("0.5 mol/L", ["0.5 M", "500 mM", "0.5 mol dm^-3"]),
    ],
)
def test_ways_to_write_the_same(gold, ways):
    assert {way: same(gold, way) for way in ways} == dict.fromkeys(ways, True)


@pytest.mark.parametrize(
    ("gold", "answer", "expected"),
    [
        ("19.6 m", "19.62 m", True),  # as the gold, had it been written with as many digits
        ("19.6 m", "19.64 m", True),
        ("19.6 m", "20 m", None),
        ("20 m", "19.6 m", None),
        ("19.6 m", "25 m", False),
        ("19.6 m", "-19.6 m", False),
        ("19.6 m", "19.6 km", False),
        ("19.6 m", "19.6 m/s", False),
        ("19.6 m", "19.6 kg", False),
        ("5 mW", "5 MW", False),  # case tells milli from mega
        ("5 mW", "5 mw", None),
        ("10 %", "0.1", None),
        ("10 %", "100 ppm", None),
        ("5 °C", "5 K", None),  # as a difference it would be the same
        ("5 °C", "20 °C", False),
        ("300 K", "300 °C", None),
        ("0 V", "0 V", True),
        ("0 V", "0.1 V", None),
        ("0 V", "1 V", False),
        ("6 apples", "6 apples", "unread"),
        ("299792458 m/s", "c", None),
        ("299792458 m/s", "1 c", None),
        ("7 pH", "7 pH", "unread"),  # no picohenries
        ("8.31 J/mol K", "8.31 J/(mol K)", None),  # whether K divides, nobody can tell
        ("8.31 J/mol K", "8.310 J/mol K", True),
        ("8.31 J/mol K", "8.31 kg", False),
        ("5 m", "5 m or 6 m", None),
        ("5 m", "5 m, 6 m", None),
        ("5 m", "3 m + 2 m", None),
        ("5 m", "5 5 m", None),
        ("5 m", "1e400 m", None),
        ("5 m", "5 m^99", None),
        ("5 m", "5 " + "m" * 150, None),
        ("5 m", "5 " + "m" * 100_000, None),
        ("5 m", "5 m = 500 cm", None),
        ("5 m", "not 5 m", None),
        ("5 m", "5 m/", None),
        ("5 m", "5/0 m", None),
        ("5 m", "10/2/1 m", None),
        ("5 V", "7 Volts", False),
        ("3e8 m", "3 × 108 m", None),  # a power that lost its place, or a product
        ("5 m", "m", None),
        ("5 m", "", None),
        ("5 m", "५ m", None),
    ],
)
def test_what_is_another_and_what_rules_leave_alone(gold, answer, expected):
    if expected == "unread":
        assert read_quantity(gold) is None
    else:
        assert same(gold, answer) is expected


WORDS = st.lists(
    st.sampled_from([*"/·(-) 2", "^-1", "^2", "per", "squared", "sq", "of", "Hg", *sorted(SYMBOLS), *NAMES])
)


@given(WORDS, WORDS)
def test_two_units_are_not_the_same_one_way_and_apart_the_other(one, other):
    units = [read_quantity(f"12.5 {' '.join(words)}") for words in (one, other)]
    if None not in units:
        assert {compare(*units), compare(*reversed(units))} != {True, False}
        assert compare(units[0], units[0]) is True


LENGTHS = {"m": 1, "km": 1000, "cm": Fraction(1, 100), "mm": Fraction(1, 1000), "inch": Fraction(254, 10_000)}


@given(st.integers(1, 10**6), st.sampled_from(sorted(LENGTHS)), st.sampled_from(sorted(LENGTHS)))
def test_a_change_of_unit_changes_nothing(number, unit, other):
    converted = Fraction(number) * LENGTHS[unit] / LENGTHS[other]
    digits = f"{float(converted):.15g}" if converted.denominator != 1 else str(converted)
    assert same(f"{number} {unit}", f"{digits} {other}") is True
    assert same(f"{number} {unit}", f"{number} {other}") is (unit == other)


@given(st.text("0123456789.,eE×^*/ -−+mskgNJCTKΩ%°{}\\()", max_size=40))
def test_nothing_raises_and_what_is_read_is_itself(text):
    found = read_quantity(text)
    assert found is None or compare(found, found) is True


@pytest.mark.parametrize(
    ("kind", "gold", "answer", "right"), rows(), ids=lambda part: part if isinstance(part, str) else ""
)
def test_kinds_of_units_and_numbers_that_mean_more_than_one_thing(kind, gold, answer, right):
    assert VERDICTS[compare_numbers(gold, answer)] in right


def table_of_the_docs():
    """Gold, answer and verdict of each cell of docs/stem.md; what follows a colon there are words."""
    table = (ROOT / "docs" / "stem.md").read_text(encoding="utf-8").partition("## Numbers with units")[2]
    for line in re.findall(r"^\| `.*\|$", table, re.MULTILINE):
        gold, *cells = [
            [answer for part in cell.split(";") for answer in re.findall("`([^`]*)`", part.partition(":")[0])]
            for cell in line.split("|")[1:-1]
        ]
        if len(cells) == 3:
            for verdict, answers in zip((True, False, None), cells, strict=True):
                yield from ((gold[0], answer, verdict) for answer in answers)


@pytest.mark.parametrize(("gold", "answer", "verdict"), list(table_of_the_docs()))
def test_the_table_of_the_docs(gold, answer, verdict):
    assert compare_numbers(gold, answer) is verdict


# The golds of a textbook ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def textbook(shared_data):
    """The numbers of Atkins' Physical Chemistry, with their units in LaTeX."""
    found = json.loads((shared_data / "scibench_atkins.json").read_text(encoding="utf-8"))
    return [f"{row['answer_number'].strip()} {row['unit'].strip()}".strip() for row in found]


def verdicts(golds, kinds):
    """Kind → verdict → the pairs that got it."""
    found = {name: {} for name in kinds}
    for name, kind in kinds.items():
        for gold in golds:
            for answer in kind.make(AuditedGold(to_task("?", gold), gold), random.Random(gold)):
                said = VERDICTS[compare_numbers(gold, answer)]
                found[name].setdefault(said, []).append((gold, answer))
    return found


def test_most_golds_of_a_textbook_are_decided_by_rule(textbook):
    themselves = Counter(VERDICTS[compare_numbers(gold, gold)] for gold in textbook)
    assert themselves["reject"] == 0
    assert themselves["accept"] >= len(textbook) - 1  # a temperature there is in "degrees N"


@pytest.fixture(scope="module")
def combined():
    """Products of units that the rewriters know, in seeded combinations."""
    rng = random.Random(0)
    golds = []
    for _ in range(200):
        factors = rng.sample(sorted(UNITS), rng.randint(1, 3))
        measures = {UNITS[symbol].measures for symbol in factors}
        powers = [rng.choice(["", "", "^2"]), *(rng.choice(["", "^-1", "^-2"]) for _ in factors[1:])]
        if len(measures) == len(factors):
            unit = " ".join(symbol + power for symbol, power in zip(factors, powers, strict=True))
            golds.append(f"{rng.choice(['-', ''])}{rng.randint(101, 998) / 10} {unit}")
    return golds


def test_no_other_spelling_and_unit_of_a_combination_is_refused(combined):
    found = verdicts(combined, QUANTITY_EQUIVALENTS)
    assert {kind: said["reject"] for kind, said in found.items() if "reject" in said} == {}
    counts = Counter(
        {verdict: sum(len(said.get(verdict, ())) for said in found.values()) for verdict in ("accept", "judge")}
    )
    assert counts["accept"] > 0.8 * counts.total() > 1000


def test_no_other_quantity_is_accepted_for_a_combination(combined):
    found = verdicts(combined, QUANTITY_MUTANTS)
    assert {kind: said["accept"] for kind, said in found.items() if "accept" in said} == {}
    counts = Counter(
        {verdict: sum(len(said.get(verdict, ())) for said in found.values()) for verdict in ("reject", "judge")}
    )
    assert counts["reject"] > 0.8 * counts.total() > 1000


def test_no_other_spelling_and_no_other_unit_of_a_gold_is_refused(textbook):
    found = verdicts(textbook, QUANTITY_EQUIVALENTS)
    assert {kind: said["reject"] for kind, said in found.items() if "reject" in said} == {}
    for kind, said in found.items():
        assert len(said["accept"]) >= 0.95 * sum(map(len, said.values())) > 0, kind


def test_no_other_quantity_is_accepted(textbook):
    found = verdicts(textbook, QUANTITY_MUTANTS)
    assert {kind: said["accept"] for kind, said in found.items() if "accept" in said} == {}
    for kind, said in found.items():
        assert len(said["reject"]) >= 0.95 * sum(map(len, said.values())) > 0, kind


@pytest.mark.parametrize(
    ("text", "number", "factors"),
    [
        ("8.31 J/(mol K)", "8.31", (("J", 1), ("mol", -1), ("K", -1))),
        (r"-20 $\mathrm{kJ} \mathrm{~mol}^{-1}$", "-20", (("kJ", 1), ("mol", -1))),
        (r"3.0 \times 10^{8} m/s", "3.0E+8", (("m", 1), ("s", -1))),
        ("0.88", "0.88", ()),
    ],
)
def test_what_the_rewriters_take_apart(text, number, factors):
    taken = take_apart(text)
    assert (str(taken.number), taken.factors) == (number, factors)


@pytest.mark.parametrize("text", ["8.31 J/mol K", "5 apples", "5 to 6 m", "1,234 m", "m", "5 m/s/s", "10^5 Pa", "5 m/"])
def test_what_they_leave_alone(text):
    assert take_apart(text) is None
