"""What a generated problem is, and how values are written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class MathProblem:
    """A statement and its exact answer."""

    kind: str
    level: int
    statement: str
    value: Any
    """The answer as a sympy object: a number, an expression, a Tuple, a FiniteSet, an Interval or Union, a Matrix."""

    @property
    def answer(self) -> str:
        """The answer in LaTeX."""
        return written(self.value)


def written(value: Any) -> str:
    r"""``value`` in LaTeX as a person would write it: ``(1, 2)``, ``\{1, 2\}``, ``[0, 3)``, ``\ln(2)``."""
    from sympy import latex

    text = latex(value, ln_notation=True, mat_str="pmatrix", mat_delim="", inv_trig_style="full")
    text = re.sub(r"\\left|\\right|\\ (?=)", "", text)
    text = re.sub(r"\\(ln|sin|cos|tan|arctan)\{\(([^{}]*?) \)\}", r"\\\1(\2)", text)
    text = re.sub(
        r"(?<=\() | (?=[)\]])|(?<=^-) |(?<=pmatrix}-) |(?<=[(\[{,&] -) |(?<=[(\[{,&]-) |(?<=\\\\-) ", "", text
    )
    return re.sub(r"\s+", " ", text).strip()


def signed_sum(terms: list[tuple[Any, str]]) -> str:
    """``3x - y + 2`` from coefficients and what they stand before; zeros are left out, ones not written."""
    parts: list[str] = []
    for number, symbol in terms:
        if number == 0:
            continue
        size = written(abs(number))
        body = size if not symbol else symbol if abs(number) == 1 else f"{size}{symbol}"
        sign = ("-" if number < 0 else "") if not parts else (" - " if number < 0 else " + ")
        parts.append(sign + body)
    return "".join(parts) or "0"
