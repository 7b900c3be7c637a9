"""A unit in plain words, as mathematics writes it: case is style, and other nouns name what is counted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from synthetic1.rewards.quantities.definitions import COMMON, POWERS

_WORDS = re.compile(r"(square|sq|cubic|cu|per)?\.?\s*([a-z]+)\.?\s*(?:\^\s*\{?\s*(-?\d)\s*\}?)?", re.IGNORECASE)
# What turns a noun after a number into a statement about the number: `5 is not the answer` counts no `answer`.
_SAYS_MORE = frozenset({
    "is", "isn", "isnt", "are", "aren", "was", "were", "be", "not", "no", "nor", "never", "none", "neither",
    "cannot", "can", "t", "wrong", "incorrect", "false", "untrue", "impossible", "or", "and", "but", "except",
    "without", "unless", "if", "than", "less", "more", "fewer", "greater", "least", "most", "about",
    "approximately", "roughly", "almost", "nearly", "maybe", "perhaps", "possibly", "either", "otherwise",
    "instead", "rather", "plus", "minus", "times", "because", "since", "so", "i", "we", "you", "it", "this", "that",
    "which", "say", "said", "think", "hence", "therefore", "thus", "when", "where", "given", "assuming", "only",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unit:
    """A product of powers of base dimensions, with its size; or a word that is not a known unit."""

    dimensions: tuple[tuple[str, int], ...]
    size: Fraction
    label: str = ""
    """For an unknown word: itself in the singular; dimensions are empty then."""

    def conflicts_with(self, other: Unit) -> bool:
        """Whether the two measure different things."""
        return (self.dimensions, self.label) != (other.dimensions, other.label)


def read_unit(text: str) -> Unit | None:
    """The unit that ``text`` (plain words) names, or ``None`` if it is not a short noun phrase.

    ``cm``, ``square inches``, ``cm^2``, ``km/h``, ``miles per hour``; of other words (``apples``) the label.
    """
    text = text.strip().strip(".").strip()
    if not text or len(text) > 60:
        return None
    whole = COMMON.get(text.lower())
    if whole is not None and len(whole.dimensions) > 1:  # mph: part of no product
        return Unit(whole.dimensions, whole.size)
    powers: dict[str, int] = {}
    size, sign, known = Fraction(1), 1, True
    rest = text.replace("\\cdot", " ")
    while rest:
        if rest.startswith("/"):
            sign, rest = -1, rest[1:].lstrip()
            continue
        match = _WORDS.match(rest)
        if match is None:
            return None
        prefix, word = (match[1] or "").lower(), match[2]
        rest = rest[match.end() :].lstrip()
        if prefix == "per" or word.lower() == "per":
            sign = -1
            if word.lower() == "per":
                continue
            prefix = ""
        unit = COMMON.get(word) or COMMON.get(word.lower() if len(word) > 2 else word)
        if unit is None or len(unit.dimensions) > 1:
            known = False
            break
        power = sign * POWERS.get(prefix, 1) * int(match[3] or 1)
        size *= unit.size**power
        for dimension, exponent in unit.dimensions:
            powers[dimension] = powers.get(dimension, 0) + exponent * power
    if known:
        return Unit(tuple(sorted((name, power) for name, power in powers.items() if power)), size)
    words = re.findall(r"[A-Za-z]+", text)
    if not re.fullmatch(r"[A-Za-z .'-]+", text) or not 1 <= len(words) <= 4:
        return None
    if not _SAYS_MORE.isdisjoint(word.lower() for word in words):
        return None
    return Unit((), Fraction(1), _singular(words[-1].lower()))


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word


SYMBOLS = frozenset(
    [
        "N",
        "J",
        "W",
        "V",
        "A",
        "K",
        "Pa",
        "Hz",
        "C",
        "mol",
        "L",
        "l",
        "mL",
        "ml",
        "cd",
        "lm",
        "T",
        "Wb",
        "F",
        "H",
        "eV",
        "keV",
        "MeV",
        "kV",
        "kPa",
        "MPa",
        "kJ",
        "kW",
        "MW",
        "GHz",
        "MHz",
        "kHz",
        "rad",
        "sr",
        "rpm",
        "atm",
        "bar",
        "psi",
        "u",
        "g",
        "kg",
        "mg",
        "ug",
        "ms",
        "ns",
        "us",
        "min",
        "h",
        "hr",
        "d",
        "yr",
        "y",
        "s",
        "m",
        "cm",
        "mm",
        "km",
        "nm",
        "ft",
        "in",
        "yd",
        "mi",
        "lb",
        "lbs",
        "oz",
        "USD",
        "EUR",
        "cal",
        "kcal",
        "cc",
    ]
)
"""What a unit's symbol may be in a term's end, beside the words of ``COMMON``."""
_COUNTED = re.compile(r"(?:(?:square|cubic|sq|cu)\.? )?units?(?: (?:squared|cubed)|\^ ?[23])?", re.IGNORECASE)


def is_unit(text: str) -> bool:
    """Whether ``text`` is made of known units and nothing else: a closed list, so that no noun passes for one."""
    plain = " ".join(re.sub(r"[{}~]", "", text).replace("\\cdot", " ").split())
    if _COUNTED.fullmatch(plain):
        return True
    parts = [part for part in re.split(r"[\s/·]|\^ ?-?\d+|-\d", plain) if part]
    return bool(parts) and all(
        part in SYMBOLS
        or part in COMMON
        or (len(part) > 2 and part.lower() in COMMON)
        or part.lower() in ("per", *POWERS)
        for part in parts
    )
