"""Problems about derivatives, integrals and limits."""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Rational, exp, log

from synthetic1.tasks.mathematics.algebra import polynomial, written_terms, x
from synthetic1.tasks.mathematics.problem import nonzero, signed_sum
from synthetic1.tasks.programs.choices import Choices

Drawn = tuple[str, Any]


def calculus(level: int, draw: Choices) -> Drawn:
    """Derivatives at a point and as formulas, limits, integrals."""
    p, shown = polynomial(draw, 3 if level == 1 else 2, 9)
    if level == 1:
        at = draw.integer(-4, 4)
        if at == 0:
            return calculus(level, draw)
        return f"Let $f(x) = {shown}$. Find $f'({at})$.", sympy.diff(p, x).subs(x, at)
    if level == 2:
        a = draw.integer(2, 9)
        outer, outer_shown = draw.pick(
            [(exp(a * x), f"e^{{{a}x}}"), (sympy.sin(a * x), rf"\sin({a}x)"), (sympy.cos(a * x), rf"\cos({a}x)")]
        )
        value = sympy.factor_terms(sympy.diff(p * outer, x))
        return f"Find the derivative of $({shown}) {outer_shown}$ with respect to $x$.", value
    if level == 3:
        a, (p, _), (q, _) = nonzero(draw, 9), polynomial(draw, 1, 9), polynomial(draw, 1, 9)
        if q.subs(x, a) == 0:
            return calculus(level, draw)
        top, bottom = sympy.expand((x - a) * p), sympy.expand((x - a) * q)
        shown = rf"\frac{{{written_terms(top, 2)}}}{{{written_terms(bottom, 2)}}}"
        value = sympy.cancel(top / bottom).subs(x, a)  # continuous there once the common factor is gone
        return rf"Find $\displaystyle\lim_{{x \to {a}}} {shown}$.", value
    if level == 4:
        low = draw.integer(-4, 2)
        high = low + draw.integer(2, 6)
        value = sympy.integrate(p, (x, low, high))
        return rf"Find $\displaystyle\int_{{{low}}}^{{{high}}} \left({shown}\right) dx$.", value
    b, c = draw.integer(2, 9), draw.integer(2, 9)
    if draw.chance(0.5):
        high = draw.integer(2, 9)
        integrand = rf"\frac{{{shown}}}{{{signed_sum([(b, 'x'), (c, '')])}}}"
        whole, rest = sympy.div(p, b * x + c, x)
        value = sympy.integrate(whole, (x, 0, high)) + rest / b * log(Rational(b * high + c, c))
    else:
        high = draw.integer(2, 4)
        integrand = f"({shown}) e^{{{b}x}}"
        antiderivative = exp(b * x) * (p / b - sympy.diff(p, x) / b**2 + sympy.diff(p, x, 2) / b**3)  # by parts, twice
        value = sympy.expand(antiderivative.subs(x, high) - antiderivative.subs(x, 0))
    return rf"Find $\displaystyle\int_0^{{{high}}} {integrand} \, dx$.", value
