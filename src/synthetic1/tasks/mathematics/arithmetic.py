"""Problems about whole numbers, fractions and roots."""

from __future__ import annotations

from itertools import combinations
from math import gcd
from typing import Any

import sympy
from sympy import Integer, Rational, sqrt
from sympy.ntheory.modular import crt

from synthetic1.tasks.mathematics.problem import listed, nonzero, signed_sum, written
from synthetic1.tasks.programs.choices import Choices

Drawn = tuple[str, Any]
SQUAREFREE = (2, 3, 5, 6, 7, 10, 11, 13, 14, 15, 17, 19, 21, 22, 23)


def fractions(level: int, draw: Choices) -> Drawn:
    """A calculation with fractions; from a sum of two to a continued fraction."""

    def fraction() -> Any:
        while (value := Rational(draw.integer(1, 19), draw.integer(2, 12))).is_integer:
            pass
        return value

    a, b, c, d = (fraction() for _ in range(4))
    tex = [written(value) for value in (a, b, c, d)]
    plus = draw.pick("+-")

    def added(x: Any, y: Any) -> Any:
        return x + y if plus == "+" else x - y

    if level == 1:
        return f"Calculate ${tex[0]} {plus} {tex[1]}$.", added(a, b)
    if level == 2:
        return rf"Calculate ${tex[0]} {plus} {tex[1]} \cdot {tex[2]}$.", added(a, b * c)
    if level == 3:
        shown = rf"\left({tex[0]} {plus} {tex[1]}\right) \div \left({tex[2]} + {tex[3]}\right)"
        return f"Calculate ${shown}$.", added(a, b) / (c + d)
    if level == 4:
        whole = draw.integer(2, 9)
        shown = rf"\dfrac{{{tex[0]} {plus} {tex[1]}}}{{{whole} + {tex[2]}}} - {tex[3]}"
        return f"Write ${shown}$ as a single fraction in lowest terms.", added(a, b) / (whole + c) - d
    value, shown = a, tex[0]
    for _ in range(4):
        whole, over = draw.integer(2, 9), draw.integer(2, 9)
        value, shown = whole + over / value, rf"{whole} + \cfrac{{{over}}}{{{shown}}}"
    return f"Write ${shown}$ as a single fraction in lowest terms.", value


