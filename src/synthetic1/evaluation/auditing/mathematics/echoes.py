r"""Mutants that give the question back: what the prompt asks to compute or simplify, as it stands or barely changed.

Equal in value to the gold, and worth nothing. Nothing is made where the gold itself is that expression, up to the order
of terms and factors.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from fractions import Fraction

from synthetic1.evaluation.auditing.case import AuditedGold, CaseKind, Certainty, Rewrite
from synthetic1.evaluation.auditing.mathematics.orders import product_in_other_order, sum_in_other_order
from synthetic1.evaluation.auditing.notation.formula import (
    Node,
    NumberNode,
    OperationNode,
    UnreadableFormula,
    plain,
    read_formula,
)
from synthetic1.evaluation.auditing.notation.tex import is_formula

MAX_LENGTH = 200  # characters of an expression
_ASKED = re.compile(
    r"\b(?:compute|calculate|evaluate|simplify|expand|factor(?:i[sz]e)?|multiply|rationali[sz]e|what is|"
    r"find the (?:exact )?(?:value|product|sum) of|write)\b[^$.?!]{0,60}\$+([^$]+)\$+",
    re.IGNORECASE,
)
_ASKED_PLAINLY = re.compile(
    r"\b(?:what is|compute|calculate|evaluate)\s+([-+*/^()!\d\s.]*\d[-+*/^()!\d\s.]*?)\s*[.?]\s", re.IGNORECASE
)


def asked_expression(prompt: str) -> str | None:
    """The formula that a prompt asks to compute, simplify, expand or factor."""
    found = _ASKED.search(prompt) or _ASKED_PLAINLY.search(prompt + " ")
    if found is None:
        return None
    text = found[1].strip().rstrip(".,")
    is_operation = bool(re.search(r"[-+*/^!]|\\[A-Za-z]|[\w)]\s*[(]", text.lstrip("-")))
    return text if len(text) <= MAX_LENGTH and is_formula(text) and is_operation and "=" not in text else None


def normal(node: Node) -> object:
    """The same for formulas that differ in order, brackets and neutral operations alone."""
    if not isinstance(node, OperationNode):
        return repr(node)
    parts = [normal(part) for part in node.parts]
    one, zero = repr(NumberNode(Fraction(1))), repr(NumberNode(Fraction(0)))
    if node.name == "neg":
        inner = parts[0]
        return inner[1] if isinstance(inner, tuple) and inner[0] == "neg" else ("neg", inner)
    if node.name == "div" and parts[1] == one:
        return parts[0]
    if node.name in ("add", "mul"):
        neutral = zero if node.name == "add" else one
        flat: list[object] = []
        for part in parts:
            nested = isinstance(part, tuple) and part[0] == node.name
            flat += list(part[1:]) if isinstance(part, tuple) and nested else [part]
        flat = sorted((part for part in flat if part != neutral), key=repr)
        return flat[0] if len(flat) == 1 else (node.name, *flat)
    return (node.name, *parts)


def _same_formula(one: str, other: str) -> bool:
    try:
        return normal(read_formula(one)) == normal(read_formula(other))
    except UnreadableFormula:
        return "".join(plain(one).split()) == "".join(plain(other).split())


def echo(change: Callable[[str, random.Random], Iterator[str]]) -> Rewrite:
    """The mutator that gives back the expression of the prompt, changed."""

    def make(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
        asked = asked_expression(gold.task.prompt)
        if asked is not None and not _same_formula(asked, gold.text):
            yield from (text for text in change(asked, rng) if not _same_formula(text, gold.text))

    return make


@echo
def echo_as_it_stands(asked: str, rng: random.Random) -> Iterator[str]:
    yield asked


@echo
def echo_over_one(asked: str, rng: random.Random) -> Iterator[str]:
    yield rf"\frac{{{asked}}}{{1}}"


@echo
def echo_times_one(asked: str, rng: random.Random) -> Iterator[str]:
    yield rng.choice((rf"1 \cdot ({asked})", rf"({asked}) \times 1"))


@echo
def echo_doubly_negated(asked: str, rng: random.Random) -> Iterator[str]:
    yield f"-(-({asked}))"


@echo
def echo_plus_zero(asked: str, rng: random.Random) -> Iterator[str]:
    yield f"{asked} + 0"


@echo
def echo_reordered(asked: str, rng: random.Random) -> Iterator[str]:
    yield from sum_in_other_order(asked, rng)
    yield from product_in_other_order(asked)


@echo
def echo_with_name(asked: str, rng: random.Random) -> Iterator[str]:
    yield f"x = {asked}"


ECHOES = {
    kind: CaseKind(make, Certainty.ASSERTED)
    for kind, make in {
        "echo_as_it_stands": echo_as_it_stands,
        "echo_over_one": echo_over_one,
        "echo_times_one": echo_times_one,
        "echo_doubly_negated": echo_doubly_negated,
        "echo_plus_zero": echo_plus_zero,
        "echo_reordered": echo_reordered,
        "echo_with_name": echo_with_name,
    }.items()
}
