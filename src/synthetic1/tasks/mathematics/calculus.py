"""Problems about derivatives, integrals and limits."""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Integer, exp, log

from synthetic1.tasks.mathematics.algebra import nonzero, polynomial, written_terms, x
from synthetic1.tasks.mathematics.problem import signed_sum
from synthetic1.tasks.programs.choices import Choices

Drawn = tuple[str, Any]


def calculus(level: int, draw: Choices) -> Drawn:
    """Derivatives at a point and as formulas, integrals, limits."""
    if level == 1:
        p, shown = polynomial(draw, 3, 9)
        at = draw.integer(-4, 4)
        return f"Let $f(x) = {shown}$. Find $f'({at})$.", sympy.diff(p, x).subs(x, at)
    if level == 2:
        p, shown = polynomial(draw, 2, 9)
        low = draw.integer(-4, 2)
        high = low + draw.integer(1, 5)
        return rf"Find $\displaystyle\int_{{{low}}}^{{{high}}} \left({shown}\right) dx$.", sympy.integrate(
            p, (x, low, high)
        )
    if level == 3:
        p, shown = polynomial(draw, 2, 9)
        a = nonzero(draw, 6)
        outer, outer_shown = draw.pick(
            [
                (exp(a * x), f"e^{{{signed_sum([(a, 'x')])}}}"),
                (sympy.sin(a * x), rf"\sin({signed_sum([(a, 'x')])})"),
                (sympy.cos(a * x), rf"\cos({signed_sum([(a, 'x')])})"),
            ]
        )
        value = sympy.factor_terms(sympy.diff(p * outer, x))
        return f"Find the derivative of $({shown}) {outer_shown}$ with respect to $x$.", value
    if level == 4:
        a, b, c = draw.integer(1, 12), draw.integer(1, 9), draw.integer(1, 9)
        high = draw.integer(1, 9)
        if draw.chance(0.5):
            shown, integrand = rf"\frac{{{a}}}{{{signed_sum([(b, 'x'), (c, '')])}}}", Integer(a) / (b * x + c)
        else:
            power = signed_sum([(b, "x")])
            shown, integrand = f"{signed_sum([(a, 'x')])} e^{{{power}}}", a * x * exp(b * x)
            high = draw.integer(1, 3)
        value = sympy.integrate(integrand, (x, 0, high))
        return rf"Find $\displaystyle\int_0^{{{high}}} {shown} \, dx$.", sympy.logcombine(
            sympy.simplify(value), force=True
        ) if value.has(log) else sympy.expand(value)
    a, (p, _), (q, _) = draw.integer(-5, 5), polynomial(draw, 1, 9), polynomial(draw, 1, 9)
    if q.subs(x, a) == 0:
        return calculus(level, draw)
    top, bottom = sympy.expand((x - a) * p), sympy.expand((x - a) * q)
    shown = rf"\frac{{{written_terms(top, 2)}}}{{{written_terms(bottom, 2)}}}"
    value = sympy.cancel(top / bottom).subs(x, a)  # continuous there once the common factor is gone
    return rf"Find $\displaystyle\lim_{{x \to {a}}} {shown}$.", value
