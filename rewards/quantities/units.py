"""Units of measurement: which words are units, and what they are of each other."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

# Name → (dimension, size in the dimension's base unit). Exact, so that conversion is.
_BASE: dict[str, tuple[str, Fraction]] = {}


def _add(dimension: str, *rows: tuple[str, str]) -> None:
    for size, names in rows:
        for name in names.split():
            _BASE[name] = (dimension, Fraction(size))


_add(
    "length",
    ("1", "m meter meters metre metres"),
    ("1/10", "dm decimeter decimeters decimetre decimetres"),
    ("1/100", "cm centimeter centimeters centimetre centimetres"),
    ("1/1000", "mm millimeter millimeters millimetre millimetres"),
    ("1/1000000", "micrometer micrometers micron microns"),
    ("1/1000000000", "nm nanometer nanometers"),
    ("1000", "km kilometer kilometers kilometre kilometres"),
    ("127/5000", "in inch inches"),
    ("381/1250", "ft foot feet"),
    ("1143/1250", "yd yard yards"),
    ("201168/125", "mi mile miles"),
)
_add(
    "time",
    ("1", "s sec second seconds"),
    ("1/1000", "ms millisecond milliseconds"),
    ("60", "min minute minutes mins"),
    ("3600", "h hr hour hours hrs"),
    ("86400", "day days"),
    ("604800", "week weeks"),
)
_add(
    "mass",
    ("1", "g gram grams"),
    ("1/1000", "mg milligram milligrams"),
    ("1000", "kg kilogram kilograms"),
    ("1000000", "tonne tonnes"),
    ("45359237/100000", "lb lbs pound pounds"),
    ("45359237/1600000", "oz ounce ounces"),
)
_add("volume", ("1", "l liter liters litre litres"), ("1/1000", "ml milliliter milliliters millilitre millilitres"))
_add("money", ("1", "dollar dollars usd"), ("1/100", "cent cents"))
_add("angle", ("1", "deg degree degrees"))
_add("temperature", ("1", "celsius"))
_add("energy", ("1", "j joule joules"), ("1000", "kj kilojoule kilojoules"))
_add("force", ("1", "newton newtons"))
_add("power", ("1", "w watt watts"), ("1000", "kw kilowatt kilowatts"))
_add("area", ("1", "hectare hectares"), ("40468564224/100000000000000", "acre acres"))

_SPEEDS = {"mph": Fraction(201168, 125) / 3600, "kph": Fraction(1000, 3600)}  # metres a second
_WORDS = re.compile(r"(square|sq|cubic|cu|per)?\.?\s*([a-z]+)\.?\s*(?:\^\s*\{?\s*(-?\d)\s*\}?)?", re.IGNORECASE)
_POWERS = {"square": 2, "sq": 2, "cubic": 3, "cu": 3}
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
    """A product of powers of base dimensions, with its size; or a word that is no known unit."""

    dimensions: tuple[tuple[str, int], ...]
    size: Fraction
    label: str = ""
    """For an unknown word: itself in the singular; dimensions are empty then."""

    def conflicts_with(self, other: Unit) -> bool:
        """Whether the two measure different things."""
        return (self.dimensions, self.label) != (other.dimensions, other.label)


def read_unit(text: str) -> Unit | None:
    """The unit that ``text`` (plain words) names, or ``None`` if it is no short noun phrase.

    ``cm``, ``square inches``, ``cm^2``, ``km/h``, ``miles per hour``; of other words (``apples``) the label.
    """
    text = text.strip().strip(".").strip()
    if not text or len(text) > 60:
        return None
    if text.lower() in _SPEEDS:
        return Unit((("length", 1), ("time", -1)), _SPEEDS[text.lower()])
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
        found = _BASE.get(word) or _BASE.get(word.lower() if len(word) > 2 else word)
        if found is None:
            known = False
            break
        power = sign * _POWERS.get(prefix, 1) * int(match[3] or 1)
        dimension, factor = found
        if dimension == "volume":
            dimension, power, factor = "length", 3 * power, factor / 1000
            size *= factor ** (power // 3)
        elif dimension == "area":
            dimension, power = "length", 2 * power
            size *= (found[1] * 10000) ** (power // 2)
        else:
            size *= factor**power
        powers[dimension] = powers.get(dimension, 0) + power
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
