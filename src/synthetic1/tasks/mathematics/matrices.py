"""Problems about matrices."""

from __future__ import annotations

from typing import Any

import sympy

from synthetic1.tasks.mathematics.problem import written
from synthetic1.tasks.programs.choices import Choices

Drawn = tuple[str, Any]


def matrices(level: int, draw: Choices) -> Drawn:
    """Inverses, products, determinants, eigenvalues, powers."""

    def matrix(size: int, largest: int) -> Any:
        """Not a triangular one, nor any that has more than one zero: those are solved at sight."""
        while True:
            found = sympy.Matrix(size, size, lambda *_: draw.integer(-largest, largest))
            if list(found).count(0) <= 1 and not found.is_lower and not found.is_upper:
                return found

    if level == 1:
        while abs((a := matrix(2, 9)).det()) <= 1:
            pass
        return f"Find the inverse of ${written(a)}$.", a.inv()
    if level == 2:
        a, b = matrix(2, 9), matrix(2, 9)
        return f"Let $A = {written(a)}$ and $B = {written(b)}$. Find $AB$.", a * b
    if level == 3:
        a = matrix(3, 9)
        return f"Find the determinant of ${written(a)}$.", a.det()
    if level == 4:
        while True:
            a, b = matrix(2, 6), matrix(2, 6)
            if (a * b).trace() ** 2 - 4 * (a * b).det() > 0:
                break
        statement = (
            f"Let $A = {written(a)}$ and $B = {written(b)}$. Find the eigenvalues of $AB$, separated by a comma."
        )
        return statement, sympy.FiniteSet(*(a * b).eigenvals())
    a, power = matrix(3, 4), draw.integer(5, 9)
    return f"Let $A = {written(a)}$. Find the trace of $A^{{{power}}}$.", (a**power).trace()
