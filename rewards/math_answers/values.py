"""What an answer can say: a number, a quantity, a tuple, set, interval, equation, word; a formula stays opaque."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from synthetic1.rewards.quantities.units import Unit

MAX_DECIMALS = 60
"""A number of more digits after the point is written as a fraction."""


@dataclass(frozen=True, slots=True)
class Number:
    """A rational number and how it was written."""

    value: Fraction
    decimals: int | None = None
    """Digits after the point; ``None`` if it was written without one, and so is exact."""

    @property
    def latex(self) -> str:
        """The number as a decimal, if it was written as one, or as a fraction."""
        sign, size = "-" if self.value < 0 else "", abs(self.value)
        if size.denominator == 1:
            return f"{sign}{size.numerator}"
        if self.decimals is not None and self.decimals <= MAX_DECIMALS:
            scaled = size * 10**self.decimals
            if scaled.denominator == 1:
                digits = str(scaled.numerator).rjust(self.decimals + 1, "0")
                return f"{sign}{digits[: -self.decimals]}.{digits[-self.decimals :]}"
        return rf"{sign}\frac{{{size.numerator}}}{{{size.denominator}}}"


@dataclass(frozen=True, slots=True)
class Formula:
    """Anything else that is one mathematical expression: for the symbolic comparison."""

    latex: str


@dataclass(frozen=True, slots=True)
class Measured:
    """A magnitude with a unit. Percent and degrees are units too."""

    magnitude: Number | Formula
    unit: Unit | Literal["percent", "degree"]


@dataclass(frozen=True, slots=True)
class Based:
    """Digits in a base other than ten."""

    digits: str
    base: str


@dataclass(frozen=True, slots=True)
class Sequence:
    """Several values. ``list`` has no brackets: several answers, in any order."""

    kind: Literal["tuple", "bracket", "set", "list"]
    items: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Interval:
    left: Value
    right: Value
    left_closed: bool
    right_closed: bool
    ambiguous: bool = False
    """``(a, b)``: the open interval, or the point."""


@dataclass(frozen=True, slots=True)
class Union:
    """Of intervals and sets, at least two."""

    parts: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    rows: tuple[tuple[Value, ...], ...]


@dataclass(frozen=True, slots=True)
class Chain:
    """Sides that are said to be equal."""

    sides: tuple[Value, ...]
    name: str = ""
    """The symbol (or ``f(x)``, or words) on the left that only names the value; not among the sides."""


@dataclass(frozen=True, slots=True)
class Approximation:
    exact: Value
    decimal: Value


@dataclass(frozen=True, slots=True)
class ChoiceLetter:
    """A letter of a multiple choice, with the option's value if that was written too."""

    letter: str
    value: Value | None = None


@dataclass(frozen=True, slots=True)
class Words:
    text: str
    """Lower case, without articles and punctuation."""


Value = (
    Number | Formula | Measured | Based | Sequence | Interval | Union | Matrix | Chain | Approximation | ChoiceLetter
    | Words
)  # fmt: skip

EMPTY = Sequence("set", ())
