"""Mutants of answers with several parts: tuples, lists, sets, intervals, inequalities, equations."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from synthetic1.evaluation.auditing.case import AuditedGold, CaseKind, Certainty
from synthetic1.evaluation.auditing.mathematics.names import constant
from synthetic1.evaluation.auditing.notation.shapes import is_letter
from synthetic1.evaluation.auditing.notation.tex import enclosed, is_formula, sides, split, tokens, top_level

_RELATIONS = {
    "<": ">", ">": "<", r"\le": r"\ge", r"\ge": r"\le", r"\leq": r"\geq", r"\geq": r"\leq", r"\leqslant": r"\geqslant",
    r"\geqslant": r"\leqslant",
}  # fmt: skip
_STRICT = {"<": r"\le", ">": r"\ge", r"\le": "<", r"\ge": ">", r"\leq": "<", r"\geq": ">", r"\leqslant": "<"}


def _bracketed(text: str) -> tuple[str, list[str], str] | None:
    """A tuple, interval or set of at least two parts, and its brackets."""
    inside = enclosed(text) if is_formula(text) else None
    if inside is None or inside[0] == "{" or len(parts := split(inside[1], {","})) < 2 or not all(parts):
        return None
    return inside[0], parts, inside[2]


def _listed(text: str) -> tuple[str, list[str], str] | None:
    """As ``_bracketed``, and lists without brackets."""
    if (found := _bracketed(text)) is not None:
        return found
    parts = split(text, {","}) if is_formula(text) and "=" not in text else []
    return ("", parts, "") if len(parts) > 1 and all(parts) else None


def parts_swapped(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """``(1,2)`` → ``(2, 1)``"""
    found = _bracketed(gold.text)
    if found is not None and found[0] in "([":
        opening, parts, closing = found
        at = rng.randrange(len(parts) - 1)
        parts[at], parts[at + 1] = parts[at + 1], parts[at]
        yield f"{opening}{', '.join(parts)}{closing}"


def part_dropped(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """``1,2,3`` → ``1, 3``"""
    if (found := _listed(gold.text)) is not None:
        opening, parts, closing = found
        del parts[rng.randrange(len(parts))]
        yield f"{opening}{', '.join(parts)}{closing}"


def part_added(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """``(1,2)`` → ``(1, 2, 17)``"""
    if (found := _listed(gold.text)) is not None:
        opening, parts, closing = found
        yield f"{opening}{', '.join([*parts, str(rng.randint(11, 99))])}{closing}"


def part_repeated(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """``(1,2)`` → ``(1, 1)``"""
    if (found := _bracketed(gold.text)) is not None:
        opening, parts, closing = found
        yield f"{opening}{', '.join([parts[0], *parts[:-1]])}{closing}"


def joined_at_comma(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """``(1,100)`` → ``1100``, ``12, 34`` → ``1234``"""
    found = _listed(gold.text)
    if found is not None and all(part.isdigit() for part in found[1]):
        yield "".join(found[1])


def split_at_comma(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """``1234`` → ``12, 34``, ``(12,34)``; a comma before three digits parts thousands"""
    places = [at for at in range(1, len(gold.text)) if len(gold.text) - at != 3]
    if re.fullmatch(r"[1-9]\d+", gold.text) and places:
        at = rng.choice(places)
        yield f"{gold.text[:at]}, {gold.text[at:]}"
        yield f"({gold.text[:at]},{gold.text[at:]})"


def end_changed(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """``[1,2)`` → ``(1,2)``; a pair in parentheses may be a point, whose mutant is the closed interval"""
    found = _bracketed(gold.text)
    if found is not None and len(found[1]) == 2 and found[0] in "([" and found[2] in ")]":
        opening, (low, high), closing = found
        ends = [at for at, end in enumerate((low, high)) if r"\infty" not in end]
        if ends and rng.choice(ends) == 0:
            yield f"{'(' if opening == '[' else '['}{low}, {high}{closing}"
        elif ends:
            yield f"{opening}{low}, {high}{')' if closing == ']' else ']'}"


def set_as_interval(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    r"""``\{1,2\}`` → ``[1, 2]``"""
    found = _bracketed(gold.text)
    if found is not None and found[0] == r"\{" and len(found[1]) == 2:
        yield f"[{', '.join(found[1])}]"


def union_part_dropped(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    parts = split(gold.text, {r"\cup"}) if is_formula(gold.text) and "=" not in gold.text else []
    if len(parts) > 1 and all(parts):
        del parts[rng.randrange(len(parts))]
        yield r" \cup ".join(parts)


def _at_sign(gold: AuditedGold, rng: random.Random, signs: dict[str, str]) -> Iterator[str]:
    parts = tokens(gold.text) if is_formula(gold.text) else []
    if places := top_level(parts, signs):
        place = rng.choice(places)
        yield "".join([*parts[:place], signs[parts[place]], " ", *parts[place + 1 :]])


def inequality_reversed(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """``x<2`` → ``x>2``"""
    yield from _at_sign(gold, rng, _RELATIONS)


def inequality_strictness(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    r"""``x<2`` → ``x\le 2``"""
    yield from _at_sign(gold, rng, _STRICT)


def equation_as_inequality(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """``y=2x`` → ``y<2x``"""
    if gold.text.count("=") == 1:
        yield from _at_sign(gold, rng, {"=": rng.choice("<>")})


def one_of_plus_minus(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    r"""``\pm 5`` → ``5``"""
    if is_formula(gold.text) and gold.text.count(r"\pm") == 1 and r"\mp" not in gold.text:
        before, _, after = gold.text.partition(r"\pm")
        starts = not before.strip() or before.rstrip()[-1] in "=,("
        yield f"{before}{rng.choice(('', '-') if starts else ('+', '-'))}{after.strip()}"


def other_right_side(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """``y=2x+1`` → ``y = 7``, ``f(x)=x`` → ``f(x) = 7``"""
    found = sides(gold.text) if is_formula(gold.text) else None
    if found is not None and constant(found[1]) != 7:
        yield f"{found[0]} = 7"


def other_left_side(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """``y=2x+1`` → ``0+0 = 2x+1``: an equation that says something else; ``x=5`` may have any name"""
    found = sides(gold.text) if is_formula(gold.text) else None
    if found is not None and not is_letter(found[0]) and "(" not in found[0]:
        yield f"{rng.choice(('0+0', '1+1'))} = {found[1]}"


def other_set(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    r"""``A\cap B=\{1,2\}`` → ``A\cap B = \{77\}``, ``x+y = \{77\}``"""
    found = sides(gold.text) if is_formula(gold.text) else None
    if found is not None and found[1].startswith((r"\{", r"\left\{")):
        yield rf"{found[0]} = \{{77\}}"
        yield r"x+y = \{77\}"


_CERTAIN = (set_as_interval, other_set, other_right_side, union_part_dropped)
_CHECKED = (
    parts_swapped, part_dropped, part_added, part_repeated, joined_at_comma, split_at_comma, end_changed,
    inequality_reversed, inequality_strictness, equation_as_inequality, one_of_plus_minus, other_left_side,
)  # fmt: skip
PART_MUTANTS = {
    **{mutate.__name__: CaseKind(mutate, Certainty.CHECKED) for mutate in _CHECKED},
    **{mutate.__name__: CaseKind(mutate, Certainty.CERTAIN) for mutate in _CERTAIN},
}
