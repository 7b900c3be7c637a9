r"""Equivalents by value: the same answer as another expression, and all rewriters of mathematics by kind.

As in ``mathematics.spellings`` each function is a rewriter that keeps the meaning by construction, or yields nothing.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from fractions import Fraction

from synthetic1.evaluation.auditing.case import AuditedGold, CaseKind
from synthetic1.evaluation.auditing.mathematics.frames import FRAMES
from synthetic1.evaluation.auditing.mathematics.names import NAMES
from synthetic1.evaluation.auditing.mathematics.orders import ORDERS
from synthetic1.evaluation.auditing.mathematics.parts import COLLECTIONS
from synthetic1.evaluation.auditing.mathematics.printers import PRINTERS
from synthetic1.evaluation.auditing.mathematics.spellings import SPELLINGS

_FRACTION = re.compile(r"(-?)\s*\\[dt]?frac\s*\{\s*(-?\d+)\s*\}\s*\{\s*(\d+)\s*\}|(-?)(\d+)\s*/\s*(\d+)")
_MIXED = re.compile(r"(-?)(\d+)\s*\\[dt]?frac\s*\{\s*(\d+)\s*\}\s*\{\s*(\d+)\s*\}")
_DECIMAL = re.compile(r"(-?)(\d*)\.(\d{1,4})")
_FORM_ASKED = re.compile(
    r"fraction|lowest|simplest|simplif|reduced|decimal|round|nearest|\bform\b|\\frac\{?[a-z]|mixed|express|percent|digits?\b",
    re.IGNORECASE,
)


# Numbers --------------------------------------------------------------------------------------------------------------


def fraction_of(text: str) -> Fraction | None:
    r"""The value of ``\frac{a}{b}`` or ``a/b`` with integers, alone."""
    found = _FRACTION.fullmatch(text.strip())
    if found is None:
        return None
    sign, over, under = (found[1], found[2], found[3]) if found[2] else (found[4], found[5], found[6])
    return Fraction(int(sign + "1") * int(over), int(under)) if int(under) else None


def terminating_decimal(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    r"""``\frac{3}{8}`` → ``0.375``, unless the prompt asks for a form"""
    value = fraction_of(gold.text)
    if value is None or value.denominator == 1 or _FORM_ASKED.search(gold.task.prompt):
        return
    scaled = value * 10_000
    if scaled.denominator == 1:
        digits = f"{abs(scaled.numerator):05d}"
        yield f"{'-' if value < 0 else ''}{digits[:-4]}.{digits[-4:].rstrip('0')}"


def fraction_of_decimal(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    r"""``0.375`` → ``\frac{3}{8}``, unless the prompt asks for a form"""
    found = _DECIMAL.fullmatch(gold.text)
    if found is None or _FORM_ASKED.search(gold.task.prompt):
        return
    value = Fraction(f"{found[2] or 0}.{found[3]}")
    if value.denominator > 1:
        yield rf"{found[1]}\frac{{{value.numerator}}}{{{value.denominator}}}"


def integer_decimal(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """``9.0`` → ``9``"""
    if found := re.fullmatch(r"(-?\d+)\.0+", gold.text):
        yield found[1]


def leading_zero(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """``0.5`` → ``.5`` and back; ``073`` → ``73``"""
    if found := re.fullmatch(r"(-?)0(\.\d+)", gold.text):
        yield found[1] + found[2]
    elif found := re.fullmatch(r"(-?)(\.\d+)", gold.text):
        yield f"{found[1]}0{found[2]}"
    elif found := re.fullmatch(r"0+([1-9]\d*)", gold.text):
        yield found[1]


def mixed_number(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    r"""``\frac{7}{3}`` → ``2\frac{1}{3}`` and back, unless the prompt asks for a form"""
    if _FORM_ASKED.search(gold.task.prompt):
        return
    if found := _MIXED.fullmatch(gold.text):
        whole, over, under = int(found[2]), int(found[3]), int(found[4])
        if 0 < over < under:
            yield rf"{found[1]}\frac{{{whole * under + over}}}{{{under}}}"
        return
    value = fraction_of(gold.text)
    if value is not None and abs(value) > 1 and value.denominator > 1:
        whole, over = divmod(abs(value.numerator), value.denominator)
        yield rf"{'-' if value < 0 else ''}{whole}\frac{{{over}}}{{{value.denominator}}}"


def slash_fraction(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    r"""``\frac{3}{4}`` → ``3/4``"""
    if (found := _FRACTION.fullmatch(gold.text)) and found[2] and not found[2].startswith("-"):
        yield f"{found[1]}{found[2]}/{found[3]}"


def built_fraction(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    r"""``3/4`` → ``\frac{3}{4}``"""
    if (found := _FRACTION.fullmatch(gold.text)) and found[5]:
        yield rf"{found[4]}\frac{{{found[5]}}}{{{found[6]}}}"


def moved_sign(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    r"""``-\frac{1}{2}`` → ``\frac{-1}{2}`` and back"""
    found = _FRACTION.fullmatch(gold.text)
    if found is None or not found[2]:
        return
    if found[1] and not found[2].startswith("-"):
        yield rf"\frac{{-{found[2]}}}{{{found[3]}}}"
    elif found[2].startswith("-") and not found[1]:
        yield rf"-\frac{{{found[2][1:]}}}{{{found[3]}}}"


def thousands(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    r"""``12345`` → ``12,345``, ``12{,}345`` and ``12\,345``"""
    if re.fullmatch(r"-?[1-9]\d{3,11}", gold.text):
        for separator in (",", "{,}", r"\,"):
            yield f"{int(gold.text):,}".replace(",", separator)


def no_thousands(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    r"""``12{,}345`` → ``12345``; a bare comma may part a list"""
    if re.fullmatch(r"-?[1-9]\d{0,2}(?:(?:\{,\}|\\,|,\\!)\d{3})+", gold.text):
        yield re.sub(r"[^\d-]", "", gold.text)


NUMBERS = {
    "terminating_decimal": terminating_decimal,
    "fraction_of_decimal": fraction_of_decimal,
    "integer_decimal": integer_decimal,
    "leading_zero": leading_zero,
    "mixed_number": mixed_number,
    "slash_fraction": slash_fraction,
    "built_fraction": built_fraction,
    "moved_sign": moved_sign,
    "thousands": thousands,
    "no_thousands": no_thousands,
}
MATH_EQUIVALENTS = {
    **SPELLINGS,
    **{kind: CaseKind(make) for kind, make in NUMBERS.items()},
    **ORDERS,
    **COLLECTIONS,
    **NAMES,
    **PRINTERS,
    **FRAMES,
}
