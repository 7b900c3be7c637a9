"""Problems about sequences and series."""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Integer, Rational, oo

from synthetic1.tasks.mathematics.problem import signed_sum, written
from synthetic1.tasks.programs.choices import Choices

Drawn = tuple[str, Any]
k = sympy.Symbol("k", integer=True, positive=True)


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
        below = draw.integer(3, 12)
        ratio = Rational(draw.integer(1, below - 1), below) * draw.pick((1, -1))
        lead = Rational(draw.integer(1, 40), draw.integer(1, 5))
        shown = ", ".join(written(lead * ratio**j) for j in range(3))
        value = sympy.summation(lead * ratio ** (k - 1), (k, 1, oo))
        return rf"Find the sum of the infinite geometric series with the terms ${shown}, \ldots$.", value
    if level == 4:
        p, q = draw.integer(1, 4), draw.integer(1, 3) * draw.pick((1, -1))
        a1, a2, index = draw.integer(-5, 9), draw.integer(-5, 9), draw.integer(7, 11)
        terms = [Integer(a1), Integer(a2)]
        while len(terms) < index:
            terms.append(p * terms[-1] + q * terms[-2])
        rule = signed_sum([(p, "a_{n-1}"), (q, "a_{n-2}")])
        return rf"A sequence has $a_1 = {a1}$, $a_2 = {a2}$ and $a_n = {rule}$ for $n \ge 3$. Find $a_{{{index}}}$.", (
            terms[-1]
        )
    gap, shift, lead = draw.integer(1, 5), draw.integer(0, 9), draw.integer(1, 12)
    low, high = signed_sum([(1, "k"), (shift, "")]), f"k + {shift + gap}"
    low = f"({low})" if shift else low
    count = draw.pick((0, draw.integer(10, 60)))  # 0: without end
    term = lead / ((k + shift) * (k + shift + gap))
    value = sympy.summation(term, (k, 1, count or oo))
    until = str(count or r"\infty")
    return rf"Find $\displaystyle\sum_{{k=1}}^{{{until}}} \frac{{{lead}}}{{{low}({high})}}$ as a fraction.", (
        sympy.nsimplify(sympy.simplify(value))
    )
