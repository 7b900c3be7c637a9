"""Problems about points, triangles and planes, whose answers have roots."""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Integer, Point, Rational, sqrt

from synthetic1.tasks.mathematics.problem import signed_sum
from synthetic1.tasks.programs.choices import Choices

Drawn = tuple[str, Any]


def geometry(level: int, draw: Choices) -> Drawn:
    """Areas, distances, radii."""

    def point(size: int = 2) -> tuple[int, ...]:
        return tuple(draw.integer(-9, 9) for _ in range(size))

    if level == 1:
        side, other, angle = draw.integer(2, 40), draw.integer(2, 40), draw.pick((30, 45, 60, 120, 135, 150))
        value = Rational(side * other, 2) * sympy.sin(sympy.rad(angle))
        statement = f"Two sides of a triangle have lengths {side} and {other}; the angle between them is "
        return statement + rf"${angle}^\circ$. Find the area of the triangle.", value
    if level == 2:
        a, b = point(), point()
        if a[0] == b[0] or a[1] == b[1]:
            return geometry(level, draw)
        return f"Find the distance between ${a}$ and ${b}$.", Point(*a).distance(Point(*b))
    if level == 3:
        while not all(normal := point(3)):
            pass
        at, shift = point(3), draw.integer(-20, 20)
        plane = signed_sum([(normal[0], "x"), (normal[1], "y"), (normal[2], "z")])
        value = abs(Integer(sum(n * c for n, c in zip(normal, at, strict=True))) - shift)
        statement = f"Find the distance from the point ${at}$ to the plane ${plane} = {shift}$."
        return statement, sympy.radsimp(value / sqrt(sum(n * n for n in normal)))
    if level == 4:
        while (sides := sorted(draw.integer(4, 60) for _ in range(3)))[2] >= sides[0] + sides[1]:
            pass
        half = Rational(sum(sides), 2)
        area = sqrt(half * sympy.prod([half - side for side in sides]))
        statement = f"A triangle has sides of lengths {sides[0]}, {sides[1]} and {sides[2]}. Find "
        if draw.chance(0.5):
            return f"{statement}its area.", sympy.radsimp(area)
        return f"{statement}the radius of its inscribed circle.", sympy.radsimp(area / half)
    while Point.is_collinear(*(corners := [Point(*point()) for _ in range(3)])) or beside(corners):
        pass
    p, q, r = corners
    a, b, c = q.distance(r), p.distance(r), p.distance(q)
    area = abs(sympy.Matrix([[*(q - p)], [*(r - p)]]).det()) / Integer(2)
    shown = ", ".join(f"({corner.x}, {corner.y})" for corner in corners[:2])
    statement = f"A triangle has the vertices ${shown}$ and $({r.x}, {r.y})$. "
    return statement + "Find the radius of its circumscribed circle.", sympy.radsimp(a * b * c / (4 * area))


def beside(corners: list[Any]) -> bool:
    """Whether a side is parallel to an axis: its length is read off."""
    return min(len({corner.x for corner in corners}), len({corner.y for corner in corners})) < len(corners)
