r"""Equivalents of answers with several parts: lists, sets, intervals, inequalities, equations."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from synthetic1.evaluation.auditing.case import AuditedGold, CaseKind
from synthetic1.evaluation.auditing.notation.shapes import (
    ChainShape,
    CollectionShape,
    UnionShape,
    as_interval,
    is_letter,
    shape_of,
)
from synthetic1.evaluation.auditing.notation.tex import enclosed, is_formula, sides, split, tokens, top_level

_SIGNS = {"<": ">", ">": "<", r"\le": r"\ge", r"\ge": r"\le", r"\leq": r"\geq", r"\geq": r"\leq"}
_NO_BOUND = re.compile(r"(?<![\\A-Za-z])[A-Za-z](?![A-Za-z])|:")
_HALF_OF_PAIR = re.compile(r"\d+(?:\.\d+)?|\\[dt]?frac\{\d+\}\{\d+\}|\d+/\d+|\d*\s*\\sqrt\{\d+\}")


def set_reordered(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    r"""``\{1,2\}`` → ``\{2, 1\}``"""
    inside = enclosed(gold.text) if is_formula(gold.text) else None
    if inside is not None and inside[0] == r"\{" and inside[2] == r"\}" and not re.search(r"[|:<>=]|\\mid", inside[1]):
        parts = split(inside[1], {","})
        if len(parts) > 1 and len(set(parts)) == len(parts):
            yield rf"\{{{', '.join(parts[1:] + parts[:1])}\}}"


def solutions_reordered(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """``(2,32), (8,18)`` and ``x=3,-4``: solutions, which have no order"""
    name, sign, values = gold.text.partition("=")
    name, values = (f"{name.strip()}=", values) if sign and is_letter(name) else ("", gold.text)
    parts = split(values, {","}) if is_formula(values) and "=" not in values else []
    tuples = all((inside := enclosed(part)) is not None and "," in inside[1] for part in parts)
    if len(parts) > 1 and len(set(parts)) == len(parts) and (tuples or name):
        yield name + ", ".join(parts[1:] + parts[:1])


def list_with_and(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    r"""``3, 4`` → ``3 \text{ and } 4``"""
    parts = split(gold.text, {","}) if is_formula(gold.text) and not _thousands_or_names(gold.text) else []
    if len(parts) == 2 and all(parts):
        yield rf"{parts[0]} \text{{ and }} {parts[1]}"


def list_spaced(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """``1,2`` → ``1, 2`` and back"""
    parts = split(gold.text, {","}) if is_formula(gold.text) and not _thousands_or_names(gold.text) else []
    if len(parts) > 1 and all(parts):
        spaced = ", ".join(parts)
        yield spaced if spaced != gold.text else ",\\ ".join(parts)


def _thousands_or_names(text: str) -> bool:
    return bool(re.search(r"\d,\s*\d{3}(?!\d)", text) or "=" in text)


def interval_as_inequality(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    r"""``[1,\infty)`` → ``x \ge 1``; ``(a,b)`` may be a point"""
    if not is_formula(gold.text):
        return
    shape = shape_of(gold.text)
    pieces = shape.parts if isinstance(shape, UnionShape) else (gold.text,)
    written = [_inequality(shape_of(piece), _unknown(gold.task.prompt)) for piece in pieces]
    if all(written):
        yield r" \text{ or } ".join(piece for piece in written if piece)


def _inequality(shape: object, letter: str) -> str | None:
    if not isinstance(shape, CollectionShape) or not shape.in_order or len(shape.parts) != 2:
        return None
    low, high = shape.parts
    if shape.opening == "(" and shape.closing == ")" and r"\infty" not in low + high:
        return None
    left = r"\le" if shape.opening == "[" else "<"
    right = r"\le" if shape.closing == "]" else "<"
    if low == r"-\infty" and r"\infty" not in high:
        return f"{letter} {right} {high}"
    if r"\infty" in high and r"\infty" not in low:
        return f"{letter} {left.replace('<', '>').replace('le', 'ge')} {low}"
    return f"{low} {left} {letter} {right} {high}" if r"\infty" not in low + high else None


def _unknown(prompt: str) -> str:
    """The letter that a prompt asks about, or ``x``."""
    found = re.findall(r"(?:values?|range) of (?:the real number )?\$?([a-z])\$?(?![a-z])", prompt)
    return found[-1] if found else "x"


def inequality_as_interval(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    r"""``x \ge 1`` → ``[1, \infty)``, where no bound has a letter"""
    shape = shape_of(gold.text) if is_formula(gold.text) else None
    interval = as_interval(shape) if isinstance(shape, ChainShape) else None
    if interval is not None and not any(_NO_BOUND.search(part) for part in interval.parts):
        yield f"{interval.opening}{interval.parts[0]}, {interval.parts[1]}{interval.closing}"


def inequality_turned_around(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """``x > 2`` → ``2 < x``"""
    parts = tokens(gold.text) if is_formula(gold.text) else []
    places = top_level(parts, _SIGNS)
    if len(places) == 1 and "=" not in parts and "," not in parts:
        left, right = "".join(parts[: places[0]]).strip(), "".join(parts[places[0] + 1 :]).strip()
        if left and right:
            yield f"{right} {_SIGNS[parts[places[0]]]} {left}"


def equation_turned_around(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """``y=2x+1`` → ``2x+1 = y``"""
    shape = shape_of(gold.text) if is_formula(gold.text) else None
    if isinstance(shape, ChainShape) and shape.signs == ("=",) and "," not in gold.text and r"\pm" not in gold.text:
        found = sides(gold.text)
        if found is not None and re.search(r"[A-Za-z]", re.sub(r"\\[A-Za-z]+", "", found[1])):  # no named value
            yield f"{found[1]} = {found[0]}"


def plus_minus_as_two(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    r"""``1 \pm \sqrt{2}`` → ``1 + \sqrt{2}, 1 - \sqrt{2}``"""
    name, sign, value = gold.text.partition("=")
    name, value = (f"{name.strip()} = ", value) if sign and is_letter(name) else ("", gold.text)
    if is_formula(value) and not re.search(r"[=<>,]|\\mp", value) and len(found := split(value, {r"\pm"})) == 2:
        before, after = found
        if after:
            yield f"{name}{f'{before} + {after}' if before else after}, {before}{' ' if before else ''}- {after}"


def two_as_plus_minus(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    r"""``5,-5`` → ``\pm 5``"""
    parts = split(gold.text, {","}) if is_formula(gold.text) else []
    if len(parts) == 2:
        for one, other in (parts, parts[::-1]):
            if _HALF_OF_PAIR.fullmatch(one) and "".join(other.split()) == "-" + "".join(one.split()):
                yield rf"\pm {one}"


COLLECTIONS = {
    "set_reordered": CaseKind(set_reordered),
    "solutions_reordered": CaseKind(solutions_reordered),
    "list_with_and": CaseKind(list_with_and),
    "list_spaced": CaseKind(list_spaced),
    "interval_as_inequality": CaseKind(interval_as_inequality),
    "inequality_as_interval": CaseKind(inequality_as_interval),
    "inequality_turned_around": CaseKind(inequality_turned_around),
    "equation_turned_around": CaseKind(equation_turned_around),
    "plus_minus_as_two": CaseKind(plus_minus_as_two),
    "two_as_plus_minus": CaseKind(two_as_plus_minus),
}
