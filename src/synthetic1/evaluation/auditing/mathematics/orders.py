"""Equivalents by order: the terms of a sum and the factors of a product, the other way round."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from itertools import pairwise

from synthetic1.evaluation.auditing.case import AuditedGold, CaseKind, Certainty
from synthetic1.evaluation.auditing.mathematics.spellings import NUMBER
from synthetic1.evaluation.auditing.notation.tex import is_formula, sides, tokens, top_level

_NO_SUM = re.compile(r"\\(?:pm|mp|int|sum|lim|prod|[lg]eq?|neq?|approx|in|cup)(?![A-Za-z])|[=<>,;:|!]|\de-?\d|\.$")
_WANTS_MORE = re.compile(r"\\(?:cdot|times|div|[a-z]*(?:sin|cos|tan|ln|log))\s*$")
_FACTOR = re.compile(
    r"(\d+(?:\.\d+)?|\\sqrt\s*\{[^{}]*\}|\([^()]*\)|\\left\([^()]*\\right\)|\\pi(?![A-Za-z])|[a-cj-zA-CI-OR-Z])"
    r"(\s*\^\s*(?:\{[^{}]*\}|[0-9A-Za-z]))?"
)


def terms_of(text: str) -> list[str] | None:
    """The terms of a sum with their signs; None if it is not a sum of two or more."""
    if not is_formula(text) or _NO_SUM.search(text):
        return None
    parts = tokens(text)
    places = [place for place in top_level(parts, {"+", "-"}) if "".join(parts[:place]).strip()]
    if not places or any("".join(parts[:place]).rstrip()[-1] in "+-*/^_=" for place in places):
        return None
    if any(_WANTS_MORE.search("".join(parts[:at])) for at in places):
        return None
    ends = [*places, len(parts)]
    terms = ["".join(parts[: places[0]]).strip()]
    terms += ["".join(parts[begin:end]).strip() for begin, end in pairwise(ends)]
    return [term if term[0] in "+-" else f"+{term}" for term in terms]


def written_sum(terms: list[str]) -> str:
    """Terms with their signs as a sum; a plus at its beginning is left out."""
    return " ".join(terms).removeprefix("+").strip()


def sum_reordered(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """``x^2-1`` → ``-1 +x^2``"""
    yield from sum_in_other_order(gold.text, rng)


def sum_in_other_order(text: str, rng: random.Random) -> Iterator[str]:
    """A sum with its terms turned round; nothing for anything else."""
    if (terms := terms_of(text)) is not None:
        turned = rng.randrange(1, len(terms))
        yield written_sum(terms[turned:] + terms[:turned])


def sum_after_name_reordered(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """``y=2x+1`` → ``y = 1 +2x``"""
    if is_formula(gold.text) and (found := sides(gold.text)) is not None:
        yield from (f"{found[0]} = {other}" for other in sum_in_other_order(found[1], rng))


def factors_of(text: str) -> list[str] | None:
    """The factors of a product of simple ones, written side by side; None if it is nothing of that kind."""
    sign, body = re.fullmatch(r"(-?)\s*(.*)", text.strip(), re.DOTALL).groups()  # type: ignore[union-attr]
    factors, place = [], 0
    while place < len(body):
        found = _FACTOR.match(body, place)
        if found is None:
            return None
        factors.append(found[0].strip())
        place = found.end()
        while body[place : place + 1].isspace():
            place += 1
    if len(factors) < 2 or any(NUMBER.fullmatch(factor) for factor in factors[1:]):
        return None
    for before, factor in pairwise(factors):
        if re.fullmatch(r"[A-Za-z]", before) and factor.startswith(("(", r"\left")):
            return None  # a function of something
    return [sign + factors[0], *factors[1:]]


def product_reordered(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    r"""``2\sqrt{3}`` → ``\sqrt{3} \cdot 2``"""
    yield from product_in_other_order(gold.text)


def product_in_other_order(text: str) -> Iterator[str]:
    """A product with its first factor last; nothing for anything else."""
    factors = factors_of(text) if is_formula(text) else None
    if factors is not None and factors[0] != factors[-1]:
        sign = "-" if factors[0].startswith("-") else ""
        factors[0] = factors[0].removeprefix("-")
        yield sign + r" \cdot ".join([*factors[1:], factors[0]])


ORDERS = {
    "sum_reordered": CaseKind(sum_reordered, Certainty.CHECKED),
    "sum_after_name_reordered": CaseKind(sum_after_name_reordered, Certainty.CHECKED),
    "product_reordered": CaseKind(product_reordered, Certainty.CHECKED),
}
