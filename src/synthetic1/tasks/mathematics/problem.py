"""What a generated problem is, and how values are written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from synthetic1.tasks.programs.choices import Choices


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
    text = re.sub(r"\s+", " ", re.sub(r"\\left|\\right|\\ ", "", text))
    text = re.sub(r"\\(ln|sin|cos|tan|arctan)\{\(((?:[^{}]|\{[^{}]*\})*?) ?\)\}", r"\\\1(\2)", text)
    text = re.sub(
        r"(?<=\() | (?=[)\]])|(?<=^-) |(?<=pmatrix}-) |(?<=[(\[{,&] -) |(?<=[(\[{,&]-) |(?<=\\\\-) ", "", text
    )
    return text.strip()


def is_trivial(problem: MathProblem) -> bool:
    """Whether nothing has to be worked out: the answer is 0, 1 or -1, which guesses hit, or stands in the statement."""
    if problem.value in (0, 1, -1):
        return True
    answer, statement = (_SPACES.sub("", text) for text in (problem.answer, problem.statement))
    return re.search(rf"(?<![\w.\\]){re.escape(answer)}(?!\w|\.\d)", statement) is not None


_SPACES = re.compile(r"(?<!\w)\s+|\s+(?!\w)")  # all but those between words and numbers


def listed(parts: Sequence[str]) -> str:
    """``a, b and c``."""
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else parts[0]


def with_article(noun: str) -> str:
    """``a team``, ``an orchestra``. For nouns that sound as they are spelt: not for ``hour`` or ``unit``."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def counted(number: int, one: str, many: str) -> str:
    """``1 ticket``, ``2 tickets``."""
    return f"{number} {one if number == 1 else many}"


def nonzero(draw: Choices, size: int) -> int:
    """From -``size`` to ``size``, but 0."""
    return draw.integer(1, size) * draw.pick((1, -1))


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
