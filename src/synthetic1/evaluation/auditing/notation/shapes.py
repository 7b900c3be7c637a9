r"""What kind of thing an answer is, from the outside: a formula, an equation or inequality, a tuple, a set, a union."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from synthetic1.evaluation.auditing.notation.formula import plain
from synthetic1.evaluation.auditing.notation.tex import enclosed, split, tokens, top_level

SIGNS = {"=": "=", "<": "<", ">": ">", r"\le": "<=", r"\ge": ">=", r"\ne": "!=", r"\lt": "<", r"\gt": ">"}
TURNED = {"=": "=", "<": ">", ">": "<", "<=": ">=", ">=": "<=", "!=": "!="}
_UNIT = re.compile(
    r"\s*(?:\\(?:text|mathrm|textrm|mbox)\s*\{(?P<name>[^{}]*)\}\s*(?:\^\s*(?:\{\s*(?P<power>\d)\s*\}|(?P<digit>\d)))?"
    r"|(?P<percent>\\?%))$"
)


@dataclass(frozen=True, slots=True)
class FormulaShape:
    """A number, formula, or something that is not understood."""

    text: str


@dataclass(frozen=True, slots=True)
class ChainShape:
    """Equations and inequalities: ``1 < x \\le 2`` has three sides and two signs."""

    sides: tuple[str, ...]
    signs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CollectionShape:
    """A tuple, interval or set by its brackets; without brackets a list of values, in any order."""

    opening: str
    parts: tuple[str, ...]
    closing: str

    @property
    def in_order(self) -> bool:
        return self.opening in ("(", "[")


@dataclass(frozen=True, slots=True)
class UnionShape:
    """Sets or intervals joined by ``\\cup``."""

    parts: tuple[str, ...]


Shape = FormulaShape | ChainShape | CollectionShape | UnionShape


@lru_cache(maxsize=2048)
def shape_of(text: str) -> Shape:
    """The outermost structure of an answer, written in one spelling."""
    text = plain(text)
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", text):
        return FormulaShape(text)
    if len(parts := split(text, {","})) > 1 and all(parts):
        return _named_list(parts) or CollectionShape("", tuple(parts), "")
    if len(parts := split(text, {r"\cup"})) > 1:
        return UnionShape(tuple(parts))
    places = top_level(pieces := tokens(text), SIGNS)
    if places:
        sides = split(text, SIGNS)
        return ChainShape(tuple(sides), tuple(SIGNS[pieces[place]] for place in places))
    if (inside := enclosed(text)) is not None:
        opening, content, closing = inside
        parts = split(content, {","})
        if opening == r"\{" or (len(parts) > 1 and opening in "(["):
            return CollectionShape(opening, tuple(parts) if content.strip() else (), closing)
    if text.count(r"\pm") == 1 and r"\mp" not in text:
        return CollectionShape("", (text.replace(r"\pm", "+"), text.replace(r"\pm", "-")), "")
    return FormulaShape(text)


def _named_list(parts: list[str]) -> ChainShape | None:
    """``x=3,-4``: one name for a list of values."""
    name, sign, first = parts[0].partition("=")
    if sign and not any(set(tokens(part)) & set(SIGNS) for part in (first, *parts[1:])):
        return ChainShape((name.strip(), ", ".join([first.strip(), *parts[1:]])), ("=",))
    return None


def as_interval(chain: ChainShape) -> CollectionShape | None:
    r"""The interval of an inequality in one letter: ``1<x\le2`` is ``(1,2]``."""
    sides, signs = chain.sides, chain.signs
    if all(sign in (">", ">=") for sign in signs):
        sides, signs = sides[::-1], tuple(TURNED[sign] for sign in reversed(signs))
    if not all(sign in ("<", "<=") for sign in signs):
        return None
    brackets = {"<": ("(", ")"), "<=": ("[", "]")}
    if len(sides) == 2 and is_letter(sides[0]) and not is_letter(sides[1]):
        return CollectionShape("(", (r"-\infty", sides[1]), brackets[signs[0]][1])
    if len(sides) == 2 and is_letter(sides[1]) and not is_letter(sides[0]):
        return CollectionShape(brackets[signs[0]][0], (sides[0], r"\infty"), ")")
    if len(sides) == 3 and is_letter(sides[1]):
        return CollectionShape(brackets[signs[0]][0], (sides[0], sides[2]), brackets[signs[1]][1])
    return None


def is_letter(text: str) -> bool:
    """Whether ``text`` is one letter that stands for an unknown."""
    return bool(re.fullmatch(r"[a-df-hj-zA-Z]|\\(?:alpha|beta|theta|lambda|mu)", text.strip()))


def without_unit(text: str) -> tuple[str, str]:
    """``text`` without the unit or percent sign at its end, and that unit in one spelling."""
    found = _UNIT.search(text)
    if found is None:
        return text, ""
    if found["percent"]:
        return text[: found.start()], "%"
    return text[: found.start()], f"{''.join(found['name'].split())}^{found['power'] or found['digit'] or 1}"
