"""Equivalents by program: a gold as sympy prints it."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from typing import Any

from synthetic1.evaluation.auditing.case import AuditedGold, CaseKind, Certainty
from synthetic1.evaluation.auditing.notation.formula import (
    FUNCTIONS,
    Node,
    NumberNode,
    OperationNode,
    SymbolNode,
    UnreadableFormula,
    read_formula,
)
from synthetic1.evaluation.auditing.notation.tex import is_formula

MAX_LENGTH = 120  # characters of a gold
MAX_EXPONENT = 40
MAX_DIGITS = 9  # of a number
_FORM_ASKED = re.compile(
    r"fraction|lowest|simplest|simplif|reduced|decimal|round|nearest|\bform\b|mixed|express|factor|expand|rationali|"
    r"in terms of",
    re.IGNORECASE,
)


class UnprintableFormula(ValueError):
    """A formula that sympy would rewrite beyond recognition, or work on for long."""


def sympy_latex(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    r"""``(x+1)/2`` → ``\\frac{x}{2} + \\frac{1}{2}``, unless the prompt asks for a form"""
    if len(gold.text) > MAX_LENGTH or not is_formula(gold.text) or _FORM_ASKED.search(gold.task.prompt):
        return
    import sympy

    try:
        printed = sympy.latex(_expression(read_formula(gold.text), sympy), ln_notation=True, inv_trig_style="full")
    except (UnreadableFormula, UnprintableFormula, ArithmeticError, ValueError, TypeError):
        return
    if printed != gold.text and "zoo" not in printed and "nan" not in printed and r"\tilde" not in printed:
        yield printed


def _expression(node: Node, sympy: Any) -> Any:
    """The same formula in sympy."""
    if isinstance(node, NumberNode):
        if max(node.value.numerator, node.value.denominator) >= 10**MAX_DIGITS:
            raise UnprintableFormula("long numbers")
        return sympy.Rational(node.value.numerator, node.value.denominator)
    if isinstance(node, SymbolNode):
        if node.name == "°":
            raise UnprintableFormula("a unit")
        return {"e": sympy.E, "i": sympy.I, "pi": sympy.pi}.get(node.name) or sympy.Symbol(node.name)
    return _operation(node, [_expression(part, sympy) for part in node.parts], sympy)


def _operation(node: OperationNode, parts: list[Any], sympy: Any) -> Any:
    name = node.name
    if name == "add":
        return sympy.Add(*parts)
    if name == "mul":
        return sympy.Mul(*parts)
    if name == "neg":
        return -parts[0]
    if name == "div":
        return parts[0] / parts[1]
    if name == "pow":
        if parts[1].is_number and not abs(parts[1]) <= MAX_EXPONENT:
            raise UnprintableFormula("a large power")
        return parts[0] ** parts[1]
    if name == "root" and parts[1].is_Integer and parts[1] > 1:
        return sympy.root(parts[0], parts[1])
    if name == "abs":
        return sympy.Abs(parts[0])
    if name in FUNCTIONS - {"log"}:
        call = {"ln": "log", "arcsin": "asin", "arccos": "acos", "arctan": "atan"}.get(name, name)
        return getattr(sympy, call)(parts[0])
    raise UnprintableFormula(name)


PRINTERS = {"sympy_latex": CaseKind(sympy_latex, Certainty.CHECKED)}
