"""Whether two quantities are the same, as far as rules can tell.

A verdict needs certainty: an answer is right if the sure meaning of each says so, and wrong if all that the two may
mean is apart. The rest is the judge's.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from synthetic1.rewards.quantities.reading import Quantity, WrittenNumber
from synthetic1.rewards.quantities.unit_text import UnitMeaning

FAR = Fraction(1, 20)
"""From how far off, relative to the gold, a number may be wrong by rule. Nearer ones may be a matter of rounding."""
ROUNDED = Fraction(1, 200)
"""How far off, relative to the gold, the same number may be: at most this, and half of the gold's last digit."""
ORDER = 10
"""How many times more or less may be meant by a power of ten."""

_BARE = UnitMeaning(Fraction(1), (), (), Fraction(0), sure=True, of_a_particle=False)
_WAVENUMBER = (("meter", -1),)
_ENERGY = (("kilogram", 1), ("meter", 2), ("second", -2))
_TOLD_BY_WAVENUMBERS = {_ENERGY, (*_ENERGY[:2], ("mole", -1), _ENERGY[2]), (("second", -1),)}
"""Dimensions of what spectroscopy gives in cm^-1."""
_SHARES = frozenset({"percent", "permille", "ppm", "ppb"})
"""Kinds that concentrations are given in as well: a milligram in a litre of water is 1 ppm."""


def compare(gold: Quantity, answer: Quantity) -> bool | None:
    """Whether two quantities are the same; ``None`` where that is not for rules to say.

    It is not if only one of them has a unit, if one of the things that they may mean is the same and it is not the sure
    one, or if they are near each other but not within the gold's last digit.
    """
    if (gold.unit is None) != (answer.unit is None):
        return None
    found = [
        (_same(one, its, other, others), one.sure and other.sure and sure, its.dimensions == others.dimensions)
        for one in gold.numbers
        for other in answer.numbers
        for its, others, sure in _meanings(gold, answer)
    ]
    certain = [same for same, sure, _ in found if sure]
    if certain and all(certain):
        return True
    known = all(quantity.unit is None or quantity.unit.complete for quantity in (gold, answer))
    known = known or any(sure and comparable for _, sure, comparable in found)
    return False if known and all(same is False for same, _, _ in found) else None


def _meanings(gold: Quantity, answer: Quantity) -> Iterator[tuple[UnitMeaning, UnitMeaning, bool]]:
    """What the two units may mean together, and whether that is sure.

    Units that are written alike mean the same, whatever that is.
    """
    if gold.unit is None or answer.unit is None:
        yield _BARE, _BARE, True
    elif gold.unit.factors == answer.unit.factors:
        for meaning in gold.unit.meanings:
            yield meaning, meaning, True
    else:
        for one in gold.unit.meanings:
            for other in answer.unit.meanings:
                yield one, other, one.sure and other.sure


def _same(number: WrittenNumber, unit: UnitMeaning, other: WrittenNumber, its: UnitMeaning) -> bool | None:
    """Whether the answer ``other`` in ``its`` unit is the gold ``number`` in its own; None where that is not sure."""
    if unit.dimensions != its.dimensions:
        return None if _are_comparable(number, unit, other, its) else False
    if unit.kinds != its.kinds:
        return None
    gold, answer = (number.value + unit.offset) * unit.size, (other.value + its.offset) * its.size
    if gold == answer:
        return True
    off = abs(gold - answer)
    if (number.order or other.order) and gold and answer:
        low, high = sorted((abs(gold), abs(answer)))
        return False if gold * answer < 0 or high > ORDER * low else None
    bare_whole = unit is _BARE and number.whole
    if bare_whole and other.whole:
        return None if 2 * off <= number.rounded_to else False  # 79 protons are not 80, but 1000 may be 1024
    written = abs(number.value) * unit.size  # on a scale of temperature, what its zero is has no part in rounding
    step, its_step = number.step * unit.size, other.step * its.size
    if not bare_whole and written and off <= min(step / 2, ROUNDED * written):
        return True
    if 2 * off <= its_step <= step and off <= ROUNDED * abs(gold):
        return True  # 298 K for 25 °C: the gold in another unit, with as many digits
    # 5 and 6 are both 5.5, rounded, but 1 and 2 are apart
    neighbours = min(step + its_step, abs(gold), abs(answer))
    rounding = max(number.rounded_to * unit.size, other.rounded_to * its.size, neighbours) / 2
    return False if off > max(FAR * max(abs(gold), written), rounding) else None


def _are_comparable(number: WrittenNumber, unit: UnitMeaning, other: WrittenNumber, its: UnitMeaning) -> bool:
    """Whether quantities of different dimensions may say the same: zero, a particle and a mole, shares, wavenumbers."""
    if (not number.value and not other.value) or _is_share(unit) or _is_share(its):
        return True
    of_one = (unit.of_a_particle or its.of_a_particle) and _without_moles(unit) == _without_moles(its)
    pair = (unit.dimensions, its.dimensions)
    return of_one or (_WAVENUMBER in pair and not _TOLD_BY_WAVENUMBERS.isdisjoint(pair))


def _is_share(unit: UnitMeaning) -> bool:
    return any(kind in _SHARES for kind, _ in unit.kinds)


def _without_moles(unit: UnitMeaning) -> list[tuple[str, int]]:
    return [power for power in unit.dimensions if power[0] != "mole"]
