"""A written unit, and everything that it may mean.

``ms^-1`` is a metre a second or one per millisecond, ``J/mol K`` leaves open what K divides, ``Nm`` is a newton metre
unless somebody meant nanometres. The meanings of a unit are all products of the senses of its parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from itertools import product
from math import prod

from synthetic1.rewards.quantities.definitions import POWERS, pint_unit
from synthetic1.rewards.quantities.symbols import BASE, NAMES, OTHER_CASES, PHRASES, SYMBOLS, Sense

MOST_FACTORS = 8
MOST_MEANINGS = 60  # of a unit, or of the order of its factors: beyond, it is as good as unknown
LONGEST_RUN = 12  # letters of symbols that are written without a space
FORCE = (("kilogram", 1), ("meter", 1), ("second", -2))
LENGTH = (("meter", 1),)
CURRENT = (("ampere", 1),)
VOLTAGE = (("ampere", -1), ("kilogram", 1), ("meter", 2), ("second", -3))
KINDS_OF_PRODUCTS = {frozenset((FORCE, LENGTH)): "moment of force", frozenset((CURRENT, VOLTAGE)): "apparent power"}
"""Newton metres that are written so may be a torque, and no energy: the judge knows."""

_TOKEN = re.compile(
    r"\s*(?:(?:\^|\*\*)\s*(?:\{\s*\(?\s*([-+]?\d)\s*\)?\s*\}|\(\s*([-+]?\d)\s*\)|([-+]?\d))(?![\d.])"
    r"|(?<=[A-Za-zμΩÅ)])([-+]?\d)(?![\d.])"
    r"|(°?[A-Za-zμΩÅöé]+|[%‰°])|([/·*×•.()]|-(?=\s*[A-Za-zμΩÅ°(])))"
)
_NO_FACTORS = frozenset(["°", "deg", "degree", "%", "percent", "pct", "‰", "permille", "ppm", "ppb"])
_SQUARED = {"squared": 2, "cubed": 3}


@dataclass(frozen=True, slots=True)
class UnitMeaning:
    """One thing that a written unit may mean."""

    size: Fraction
    """In base units."""
    dimensions: tuple[tuple[str, int], ...]
    """Base unit → power, sorted, e.g. ``(("meter", 1), ("second", -2))``."""
    kinds: tuple[tuple[str, int], ...]
    """What base units do not tell → power: cycles, angles, percent."""
    offset: Fraction
    """Of a scale of temperature: what is added to a number on it before its size counts."""
    sure: bool
    of_a_particle: bool


@dataclass(frozen=True, slots=True)
class Factor:
    """A run of letters with its power."""

    word: str
    power: int
    divides: bool = False
    """Whether it stands after a slash; its power has the sign of that already."""


@dataclass(frozen=True, slots=True)
class WrittenUnit:
    """A unit as it stands in a text."""

    factors: tuple[Factor, ...]
    meanings: tuple[UnitMeaning, ...]
    """At least one; of two units with the same factors they are in the same order."""
    complete: bool
    """Whether these are all that it may mean: not where a word is known only in another case (``mw``) or as symbols
    run together (``Nm``, but ``TNT`` too)."""


_Part = tuple[tuple[Sense, int], ...]


@lru_cache(maxsize=4_096)
def read_written_unit(text: str) -> WrittenUnit | None:
    """The unit that ``text`` (plain, with powers after ``^``) names; None if any part of it is unknown."""
    tokens = _tokens(text)
    factors = None if tokens is None else _factors(tokens)
    if not factors or len(factors) > MOST_FACTORS:
        return None
    orders = _orders(factors)
    if not orders:
        return None
    meanings: dict[UnitMeaning, None] = {}
    for order in orders:
        choices = [_parts(factor, alone=len(order) == 1) for factor in order]
        if not 0 < prod(map(len, choices)) <= MOST_MEANINGS:
            return None
        meanings.update(dict.fromkeys(_meaning(parts, sure=len(orders) == 1) for parts in product(*choices)))
    kept = tuple(meanings)
    if sum(meaning.sure for meaning in kept) > 1:
        kept = tuple(replace(meaning, sure=False) for meaning in kept)
    return WrittenUnit(tuple(factors), kept, all(_is_known(factor.word) for factor in factors))


# What is written ----------------------------------------------------------------------------------------------------

_Token = str | int
"""A word or an operator; a power is a number."""


def _tokens(text: str) -> list[_Token] | None:
    tokens: list[_Token] = []
    text, at = text.rstrip(), 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            return None
        at = found.end()
        power = found[1] or found[2] or found[3] or found[4]
        tokens.append(int(power) if power else found[5] or found[6])
    return tokens


def _factors(tokens: list[_Token]) -> list[Factor] | None:
    """``J/(mol K)`` → J, mol^-1, K^-1. None if it is not a product of powers."""
    factors: list[Factor] = []
    sign, power_word, at = 1, 1, 0
    group: tuple[int, int] | None = None  # where its factors begin, and the sign of all of them
    begun = 0  # where the last group or factor begins, for the power after it
    while at < len(tokens):
        token = tokens[at]
        at += 1
        if isinstance(token, int):
            if begun == len(factors) or token == 0 or (group is not None and begun < group[0]):
                return None
            factors[begun:] = [Factor(f.word, f.power * token, f.divides) for f in factors[begun:]]
            begun = len(factors)
        elif token == "/" or (token == "per" and tokens[at : at + 1] != ["cent"]):
            if sign == -1:
                return None
            sign = -1
        elif token == "(":
            if group is not None:
                return None
            group, sign = (len(factors), sign), 1
        elif token == ")":
            if group is None or sign == -1 or group[0] == len(factors):
                return None
            begun = group[0]
            factors[begun:] = [Factor(f.word, f.power * group[1], f.divides or group[1] < 0) for f in factors[begun:]]
            group = None
        elif token.lower() in POWERS:
            power_word = POWERS[token.lower()]
        elif token.lower() in _SQUARED and begun < len(factors):
            factors[-1] = Factor(factors[-1].word, factors[-1].power * _SQUARED[token.lower()], factors[-1].divides)
        elif token[0].isalpha() or token[0] in "°%‰":
            word, at = _phrase(tokens, at - 1)
            begun = len(factors)
            factors.append(Factor(word, sign * power_word, sign < 0))
            sign = power_word = 1
    if group is not None or sign == -1 or power_word != 1 or _is_not_a_product(factors):
        return None
    return factors


def _is_not_a_product(factors: list[Factor]) -> bool:
    """Whether a degree or percent stands beside what it does not multiply: 52° N, 5 A°, 3 mol%."""
    above = [factor.word for factor in factors if factor.power > 0]
    return len(above) > 1 and not _NO_FACTORS.isdisjoint(above)


def _phrase(tokens: list[_Token], at: int) -> tuple[str, int]:
    """The longest known phrase that begins here, or the word; and where it ends."""
    for length in (3, 2):
        words: list[str] = []
        end = at
        while end < len(tokens) and len(words) < length and isinstance(word := tokens[end], str):
            end += 1
            if word not in ("-", "."):  # electron-volts, in. Hg
                words.append(_singular(word.lower()))
        if known := PHRASES.get(tuple(words)):
            return known, end
    return _in_the_singular(str(tokens[at])), at + 1


def _in_the_singular(word: str) -> str:
    """``lbs`` → lb, ``Pounds`` → pound; a word that is not the plural of a known one as it is."""
    if word in SYMBOLS:
        singular = word[:-1]
        return singular if word.endswith("s") and SYMBOLS.get(singular) == SYMBOLS[word] else word
    named = word.lower()
    return next((name for name in (named, _singular(named)) if name in NAMES), word)


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 2 and word.endswith("s") and word[-2] not in "us" else word


def _orders(factors: list[Factor]) -> list[list[Factor]]:
    """How the factors may be meant: after ``J/mol`` a further ``K`` multiplies, or divides as well."""
    first = next((place for place, factor in enumerate(factors) if factor.divides), len(factors))
    after = [factor for factor in factors[first:] if not factor.divides and factor.power > 0]
    if not after:
        return [factors]
    if sum(factor.divides for factor in factors) > 1:
        return []
    turned = [Factor(f.word, -f.power, divides=True) if f in after else f for f in factors[first:]]
    return [factors, factors[:first] + turned]


# What it means ------------------------------------------------------------------------------------------------------


def _is_known(word: str) -> bool:
    return word in SYMBOLS or _named(word) is not None


def _named(word: str) -> tuple[Sense, ...] | None:
    return NAMES.get(word.lower()) or NAMES.get(_singular(word.lower()))


def _parts(factor: Factor, *, alone: bool) -> list[_Part]:
    """What one run of letters may be: a symbol, a name, symbols run together, or a symbol in careless case."""
    word, power = factor.word, factor.power
    known = SYMBOLS.get(word)
    if known is None and (named := _named(word)) is not None:
        return _single(named, power, alone)
    runs = list(_runs_of(word, power, factor.divides))
    slips = [slip for slip in OTHER_CASES.get(word.lower(), ()) if slip != word]
    if len(word) > 2 and word.endswith("s") and word[:-1] in SYMBOLS:
        slips.append(word[:-1])  # kgs
    if known is None:
        found = runs if len(_splits(word)) == 1 else [_doubted(run) for run in runs]
    else:
        # ms^-1, W/mK: metres as likely as thousandths
        either = bool(runs) and power < 0 and (not factor.divides or word[-1] in "sK")
        single = _single(known, power, alone)
        found = [_doubted(part) for part in single] if either else single
        found += [_doubted(run) for run in runs]
        slips = slips if len(word) == 1 else []
    for slip in slips:
        found += [_doubted(part) for part in _single(SYMBOLS[slip], power, alone)]
    return found


def _single(senses: tuple[Sense, ...], power: int, alone: bool) -> list[_Part]:
    place = "alone" if alone and power == 1 else "product"
    return [((sense, power),) for sense in senses if sense.where in ("", place)]


def _doubted(part: _Part) -> _Part:
    return tuple((replace(sense, sure=False), power) for sense, power in part)


def _runs_of(word: str, power: int, divides: bool) -> Iterator[_Part]:
    """The ways to take ``word`` for symbols run together; its power is the last one's, a slash divides all of them."""
    for symbols in _splits(word):
        before = -1 if divides else 1
        powers = [*[before] * (len(symbols) - 1), power]
        senses = [[s for s in SYMBOLS[symbol] if s.where != "alone"] for symbol in symbols]
        for chosen in product(*senses):
            yield tuple(zip(chosen, powers, strict=True))


