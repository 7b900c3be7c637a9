"""Problems about equations, polynomials, inequalities and complex numbers."""

from __future__ import annotations

from typing import Any

import sympy
from sympy import I, Integer, Poly, Rational, S, symbols
from sympy.solvers.inequalities import solve_rational_inequalities

from synthetic1.tasks.mathematics.problem import nonzero, signed_sum, written
from synthetic1.tasks.programs.choices import Choices

Drawn = tuple[str, Any]
x, z = symbols("x z")
POWERS = ("", "x", "x^2", "x^3", "x^4")


def polynomial(draw: Choices, degree: int, size: int) -> tuple[Any, str]:
    """A random polynomial, and how it is written. It has an absolute term; else it would factor at sight."""
    numbers = [nonzero(draw, size), *(draw.integer(-size, size) for _ in range(degree - 1)), nonzero(draw, size)]
    if numbers.count(0) > 1:
        return polynomial(draw, degree, size)
    expression = sum((Integer(n) * x**k for k, n in enumerate(numbers)), S.Zero)
    return expression, written_terms(expression, degree)


def written_terms(expression: Any, degree: int) -> str:
    """A polynomial in x, multiplied out, the highest power first."""
    coefficients = Poly(expression, x).all_coeffs()
    return signed_sum(list(zip(coefficients, POWERS[degree::-1], strict=True)))


def linear_systems(level: int, draw: Choices) -> Drawn:
    """Two to four equations in as many unknowns, with one solution."""
    size = {1: 2, 2: 2, 3: 3, 4: 3, 5: 4}[level]
    names = "xyzw"[:size]
    whole = level in (1, 3)  # whether the solution is one of integers
    while True:
        rows = sympy.Matrix(size, size, lambda *_: draw.integer(-7, 7))
        if rows.det() == 0 or max(list(rows.row(k)).count(0) for k in range(size)) > size - 2:
            continue  # no equation gives an unknown away
        right = sympy.Matrix(size, 1, lambda *_: draw.integer(-9, 9))
        right = rows * right if whole else right
        solution = rows.to_DM().to_field().lu_solve(right.to_DM().to_field()).to_Matrix()
        if max(value.q for value in solution) <= 60:
            break
    lines = [f"{signed_sum(list(zip(rows.row(k), names, strict=True)))} = {right[k]}" for k in range(size)]
    shown, asked = r" \\ ".join(lines), ", ".join(names)
    statement = rf"Solve the system $$\begin{{cases}} {shown} \end{{cases}}$$ Give the solution as $({asked})$."
    return statement, sympy.Tuple(*solution)


def polynomials(level: int, draw: Choices) -> Drawn:
    """Coefficients, roots, remainders, factors, and symmetric functions of roots."""
    if level == 1:
        (p, p_shown), (q, q_shown) = polynomial(draw, 2, 9), polynomial(draw, 2, 9)
        power = draw.integer(1, 3)
        value = Poly(p * q, x).coeff_monomial(x**power)
        return f"What is the coefficient of ${POWERS[power]}$ in the product $({p_shown})({q_shown})$?", value
    if level == 2:
        roots = Rational(nonzero(draw, 15), draw.integer(1, 4)), nonzero(draw, 15)
        _, poly = Poly(draw.integer(1, 6) * (x - roots[0]) * (x - roots[1]), x).clear_denoms(convert=True)
        statement = f"Find all solutions of ${written_terms(poly.as_expr(), 2)} = 0$."
        return statement, sympy.FiniteSet(*sympy.roots(poly))
    if level == 3:
        p, shown = polynomial(draw, 4, 9)
        divisor, at = x**2 + draw.integer(-5, 5) * x + nonzero(draw, 6), draw.integer(-4, 4)
        statement = f"Let $r(x)$ be the remainder when ${shown}$ is divided by ${written_terms(divisor, 2)}$. "
        return statement + f"Find $r({at})$.", sympy.rem(p, divisor, x).subs(x, at)
    if level == 4:
        product = draw.integer(1, 6) * sympy.prod([x - nonzero(draw, 12) for _ in range(3)])
        statement = f"Factor ${written_terms(product, 3)}$ completely over the integers."
        return statement, sympy.factor(sympy.expand(product))
    p, shown = polynomial(draw, 3, 9)
    power = draw.integer(4, 6)
    trace = (sympy.Matrix.companion(Poly(p, x).monic()) ** power).trace()  # its eigenvalues are the roots
    statement = f"Let $r, s, t$ be the complex roots of ${shown}$, counted with multiplicity. "
    return statement + f"Find $r^{power} + s^{power} + t^{power}$.", trace


