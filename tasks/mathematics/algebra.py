"""Problems about equations, polynomials, inequalities and complex numbers."""

from __future__ import annotations

from typing import Any

import sympy
from sympy import I, Integer, Rational, S, symbols

from synthetic1.tasks.mathematics.problem import signed_sum, written
from synthetic1.tasks.programs.choices import Choices

Drawn = tuple[str, Any]
x, y, z, w = symbols("x y z w")
POWERS = ("", "x", "x^2", "x^3", "x^4")


def nonzero(draw: Choices, size: int) -> int:
    return draw.integer(1, size) * draw.pick((1, -1))


def polynomial(draw: Choices, degree: int, size: int) -> tuple[Any, str]:
    """A random polynomial, and how it is written."""
    numbers = [draw.integer(-size, size) for _ in range(degree)] + [nonzero(draw, size)]
    expression = sum((Integer(n) * x**k for k, n in enumerate(numbers)), S.Zero)
    return expression, signed_sum([(n, POWERS[k]) for k, n in reversed(list(enumerate(numbers)))])


def linear_systems(level: int, draw: Choices) -> Drawn:
    """Two to four equations in as many unknowns, with one solution."""
    size = {1: 2, 2: 2, 3: 3, 4: 3, 5: 4}[level]
    names = (x, y, z, w)[:size]
    while True:
        rows = sympy.Matrix(size, size, lambda *_: draw.integer(-7, 7))
        if rows.det() == 0 or any(not any(rows.row(k)) for k in range(size)):
            continue
        if level in (1, 3):  # integers
            right = rows * sympy.Matrix(size, 1, lambda *_: draw.integer(-9, 9))
        else:
            right = sympy.Matrix(size, 1, lambda *_: draw.integer(-9, 9))
        [solution] = sympy.linsolve((rows, right), *names)
        if max(value.q for value in solution) <= 60:
            break
    lines = [
        f"{signed_sum([(rows[k, j], str(name)) for j, name in enumerate(names)])} = {right[k]}" for k in range(size)
    ]
    shown = r" \\ ".join(lines)
    asked = ", ".join(map(str, names))
    return rf"Solve the system $$\begin{{cases}} {shown} \end{{cases}}$$ Give the solution as $({asked})$.", solution


def polynomials(level: int, draw: Choices) -> Drawn:
    """Coefficients, roots, remainders, factors, and symmetric functions of roots."""
    if level == 1:
        (p, p_shown), (q, q_shown) = polynomial(draw, 2, 9), polynomial(draw, 2, 9)
        power = draw.integer(1, 3)
        value = sympy.Poly(p * q, x).coeff_monomial(x**power)
        return f"What is the coefficient of ${POWERS[power]}$ in the product $({p_shown})({q_shown})$?", value
    if level == 2:
        lead, roots = draw.integer(1, 6), (Rational(draw.integer(-12, 12), draw.integer(1, 4)), draw.integer(-12, 12))
        _, poly = sympy.Poly(lead * (x - roots[0]) * (x - roots[1]), x).clear_denoms(convert=True)
        coefficients = poly.all_coeffs()
        shown = signed_sum(list(zip(coefficients, ("x^2", "x", ""), strict=True)))
        return f"Find all solutions of ${shown} = 0$.", sympy.FiniteSet(*sympy.roots(poly))
    if level == 3:
        p, shown = polynomial(draw, 4, 9)
        b, c = draw.integer(-5, 5), nonzero(draw, 6)
        q, q_shown = x**2 + b * x + c, signed_sum([(1, "x^2"), (b, "x"), (c, "")])
        at = draw.integer(-4, 4)
        value = sympy.rem(p, q, x).subs(x, at)
        statement = f"Let $r(x)$ be the remainder when ${shown}$ is divided by ${q_shown}$. Find $r({at})$."
        return statement, value
    if level == 4:
        roots = tuple(sorted(draw.integer(-9, 9) for _ in range(3)))
        lead = draw.integer(1, 4)
        poly = sympy.Poly(lead * (x - roots[0]) * (x - roots[1]) * (x - roots[2]), x)
        shown = signed_sum(list(zip(poly.all_coeffs(), ("x^3", "x^2", "x", ""), strict=True)))
        return f"Factor ${shown}$ completely over the integers.", sympy.factor(poly.as_expr())
    p, shown = polynomial(draw, 3, 9)
    power = draw.integer(2, 4)
    trace = (sympy.Matrix.companion(sympy.Poly(p, x).monic()) ** power).trace()  # its eigenvalues are the roots
    statement = f"Let $r, s, t$ be the complex roots of ${shown}$, counted with multiplicity. "
    return statement + f"Find $r^{power} + s^{power} + t^{power}$.", trace