@lru_cache(maxsize=4_096)
def _splits(word: str) -> tuple[tuple[str, ...], ...]:
    """``kgms`` → kg m s, kg ms. No unit is in a product twice."""
    if not 2 <= len(word) <= LONGEST_RUN:
        return ()
    ways: list[list[tuple[str, ...]]] = [[()], *([] for _ in word)]
    for end in range(1, len(word) + 1):
        for begin in range(max(0, end - 3), end):
            symbol = word[begin:end]
            base = BASE.get(symbol)
            if base is not None:
                ways[end] += [
                    (*way, symbol) for way in ways[begin] if len(way) < 4 and all(BASE[other] != base for other in way)
                ]
    return tuple(way for way in ways[-1] if len(way) > 1)


def _meaning(parts: tuple[_Part, ...], *, sure: bool) -> UnitMeaning:
    size, of_a_particle = Fraction(1), False
    dimensions, kinds = dict[str, int](), dict[str, int]()
    factors = [factor for part in parts for factor in part]
    measured = []
    for sense, power in factors:
        unit = pint_unit(sense.definition)
        size *= (unit.size * Fraction(10) ** sense.tens) ** power
        sure, of_a_particle = sure and sense.sure, of_a_particle or sense.of_a_particle
        measured.append(unit.dimensions if power == 1 else None)
        for name, exponent in unit.dimensions:
            dimensions[name] = dimensions.get(name, 0) + exponent * power
        if sense.kind:
            kinds[sense.kind] = kinds.get(sense.kind, 0) + power
    if len(factors) == 2 and (kind := KINDS_OF_PRODUCTS.get(frozenset(filter(None, measured)))):
        kinds[kind] = 1
    offset = Fraction(factors[0][0].offset) if len(factors) == 1 else Fraction(0)
    return UnitMeaning(size, _powers(dimensions), _powers(kinds), offset, sure, of_a_particle)


def _powers(of: dict[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted((name, power) for name, power in of.items() if power))
