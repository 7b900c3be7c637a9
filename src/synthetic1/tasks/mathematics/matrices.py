"""Problems about matrices."""

from __future__ import annotations

from typing import Any

import sympy

from synthetic1.tasks.mathematics.problem import written
from synthetic1.tasks.programs.choices import Choices

Drawn = tuple[str, Any]


def matrices(level: int, draw: Choices) -> Drawn:
    """Products, determinants, inverses, eigenvalues, powers."""

    def matrix(size: int, largest: int) -> Any:
        return sympy.Matrix(size, size, lambda *_: draw.integer(-largest, largest))

    if level == 1:
        a, b = matrix(2, 9), matrix(2, 9)
        return f"Let $A = {written(a)}$ and $B = {written(b)}$. Find $AB$.", a * b
    if level == 2:
        a = matrix(3, 8)
        return f"Find the determinant of ${written(a)}$.", a.det()
    if level == 3:
        while (a := matrix(2, 9)).det() == 0:
            pass
        return f"Find the inverse of ${written(a)}$.", a.inv()
    if level == 4:
        while True:
            a = matrix(2, 9)
            discriminant = a.trace() ** 2 - 4 * a.det()
            if discriminant > 0:
                break
        statement = f"Find the eigenvalues of ${written(a)}$, separated by a comma."
        return statement, sympy.FiniteSet(*a.eigenvals())
    a, power = matrix(2, 5), draw.integer(5, 12)
    return f"Let $A = {written(a)}$. Find the trace of $A^{{{power}}}$.", (a**power).trace()