def intervals(level: int, draw: Choices) -> Drawn:
    """Inequalities whose solutions are intervals, or unions of them."""
    relation, symbol = draw.pick([("<", "<"), (">", ">"), ("<=", r"\le"), (">=", r"\ge")])
    a, b, c, d = nonzero(draw, 9), draw.integer(-20, 20), nonzero(draw, 9), draw.integer(-20, 20)
    if level == 1:
        while a == c:
            c = nonzero(draw, 9)
        left, right = a * x + b, c * x + d
        shown = f"{signed_sum([(a, 'x'), (b, '')])} {symbol} {signed_sum([(c, 'x'), (d, '')])}"
    elif level == 2:
        left, right = sympy.Abs(a * x + b), Integer(abs(d) + 1)
        shown = f"|{signed_sum([(a, 'x'), (b, '')])}| {symbol} {abs(d) + 1}"
    elif level == 3:
        roots = draw.integer(-12, 12), draw.integer(-12, 12)
        poly = sympy.Poly(a * (x - roots[0]) * (x - roots[1]), x)
        left, right = poly.as_expr(), S.Zero
        shown = f"{signed_sum(list(zip(poly.all_coeffs(), ('x^2', 'x', ''), strict=True)))} {symbol} 0"
    elif level == 4:
        left, right = (x - b) / (x - d), Integer(nonzero(draw, 6))
        if b == d or right == 1:
            return intervals(level, draw)
        shown = rf"\dfrac{{{signed_sum([(1, 'x'), (-b, '')])}}}{{{signed_sum([(1, 'x'), (-d, '')])}}} {symbol} {right}"
    else:
        roots3 = [draw.integer(-8, 8) for _ in range(3)]
        poly = sympy.Poly(a * (x - roots3[0]) * (x - roots3[1]) * (x - roots3[2]), x)
        left, right = poly.as_expr(), S.Zero
        shown = f"{signed_sum(list(zip(poly.all_coeffs(), ('x^3', 'x^2', 'x', ''), strict=True)))} {symbol} 0"
    value = sympy.solve_univariate_inequality(sympy.Rel(left, right, relation), x, relational=False)
    if value in (S.EmptySet, S.Reals) or value.atoms(sympy.FiniteSet):
        return intervals(level, draw)
    return f"Solve ${shown}$ over the real numbers. Give the set of solutions in interval notation.", value


def complex_numbers(level: int, draw: Choices) -> Drawn:
    """Arithmetic with complex numbers, absolute values, and equations without real roots."""
    p, q = (Integer(nonzero(draw, 12)) + I * nonzero(draw, 12) for _ in range(2))
    p_shown, q_shown = written_complex(p), written_complex(q)
    if level == 1:
        return f"Write $({p_shown})({q_shown})$ in the form $a + bi$.", sympy.expand(p * q)
    if level == 2:
        value = sympy.expand(p * sympy.conjugate(q)) / sympy.expand(q * sympy.conjugate(q))
        return rf"Write $\dfrac{{{p_shown}}}{{{q_shown}}}$ in the form $a + bi$.", sympy.expand(value)
    if level == 3:
        small, power = Integer(nonzero(draw, 6)) + I * nonzero(draw, 6), draw.integer(3, 8)
        value = sympy.expand(small**power)
        return f"Write $({written_complex(small)})^{{{power}}}$ in the form $a + bi$.", value
    if level == 4:
        value = sympy.sqrt(sympy.expand(p * sympy.conjugate(p))) / sympy.sqrt(sympy.expand(q * sympy.conjugate(q)))
        statement = rf"Let $u = {p_shown}$ and $v = {q_shown}$. Find $\left|\dfrac{{u}}{{v}}\right|$."
        return statement, sympy.radsimp(value)
    a, b = draw.integer(1, 6), draw.integer(-14, 14)
    c = b * b // (4 * a) + draw.integer(1, 30)
    shown = signed_sum([(a, "z^2"), (b, "z"), (c, "")])
    return f"Find all complex solutions of ${shown} = 0$.", sympy.FiniteSet(*sympy.roots(a * z**2 + b * z + c, z))


def written_complex(value: Any) -> str:
    """``3 - 2i``."""
    real, imaginary = value.as_real_imag()
    return signed_sum([(real, ""), (imaginary, "i")]) or written(value)
