"""Mutants: answers that look like the gold and mean something else, and all mutators of mathematics by kind.

Each function is a mutator (see ``case.Rewrite``). Most are CHECKED: the oracle has to read both sides and find them
different, since changing a sign changes nothing about 0.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator

from synthetic1.evaluation.auditing.case import AuditedGold, CaseKind, Certainty
from synthetic1.evaluation.auditing.mathematics.echoes import ECHOES
from synthetic1.evaluation.auditing.mathematics.guesses import GUESSES
from synthetic1.evaluation.auditing.mathematics.names import constant
from synthetic1.evaluation.auditing.mathematics.orders import factors_of, terms_of, written_sum
from synthetic1.evaluation.auditing.mathematics.part_mutants import PART_MUTANTS
from synthetic1.evaluation.auditing.mathematics.spellings import NUMBER, is_notation
from synthetic1.evaluation.auditing.mathematics.values_of_parts import change_a_value
from synthetic1.evaluation.auditing.notation.shapes import without_unit
from synthetic1.evaluation.auditing.notation.tex import is_formula, sides

_LITERAL = re.compile(r"\d+(?:\.\d+)?")
_EXPONENT = re.compile(r"\^\s*(?:\{\s*(-?\d+)\s*\}|(\d)(?!\d))")
_COMMAND_BEFORE = re.compile(r"\\[A-Za-z]+\s*$")
_LONE_LETTER = re.compile(r"(?<=[0-9A-Za-z})])(?<![\\^_])\s*(?<![A-Za-z\\])([a-bf-hj-zA-BD-Z])(?![A-Za-z_^({])")
_LETTER = re.compile(r"(?<![A-Za-z\\_{])([abm-z])(?![A-Za-z_(])")
_NAME = re.compile(r"(?:\\?[A-Za-z]+(?:_\s*(?:\{[^{}]*\}|\w))?|[A-Za-z]\s*(?:\\left)?\([^()]*\))\s*")
_ARBITRARY = re.compile(r"(?<![A-Za-z\\])[cCkK](?:_\s*\{?\s*\d\s*\}?)?(?![A-Za-z(])")
"""Constants of integration, whose sign and size mean nothing."""
_OTHER_UNITS = {
    "cm": "km", "m": "cm", "km": "m", "mm": "m", "ft": "miles", "feet": "miles", "inches": "feet", "hours": "minutes",
    "minutes": "hours", "seconds": "hours", "kg": "mg", "g": "kg", "s": "hours", "degrees": "radians", "miles": "feet",
}  # fmt: skip


def _places(pattern: re.Pattern[str], text: str) -> list[re.Match[str]]:
    return list(pattern.finditer(text)) if is_notation(text) else []


def _values(pattern: re.Pattern[str], text: str) -> list[re.Match[str]]:
    """As ``_places``, without those in a name before ``=``: whether names matter is nothing an audit decides."""
    equation = sides(text) if is_formula(text) else None
    begin = text.index("=") if equation is not None and _NAME.fullmatch(equation[0]) else 0
    return [found for found in _places(pattern, text) if found.start() >= begin]


def _letters(pattern: re.Pattern[str], text: str) -> list[re.Match[str]]:
    return list(pattern.finditer(text)) if is_formula(text) else []  # those of units are not variables


def _replaced(text: str, found: re.Match[str], new: str) -> str:
    return text[: found.start()] + new + text[found.end() :]


# Digits and numbers ---------------------------------------------------------------------------------------------------


_CONSTANT = re.compile(r"(?<![A-Za-z\\])[cCkK]_\s*\{?\s*$")


def digit_changed(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """``137`` → ``157``; of decimals one of the first two digits that count; names of constants keep theirs"""
    if places := [found for found in _values(_LITERAL, gold.text) if not _CONSTANT.search(gold.text, 0, found.start())]:
        found = rng.choice(places)
        number = found[0]
        counting = [place for place, char in enumerate(number) if char.isdigit()]
        first = next((at for at, place in enumerate(counting) if number[place] != "0"), 0)
        place = rng.choice(counting[first : first + 2] if "." in number else counting)
        digits = [digit for digit in "123456789" if digit != number[place]]
        yield _replaced(gold.text, found, number[:place] + rng.choice(digits) + number[place + 1 :])


def digit_dropped(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """``137`` → ``17``"""
    if places := [found for found in _values(_LITERAL, gold.text) if len(found[0]) > 1 and "." not in found[0]]:
        found = rng.choice(places)
        place = rng.randrange(len(found[0]))
        yield _replaced(gold.text, found, found[0][:place] + found[0][place + 1 :])


def digits_swapped(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """``137`` → ``173``"""
    for found in _values(_LITERAL, gold.text):
        number = found[0]
        pairs = [at for at in range(len(number) - 1) if number[at : at + 2].isdigit() and number[at] != number[at + 1]]
        if pairs and "." not in number:
            at = rng.choice(pairs)
            yield _replaced(gold.text, found, number[:at] + number[at + 1] + number[at] + number[at + 2 :])
            return


def off_by_one(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    if re.fullmatch(r"-?\d{1,15}", gold.text):
        yield str(int(gold.text) + rng.choice((-1, 1)))


def tenfold(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """``5`` → ``50``"""
    if re.fullmatch(r"-?\d+", gold.text):
        yield gold.text + "0"


def point_dropped(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """``3.75`` → ``375``"""
    if NUMBER.fullmatch(gold.text) and "." in gold.text:
        yield gold.text.replace(".", "")


def digit_appended(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    if re.fullmatch(r"-?\d+", gold.text):
        yield gold.text + rng.choice("123456789")


def digit_prefixed(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    if re.fullmatch(r"\d+(?:\.\d+)?", gold.text):
        yield rng.choice("123456789") + gold.text


def letters_appended(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """``6`` → ``6xyz``"""
    if constant(gold.text) not in (None, 0) and re.fullmatch(r"-?\d+|.*\}", gold.text):
        yield gold.text + rng.choice(("x", "xyz", "ab", " n"))


# Signs and operators --------------------------------------------------------------------------------------------------


def sign_flipped(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """``5`` → ``-5``; of a tuple or list one part, of an equation its right side"""
    if _ARBITRARY.search(gold.text):
        return
    yield from change_a_value(
        gold.text, rng, lambda value: value[1:].strip() if value.startswith("-") else f"-{value.removeprefix('+')}"
    )


def operator_changed(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """``x+1`` → ``x-1``"""

    def change(value: str) -> str:
        terms = terms_of(value)
        places = [place for place, term in enumerate(terms or ()) if place and not _ARBITRARY.search(term)]
        if terms is None or not places:
            return value
        place = rng.choice(places)
        terms[place] = ("-" if terms[place][0] == "+" else "+") + terms[place][1:]
        return written_sum(terms)

    yield from change_a_value(gold.text, rng, change)


def times_as_plus(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    if places := _places(re.compile(r"\\(?:cdot|times)(?![A-Za-z])"), gold.text):
        yield _replaced(gold.text, rng.choice(places), "+")


def product_as_sum(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """``abc`` → ``ab + c``"""
    factors = factors_of(gold.text) if is_formula(gold.text) else None
    if factors is not None:
        yield f"{' '.join(factors[:-1])} + {factors[-1]}"


# Scripts, letters, factors and terms ----------------------------------------------------------------------------------


def exponent_changed(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    if places := _places(_EXPONENT, gold.text):
        found = rng.choice(places)
        yield _replaced(gold.text, found, f"^{{{int(found[1] or found[2]) + rng.choice((1, 2))}}}")


def exponent_dropped(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    if places := _places(_EXPONENT, gold.text):
        yield _replaced(gold.text, rng.choice(places), " ")


def exponent_cut(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """``2^{35}`` → ``2^{3}5``"""
    if places := _places(re.compile(r"\^\s*\{\s*(\d)(\d+)\s*\}"), gold.text):
        found = rng.choice(places)
        yield _replaced(gold.text, found, f"^{{{found[1]}}}{found[2]}")


def letter_dropped(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """``2xy`` → ``2x``"""
    lone = _letters(_LONE_LETTER, gold.text)
    if places := [found for found in lone if not _COMMAND_BEFORE.search(gold.text[: found.start(1)])]:
        yield _replaced(gold.text, rng.choice(places), " ")


def letters_dropped(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """``6xyz`` → ``6``, ``2a-b`` → ``2``"""
    if is_formula(gold.text) and (found := re.match(r"(-?\s*\d+(?:\s*\\sqrt\{\d+\})?)\s*[a-zA-Z]", gold.text)):
        yield found[1]


def letter_changed(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """``x+y`` → ``x+z``; of an equation on its right side, where no name of a function stands"""
    begin = gold.text.find("=") + 1 if gold.text.count("=") == 1 else 0
    if places := [found for found in _letters(_LETTER, gold.text) if found.start() >= begin]:
        found = rng.choice(places)
        yield _replaced(gold.text, found, rng.choice([letter for letter in "pqstuwz" if letter not in gold.text]))


def factor_dropped(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    r"""``2\sqrt{3}`` → ``\sqrt{3}``"""

    def change(value: str) -> str:
        factors = factors_of(value)
        if factors is None:
            return value
        del factors[rng.randrange(len(factors))]
        return " ".join(factors)

    yield from change_a_value(gold.text, rng, change)


def term_dropped(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """``3x+2`` → ``3x``"""

    def change(value: str) -> str:
        terms = terms_of(value)
        if terms is None:
            return value
        del terms[rng.randrange(len(terms))]
        return written_sum(terms)

    yield from change_a_value(gold.text, rng, change)


def term_added(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """``3x`` → ``3x+1``"""
    yield from change_a_value(gold.text, rng, lambda value: f"{value}+{rng.choice((1, 2, 3, 'x'))}")


def product_with_number(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    r"""``\sqrt{3}`` → ``2\left(\sqrt{3}\right)``"""
    if _ARBITRARY.search(gold.text):
        return
    yield from change_a_value(gold.text, rng, lambda value: rf"{rng.choice((2, 3))}\left({value}\right)")


def fraction_inverted(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    if places := _places(re.compile(r"\\([dt]?)frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}"), gold.text):
        found = rng.choice(places)
        yield _replaced(gold.text, found, rf"\{found[1]}frac{{{found[3]}}}{{{found[2]}}}")


def reciprocal(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    yield from change_a_value(gold.text, rng, lambda value: rf"\frac{{1}}{{{value}}}")


def root_dropped(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    if places := _places(re.compile(r"\\sqrt\s*(?:\[[^\]]*\])?\s*\{([^{}]*)\}"), gold.text):
        found = rng.choice(places)
        yield _replaced(gold.text, found, f"({found[1]})")


def pi_dropped(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    if places := _places(re.compile(r"(?<=[\d)}])\s*\\pi(?![A-Za-z])"), gold.text):
        yield _replaced(gold.text, rng.choice(places), "")


_FUNCTION_BEFORE = re.compile(r"\\[A-Za-z]+\s*[_^]\s*(?:\{[^{}]*\}|\w)\s*$")


def brackets_dropped(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """``2(x+1)`` → ``2x+1``, but for the brackets of functions"""
    found_all = _places(re.compile(r"(?<=[\d)}])\s*(?:\\left)?\(([^(),]*)(?:\\right)?\)"), gold.text)
    if places := [found for found in found_all if not _FUNCTION_BEFORE.search(gold.text, 0, found.start())]:
        found = rng.choice(places)
        yield _replaced(gold.text, found, f" {found[1].removesuffix('right').removesuffix(chr(92))} ")


def function_changed(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    r"""``\sin`` → ``\cos``"""
    if places := _places(re.compile(r"\\(sin|cos|tan)(?![A-Za-z])"), gold.text):
        found = rng.choice(places)
        yield _replaced(gold.text, found, "\\" + {"sin": "cos", "cos": "sin", "tan": "cot"}[found[1]])


def index_changed(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """``E_{1}`` → ``E_{2}``, but for constants of integration"""
    if places := _values(re.compile(r"(?<![cCkKA-Za-z\\])([A-BD-JL-Zabd-jl-z])_\s*\{?\s*(\d)\s*\}?(?!\d)"), gold.text):
        found = rng.choice(places)
        yield _replaced(gold.text, found, f"{found[1]}_{{{int(found[2]) + 1}}}")


def unit_changed(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    r"""``5 \text{ cm}`` → ``5 \text{ km}``"""
    value, unit = without_unit(gold.text)
    name, _, power = unit.partition("^")
    if name in _OTHER_UNITS and constant(value) not in (None, 0):
        yield rf"{value} \text{{ {_OTHER_UNITS[name]}}}" + (f"^{power}" if power != "1" else "")


# Other tasks ----------------------------------------------------------------------------------------------------------


def neighbour(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """The gold of another task"""
    if gold.neighbour is not None and is_notation(gold.neighbour) and is_notation(gold.text):
        yield gold.neighbour


def other_number(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """A number for a formula with letters, a letter for a number"""
    if constant(gold.text) is None:
        number = str(rng.randint(2, 99))
        if number not in gold.text:  # ``25`` says what ``25 \\mathrm{ft}`` says
            yield number
    else:
        yield rng.choice("xyzn")


Mutate = Callable[[AuditedGold, random.Random], Iterator[str]]
CHECKED: tuple[Mutate, ...] = (
    digit_changed, digit_dropped, digits_swapped, off_by_one, tenfold, point_dropped, digit_appended, digit_prefixed,
    letters_appended, sign_flipped, operator_changed, times_as_plus, product_as_sum, exponent_changed,
    exponent_dropped, exponent_cut, letter_dropped, letters_dropped, letter_changed, factor_dropped, term_dropped,
    term_added, product_with_number, fraction_inverted, reciprocal, root_dropped, pi_dropped, brackets_dropped,
    function_changed, index_changed, neighbour, other_number,
)  # fmt: skip
MATH_MUTANTS = {
    **{mutate.__name__: CaseKind(mutate, Certainty.CHECKED) for mutate in CHECKED},
    "unit_changed": CaseKind(unit_changed, Certainty.CERTAIN),
    **PART_MUTANTS,
    **GUESSES,
    **ECHOES,
}
