"""Problems about sequences and series."""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Integer, Rational, oo

from synthetic1.tasks.mathematics.problem import signed_sum, written
from synthetic1.tasks.programs.choices import Choices

Drawn = tuple[str, Any]
k = sympy.Symbol("k", integer=True, positive=True)
STARTS = (*range(-9, 0), *range(2, 10))


def sequences(level: int, draw: Choices) -> Drawn:
    """Arithmetic and geometric ones, recurrences, sums that telescope."""
    first, step = draw.integer(-20, 40), draw.integer(2, 15) * draw.pick((1, -1))
    if level == 1:
        index = draw.integer(15, 90)
        shown = ", ".join(str(first + step * j) for j in range(4))
        return rf"What is term number {index} of the arithmetic sequence ${shown}, \ldots$?", Integer(
            sympy.sequence(first + step * (k - 1), (k, 1, index)).coeff(index)
        )
    if level == 2:
        count = draw.integer(12, 80)
        shown = ", ".join(str(first + step * j) for j in range(3))
        value = sympy.summation(first + step * (k - 1), (k, 1, count))
        return rf"Find the sum of the first {count} terms of the arithmetic sequence ${shown}, \ldots$.", value
    if level == 3:
        below = draw.integer(3, 16)
        ratio = Rational(draw.integer(1, below - 1), below) * draw.pick((1, -1))
        lead = Rational(draw.integer(2, 60), draw.integer(1, 9))
        shown = ", ".join(written(lead * ratio**j) for j in range(3))
        value = sympy.summation(lead * ratio ** (k - 1), (k, 1, oo))
        return rf"Find the sum of the infinite geometric series with the terms ${shown}, \ldots$.", value
    if level == 4:
        p, q = draw.integer(2, 6), draw.integer(2, 5) * draw.pick((1, -1))
        a1, a2, index = draw.pick(STARTS), draw.pick(STARTS), draw.integer(7, 11)
        terms = [Integer(a1), Integer(a2)]
        while len(terms) < index:
            terms.append(p * terms[-1] + q * terms[-2])
        rule = signed_sum([(p, "a_{n-1}"), (q, "a_{n-2}")])
        return rf"A sequence has $a_1 = {a1}$, $a_2 = {a2}$ and $a_n = {rule}$ for $n \ge 3$. Find $a_{{{index}}}$.", (
            terms[-1]
        )
    shift, lead = draw.integer(1, 30), draw.integer(2, 30)
    gap, count = draw.pick(((draw.integer(6, 9), 0), (draw.integer(3, 5), draw.integer(10, 60))))  # 0: without end
    # lead / gap · (1 / (k + shift) - 1 / (k + shift + gap)): only the first and the last `gap` of them are left
    ends = [Rational(1, shift + j) - (Rational(1, count + shift + j) if count else 0) for j in range(1, gap + 1)]
    value = Rational(lead, gap) * sum(ends)
    until, product = str(count or r"\infty"), f"(k + {shift})(k + {shift + gap})"
    return rf"Find $\displaystyle\sum_{{k=1}}^{{{until}}} \frac{{{lead}}}{{{product}}}$ as a fraction.", value
