"""Problems about whole numbers, fractions and roots."""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Integer, Rational, sqrt
from sympy.ntheory.modular import crt

from synthetic1.tasks.mathematics.problem import signed_sum, written
from synthetic1.tasks.programs.choices import Choices

Drawn = tuple[str, Any]
SQUAREFREE = (2, 3, 5, 6, 7, 10, 11, 13, 14, 15)


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
    wholes = [draw.integer(1, 9) for _ in range(5)]
    value, shown = Rational(wholes[-1]), str(wholes[-1])
    for whole in reversed(wholes[:-1]):
        value, shown = whole + 1 / value, rf"{whole} + \cfrac{{1}}{{{shown}}}"
    return f"Write ${shown}$ as a single fraction in lowest terms.", value


def number_theory(level: int, draw: Choices) -> Drawn:
    """Divisors: greatest common, how many, their sum, and who has none in common."""
    if level == 1:
        common, a, b = draw.integer(2, 30), draw.integer(2, 40), draw.integer(2, 40)
        what, value = draw.pick([("greatest common divisor", sympy.gcd), ("least common multiple", sympy.lcm)])
        return f"What is the {what} of {common * a} and {common * b}?", value(Integer(common * a), Integer(common * b))
    number = 1
    for prime in (2, 3, 5, 7, 11, 13, 17):
        number *= prime ** draw.integer(0, 3 if prime < 6 else 1)
    number *= draw.integer(1, 9) if level < 4 else draw.integer(2, 60)
    if level == 2:
        return f"How many positive divisors does {number} have?", sympy.divisor_count(number)
    if level == 3:
        return f"What is the sum of all positive divisors of {number}?", sympy.divisor_sigma(number)
    if level == 4:
        statement = f"How many positive integers up to {number} have no common factor with {number} greater than 1?"
        return statement, sympy.totient(number)
    factorial, prime = draw.integer(50, 2000), draw.pick([2, 3, 5, 6, 7, 10, 12, 15])
    factors = sympy.factorint(prime)
    value = min(sum(factorial // p**k for k in range(1, 12)) // power for p, power in factors.items())
    return f"What is the largest integer $k$ such that ${prime}^k$ divides ${factorial}!$?", Integer(value)


def modular_arithmetic(level: int, draw: Choices) -> Drawn:
    """Remainders, powers, inverses and the Chinese remainder theorem."""
    if level == 1:
        a, b, modulus = draw.integer(12, 199), draw.integer(12, 199), draw.integer(5, 40)
        return rf"What is the remainder when ${a} \cdot {b}$ is divided by {modulus}?", Integer(a * b) % modulus
    if level == 2:
        base, power, modulus = draw.integer(2, 30), draw.integer(20, 500), draw.integer(7, 60)
        value = Integer(pow(base, power, modulus))
        return f"What is the remainder when ${base}^{{{power}}}$ is divided by {modulus}?", value
    if level == 3:
        modulus = draw.integer(11, 120)
        while sympy.gcd(modulus, a := draw.integer(2, modulus - 1)) != 1:
            pass
        b = draw.integer(1, modulus - 1)
        value = Integer(sympy.mod_inverse(a, modulus) * b) % modulus
        return rf"Find the smallest non-negative integer $x$ with ${a}x \equiv {b} \pmod{{{modulus}}}$.", value
    moduli = [draw.pick((7, 9, 11, 16, 25)), draw.pick((13, 17, 19, 23, 29, 31))]
    if level == 5:
        moduli.append(draw.pick((37, 41, 43, 47)))
    rests = [draw.integer(0, modulus - 1) for modulus in moduli]
    conditions = " and ".join(f"{rest} when divided by {modulus}" for rest, modulus in zip(rests, moduli, strict=True))
    value, _ = crt(moduli, rests)
    return f"Find the smallest non-negative integer that leaves remainder {conditions}.", Integer(int(value))


def surds(level: int, draw: Choices) -> Drawn:
    r"""Square roots brought to the form ``a + b\sqrt{c}``; asked for as integers, so that the question is no answer."""
    c = draw.pick(SQUAREFREE)
    ask = r"with rational numbers $a$ and $b$. Find $(a, b)$."
    if level == 1:
        while (root := sqrt(draw.integer(2, 40) ** 2 * draw.integer(2, 60))).is_integer:
            pass
        outside, inside = root.as_coeff_Mul()
        statement = rf"Write $\sqrt{{{root**2}}}$ as $a\sqrt{{b}}$ with positive integers $a$ and $b$, $b$ as small as "
        return statement + "possible. Find $(a, b)$.", sympy.Tuple(outside, inside**2)
    if level == 2:
        p, q, r = (draw.integer(2, 12) for _ in range(3))
        shown = rf"\sqrt{{{p * p * c}}} + \sqrt{{{q * q * c}}} - \sqrt{{{r * r * c}}}"
        value = sqrt(p * p * c) + sqrt(q * q * c) - sqrt(r * r * c)
        statement = rf"Write ${shown}$ as $a\sqrt{{{c}}}$ with an integer $a$. Find $a$."
        return statement, sympy.simplify(value / sqrt(c))
    a, b, sign = draw.integer(1, 12), draw.integer(1, 9), draw.pick((1, -1))
    p, q = draw.integer(1, 15), draw.integer(1, 9)
    root = rf"\sqrt{{{c}}}"
    inner = signed_sum([(a, ""), (sign * b, root)])
    if level == 3:
        shown, value = rf"\dfrac{{{p}}}{{{inner}}}", sympy.radsimp(p / (a + sign * b * sqrt(c)))
    elif level == 4:
        power = draw.integer(3, 5)
        shown, value = rf"({inner})^{{{power}}}", sympy.expand((a + sign * b * sqrt(c)) ** power)
    else:
        shown = rf"\dfrac{{{signed_sum([(p, ''), (q, root)])}}}{{({inner})^2}}"
        value = sympy.radsimp(sympy.expand((p + q * sqrt(c)) / (a + sign * b * sqrt(c)) ** 2))
    value = sympy.expand(value)
    parts = sympy.Tuple(value.coeff(sqrt(c), 0), value.coeff(sqrt(c), 1))
    return rf"Write ${shown}$ as $a + b\sqrt{{{c}}}$ {ask}", parts