def intervals(level: int, draw: Choices) -> Drawn:
    """Inequalities whose solutions are intervals, or unions of them."""
    relation, symbol = draw.pick([("<", "<"), (">", ">"), ("<=", r"\le"), (">=", r"\ge")])
    a, b, c, d = nonzero(draw, 9), nonzero(draw, 20), nonzero(draw, 9), nonzero(draw, 20)
    if b == d:  # the fraction of level 4 would cancel
        return intervals(level, draw)
    above, below = S.Zero, S.One  # the inequality is above / below `relation` 0
    if level == 1:
        above = (a - c) * x + b - d
        shown = f"{signed_sum([(a, 'x'), (b, '')])} {symbol} {signed_sum([(c, 'x'), (d, '')])}"
    elif level == 2:
        bound = draw.integer(1, 30)
        above = (a * x + b) ** 2 - bound**2
        shown = f"|{signed_sum([(a, 'x'), (b, '')])}| {symbol} {bound}"
    elif level == 3:
        above, below = x - b - c * (x - d), x - d
        shown = rf"\dfrac{{{signed_sum([(1, 'x'), (-b, '')])}}}{{{signed_sum([(1, 'x'), (-d, '')])}}} {symbol} {c}"
    else:
        degree = 2 if level == 4 else 3
        above = a * sympy.prod([x - nonzero(draw, 12) for _ in range(degree)])
        shown = f"{written_terms(above, degree)} {symbol} 0"
    value = S.EmptySet
    if sympy.degree(above, x) > 0:
        value = solve_rational_inequalities([[((Poly(above, x), Poly(below, x)), relation)]])
    if value in (S.EmptySet, S.Reals) or value.atoms(sympy.FiniteSet):
        return intervals(level, draw)
    return f"Solve ${shown}$ over the real numbers. Give the set of solutions in interval notation.", value


def complex_numbers(level: int, draw: Choices) -> Drawn:
    """Products, absolute values, quotients, powers, and equations without real roots."""
    p, q = (Integer(nonzero(draw, 12)) + I * nonzero(draw, 12) for _ in range(2))
    p_shown, q_shown = written_complex(p), written_complex(q)
    if level == 1:
        return f"Write $({p_shown})({q_shown})$ in the form $a + bi$.", sympy.expand(p * q)
    if level == 2:
        value = sympy.sqrt(sympy.expand(p * sympy.conjugate(p))) / sympy.sqrt(sympy.expand(q * sympy.conjugate(q)))
        statement = rf"Let $u = {p_shown}$ and $v = {q_shown}$. Find $\left|\dfrac{{u}}{{v}}\right|$."
        return statement, sympy.radsimp(value)
    if level == 3:
        a, b = draw.integer(2, 9), nonzero(draw, 19)
        c = b * b // (4 * a) + draw.integer(1, 40)
        shown = signed_sum([(a, "z^2"), (b, "z"), (c, "")])
        return f"Find all complex solutions of ${shown} = 0$.", sympy.FiniteSet(*sympy.roots(a * z**2 + b * z + c, z))
    if level == 4:
        base, power = Integer(nonzero(draw, 20)) + I * nonzero(draw, 20), draw.integer(3, 8)
        return f"Write $({written_complex(base)})^{{{power}}}$ in the form $a + bi$.", sympy.expand(base**power)
    power, other = draw.integer(3, 6), draw.integer(2, 4)
    above, below = sympy.expand(p**power), sympy.expand(q**other)
    value = sympy.expand(above * sympy.conjugate(below)) / sympy.expand(below * sympy.conjugate(below))
    shown = rf"\dfrac{{({p_shown})^{{{power}}}}}{{({q_shown})^{{{other}}}}}"
    return f"Write ${shown}$ in the form $a + bi$.", sympy.expand(value)


def written_complex(value: Any) -> str:
    """``3 - 2i``."""
    real, imaginary = value.as_real_imag()
    return signed_sum([(real, ""), (imaginary, "i")]) or written(value)
