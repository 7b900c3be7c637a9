r"""Equivalents by name and unit: ``x = 5`` and ``5 \text{ cm}`` for 5, where the prompt asks for centimetres."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import lru_cache

from synthetic1.evaluation.auditing.case import AuditedGold, CaseKind, Rewrite
from synthetic1.evaluation.auditing.notation.evaluating import UndefinedValue, symbols, value
from synthetic1.evaluation.auditing.notation.formula import Node, UnreadableFormula, read_formula
from synthetic1.evaluation.auditing.notation.tex import is_formula, sides

_NO_VALUE = re.compile(r"[=<>,;:|]|\\(?:pm|mp|infty|circ|%)|%")
_NAME = re.compile(
    r"[a-zA-Z]|[fgh](?:\^\{-1\})?\s*(?:\\left)?\(\s*[^()=,]{1,6}\s*(?:\\right)?\)|S_\{[^{}]*\}|\|[A-Z]{2}\||P\([A-Z|]+\)"
    r"|[a-zA-Z]_\{?(?:\\max|\\min|n|\d|\\text\{(?:max|min)\})\}?|\\(?:sin|cos|tan)\s*(?:\\theta|\\alpha|[A-C])"
)
_UNITS = (
    "degrees|radians|centimeters|cm|millimeters|mm|kilometers|km|meters|feet|inches|yards|miles|seconds|minutes|hours|"
    "days|weeks|months|years|dollars|cents|pounds|ounces|grams|kilograms|kg|liters|gallons|square units|cubic units|"
    "square inches|square feet|square meters|square centimeters|cubic inches|cubic feet|cubic centimeters|units|"
    "miles per hour|meters per second"
)
_ASKED_UNIT = re.compile(
    rf"how many (?P<many>{_UNITS})\b(?! of)|(?:,|number of|measured?|measure|length|area|volume|distance|height|width|"
    rf"answer|express\w*|perimeter|time|cost)[^.?]{{0,40}}? in (?P<unit>{_UNITS})\b",
    re.IGNORECASE,
)
_QUESTION = re.compile(
    r"[^.?!]*\?[^?]*$|[^.!]*(?:find|what|determine|compute|calculate|express)[^.]*\.?[^.]*$", re.IGNORECASE
)


@lru_cache(maxsize=256)
def _tree(text: str) -> Node | None:
    if not is_formula(text) or _NO_VALUE.search(text):
        return None
    try:
        return read_formula(text)
    except UnreadableFormula:
        return None


def constant(text: str) -> Fraction | None:
    """The value of a number or constant, near enough to tell its sign and size; None of anything else."""
    tree = _tree(text)
    if tree is None or symbols(tree):
        return None
    try:
        found = value(tree, {})
    except (UndefinedValue, ZeroDivisionError):
        return None
    if isinstance(found, Fraction):
        return found
    return None if getattr(found, "imag", 0) != 0 or abs(found) > 1e12 else Fraction(str(float(found.real)))


def named(name: str, fits: Callable[[Fraction], bool] = lambda found: True) -> Rewrite:
    """The rewriter that puts ``name =`` before a constant."""

    def make(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
        found = constant(gold.text)
        if found is not None and fits(found) and not is_of_prompt(name, gold.task.prompt):
            yield f"{name} = {gold.text}"

    return make


_FORMULAS = re.compile(r"\$[^$]+\$|\\\(.+?\\\)|\\\[.+?\\\]|\[asy\].*?\[/asy\]", re.DOTALL)


def is_of_prompt(name: str, prompt: str) -> bool:
    """Whether the prompt's formulas have the letters of a name: then it may be that of another quantity."""
    plain = re.sub(r"\\[a-z]+|_\{.*|\(.*|[|{}\[\]]", "", name).strip()
    formulas = " ".join(_FORMULAS.findall(prompt))
    return bool(plain) and re.search(rf"(?<![A-Za-z\\]){re.escape(plain)}(?![a-z])", formulas) is not None


def _is_positive(found: Fraction) -> bool:
    return found > 0


def name_letter(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """``5`` → ``x = 5``"""
    letter, sign = rng.choice("xnkaNm"), rng.choice(("=", " = "))
    if constant(gold.text) is not None and not is_of_prompt(letter, gold.task.prompt):
        yield f"{letter}{sign}{gold.text}"


def name_of_formula(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    r"""``x+22`` → ``f(x) = x+22``, ``f\left(x\right) = x+22``, ``y = x+22``; ``2n`` → ``a_n = 2n``"""
    tree = _tree(gold.text)
    names = symbols(tree) if tree is not None else set()
    if names == {"x"}:
        yield f"f(x) = {gold.text}"
        yield rf"f\left(x\right) = {gold.text}"
    elif names == {"n"}:
        yield f"a_n = {gold.text}"
        yield f"a_{{n}}={gold.text}"


def no_name(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """``x=5`` → ``5``, ``f(x)=x+22`` → ``x+22``; ``y=2x+1`` is an equation"""
    found = sides(gold.text)
    if found is None or not _NAME.fullmatch(found[0]):
        return
    name, right = found
    is_function = name[0] in "fgh" and "(" in name
    if constant(right) is not None or (is_function and _tree(right) is not None):
        yield right


def unit_of_prompt(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    r"""``5`` → ``5 \text{ feet}``, where the prompt asks how many feet"""
    if constant(gold.text) is None:
        return
    question = _QUESTION.search(gold.task.prompt.partition("\n\nPut your final answer")[0])
    found = _ASKED_UNIT.search(question[0]) if question is not None else None
    if found is not None:
        unit = (found["many"] or found["unit"]).lower()
        yield rf"{gold.text} \text{{ {unit}}}"
        yield rf"{gold.text}\text{{ {unit}}}"


def dollar_sign(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    r"""``5`` → ``\$5``, where the prompt asks how many dollars"""
    question = _QUESTION.search(gold.task.prompt)
    if question is not None and re.search(r"how many dollars|in dollars", question[0], re.IGNORECASE):
        found = constant(gold.text)
        if found is not None and found > 0 and re.fullmatch(r"[\d.]+", gold.text):
            yield rf"\${gold.text}"


NAMES = {
    "name_letter": CaseKind(name_letter),
    "name_of_formula": CaseKind(name_of_formula),
    "name_function": CaseKind(named("f(2)")),
    "name_function_left_right": CaseKind(named(r"f\left(2\right)")),
    "name_area": CaseKind(named(r"S_{\triangle ABC}", _is_positive)),
    "name_length": CaseKind(named("|AB|", _is_positive)),
    "name_probability": CaseKind(named("P(A|B)", lambda found: 0 <= found <= 1)),
    "name_maximum": CaseKind(named(r"m_{\max}")),
    "name_cosine": CaseKind(named(r"\cos\theta", lambda found: -1 <= found <= 1)),
    "name_expectation": CaseKind(named(r"\mathbb{E}[X]")),
    "name_sum": CaseKind(named("S_{10}")),
    "no_name": CaseKind(no_name),
    "unit_of_prompt": CaseKind(unit_of_prompt),
    "dollar_sign": CaseKind(dollar_sign),
}