def number_theory(level: int, draw: Choices) -> Drawn:
    """Divisors: greatest common, powers of a prime, how many, their sum, and who has none in common."""
    if level == 1:
        common, a, b = draw.integer(2, 30), draw.integer(2, 40), draw.integer(2, 40)
        what, value = draw.pick([("greatest common divisor", sympy.gcd), ("least common multiple", sympy.lcm)])
        return f"What is the {what} of {common * a} and {common * b}?", value(Integer(common * a), Integer(common * b))
    if level == 2:
        top, base = draw.integer(50, 2000), draw.integer(2, 30)
        factors = sympy.factorint(base)
        value = min(sum(top // p**k for k in range(1, 12)) // power for p, power in factors.items())
        return f"What is the largest integer $k$ such that ${base}^k$ divides ${top}!$?", Integer(value)
    number = smooth(draw, 3 if level < 5 else 4)
    if level == 3:
        return f"How many positive divisors does {number} have?", sympy.divisor_count(number)
    if level == 4:
        return f"What is the sum of all positive divisors of {number}?", sympy.divisor_sigma(number)
    top = draw.integer(1000, 9999)
    value = Integer(sum(gcd(n, number) == 1 for n in range(1, top + 1)))
    return f"How many positive integers up to {top} have no common factor with {number} greater than 1?", value


def smooth(draw: Choices, primes: int) -> int:
    """A number with at least so many different prime factors, all of them below 50."""
    while len(factors := sympy.factorint(number := draw.integer(1_000, 300_000))) < primes or max(factors) > 50:
        pass
    return number


def modular_arithmetic(level: int, draw: Choices) -> Drawn:
    """Remainders, powers, inverses and the Chinese remainder theorem."""
    if level == 1:
        a, b, modulus = draw.integer(12, 199), draw.integer(12, 199), draw.integer(5, 40)
        return rf"What is the remainder when ${a} \cdot {b}$ is divided by {modulus}?", Integer(a * b) % modulus
    if level == 2:
        modulus = draw.integer(11, 120)
        a, b = coprime(draw, modulus), draw.integer(2, modulus - 2)
        value = Integer(sympy.mod_inverse(a, modulus) * b) % modulus
        return rf"Find the smallest non-negative integer $x$ with ${a}x \equiv {b} \pmod{{{modulus}}}$.", value
    if level == 3:
        modulus, power = draw.integer(11, 120), draw.integer(20, 500)
        base = coprime(draw, modulus)
        value = Integer(pow(base, power, modulus))
        return f"What is the remainder when ${base}^{{{power}}}$ is divided by {modulus}?", value
    moduli = [draw.integer(7, 31), draw.integer(13, 37), draw.integer(19, 47)]
    if any(gcd(a, b) > 1 for a, b in combinations(moduli, 2)):
        return modular_arithmetic(level, draw)
    rests = [draw.integer(2, modulus - 2) for modulus in moduli]
    if level == 4:
        conditions = [f"{rest} when divided by {modulus}" for rest, modulus in zip(rests, moduli, strict=True)]
        value, _ = crt(moduli, rests)
        return f"Find the smallest non-negative integer that leaves remainder {listed(conditions)}.", Integer(
            int(value)
        )
    factors = [coprime(draw, modulus) for modulus in moduli]
    value, _ = crt(moduli, [sympy.mod_inverse(a, m) * r % m for a, m, r in zip(factors, moduli, rests, strict=True)])
    lines = [rf"{a}x \equiv {r} \pmod{{{m}}}" for a, m, r in zip(factors, moduli, rests, strict=True)]
    statement = f"Find the smallest non-negative integer $x$ with {listed([f'${line}$' for line in lines])}."
    return statement, Integer(int(value))


def coprime(draw: Choices, modulus: int) -> int:
    """A number between 1 and ``modulus`` - 1 that has no factor in common with it; neither of the two."""
    while gcd(modulus, found := draw.integer(2, modulus - 2)) > 1:
        pass
    return found


def surds(level: int, draw: Choices) -> Drawn:
    r"""Square roots brought to the form ``a + b\sqrt{c}``; asked for as numbers, so the question is not its answer."""
    if level == 1:
        while (root := sqrt(draw.integer(2, 40) ** 2 * draw.integer(2, 150))).is_integer:
            pass
        outside, inside = root.as_coeff_Mul()
        statement = rf"Write $\sqrt{{{root**2}}}$ as $a\sqrt{{b}}$ with positive integers $a$ and $b$, $b$ as small as "
        return statement + "possible. Find $(a, b)$.", sympy.Tuple(outside, inside**2)
    c = draw.pick(SQUAREFREE)
    root = rf"\sqrt{{{c}}}"
    if level == 3:
        p, q, sign = draw.integer(2, 30), draw.integer(2, 30), draw.pick("+-")
        value = p + q if sign == "+" else p - q
        if p == q or abs(value) == 1:
            return surds(level, draw)
        statement = (
            rf"Write $\sqrt{{{p * p * c}}} {sign} \sqrt{{{q * q * c}}}$ as $a\sqrt{{b}}$ with integers $a$ and $b$, "
        )
        return statement + "$b$ positive and as small as possible. Find $(a, b)$.", sympy.Tuple(value, c)
    a, b = draw.integer(2, 15), nonzero(draw, 12)
    p, q = draw.integer(2, 30), draw.integer(2, 12)
    inner = signed_sum([(a, ""), (b, root)])
    below = (a, b)
    if level == 2:
        shown, parts = rf"\dfrac{{{p}}}{{{inner}}}", divided((p, 0), below, c)
    elif level == 4:
        power = draw.integer(3, 6)
        shown, parts = rf"({inner})^{{{power}}}", raised(below, power, c)
    else:
        shown = rf"\dfrac{{{signed_sum([(p, ''), (q, root)])}}}{{({inner})^3}}"
        parts = divided((p, q), raised(below, 3, c), c)
    statement = rf"Write ${shown}$ as $a + b{root}$ with rational numbers $a$ and $b$. Find $(a, b)$."
    return statement, sympy.Tuple(*parts)


Surd = tuple[int, int]  # (a, b): a + b·√c


def raised(base: Surd, power: int, c: int) -> Surd:
    a, b = 1, 0
    for _ in range(power):
        a, b = a * base[0] + b * base[1] * c, a * base[1] + b * base[0]
    return a, b


def divided(above: Surd, below: Surd, c: int) -> tuple[Any, Any]:
    """The quotient; ``below`` is not 0, nor can its norm be, as √c is irrational."""
    (p, q), (a, b) = above, below
    norm = a * a - b * b * c
    return Rational(p * a - q * b * c, norm), Rational(q * a - p * b, norm)
