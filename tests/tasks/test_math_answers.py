"""The answers of generated problems, found again from their statements alone, by other means.

By trying all cases, by sums over them, in floating point with numpy, or by a reader of LaTeX that is not ours: what is
written is what counts, so a statement that says another thing than its answer is found, too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from itertools import product
from math import comb, factorial, gcd, hypot, isqrt, lcm, prod, radians, sin, sqrt
from typing import Any

import numpy as np
import pytest

from synthetic1.tasks.math import problem
from synthetic1.tasks.mathematics.kinds import KINDS, LEVELS
from synthetic1.tasks.mathematics.problem import MathProblem

sympy = pytest.importorskip("sympy")
latex2sympy = pytest.importorskip("latex2sympy2_extended").latex2sympy

SIZES = [4, pytest.param(80, marks=pytest.mark.proofs)]  # of each kind and level
x, y, z, w = sympy.symbols("x y z w")
i = sympy.Symbol("i")


def numbers(text: str) -> list[int]:
    """The whole numbers of a statement with their signs; indices of names are none."""
    return [
        int(digits) for digits in re.findall(r"(?<![\w}])-?\d+|\d+", re.sub(r"[a-z]_(?:\d+|\{[^{}]*\})", "v", text))
    ]


def formulas(statement: str) -> list[str]:
    return re.findall(r"\$+(.*?)\$+", statement)


def matrices(statement: str) -> list[Any]:
    found = re.findall(r"begin\{pmatrix\}(.*?)\\end", statement)
    return [np.array([[int(entry) for entry in row.split("&")] for row in text.split("\\\\")]) for text in found]


def close(found: Any, wanted: Any) -> bool:
    a, b = complex(sympy.N(found)), complex(sympy.N(wanted))
    return abs(a - b) <= 1e-8 * max(1.0, abs(b))


def onto(things: int, boxes: int) -> int:
    return sum((-1) ** j * comb(boxes, j) * (boxes - j) ** things for j in range(boxes + 1))


def distributed(n: list[int]) -> int:
    ways = 1
    things, boxes, *exact = n
    for gets in exact:
        ways, things, boxes = ways * comb(things, gets), things - gets, boxes - 1
    return ways * onto(things, boxes)


def arranged(statement: str) -> int:
    letters = Counter(re.findall(r"\b[A-Z]\b", statement))
    ways = factorial(letters.total())
    for times in letters.values():
        ways //= factorial(times)
    return ways


def from_bags(n: list[int]) -> list[Any]:
    """The chance of each of three bags, where the last number says how many balls of the first colour were drawn."""
    size = (len(n) - 1) // 3
    bags = [n[k * size : (k + 1) * size] for k in range(3)]
    ways = [sympy.Rational(comb(held[0], n[-1]), comb(sum(held), n[-1])) for held in bags]
    return [way / sum(ways) for way in ways]


def smallest(n: list[int], holds: Callable[[int, list[int]], bool], width: int) -> int:
    rows = [n[k : k + width] for k in range(0, len(n), width)]
    return next(x for x in range(10**6) if all(holds(x, row) for row in rows))


# --- what is written, read by another reader -----------------------------------------------------------------------


def read(text: str) -> Any:
    return latex2sympy(text)


def as_number(p: MathProblem) -> Any:
    """The number of which the answer is a pair of parts."""
    if not isinstance(p.value, sympy.Tuple):
        return p.value
    root = re.search(r"as \$a \+ b\\sqrt\{(\d+)\}", p.statement)
    return p.value[0] + p.value[1] * sympy.sqrt(int(root[1])) if root else p.value[0] * sympy.sqrt(p.value[1])


def is_value(p: MathProblem) -> bool:
    return close(read(formulas(p.statement)[0]).doit().subs(i, sympy.I), as_number(p))


def is_derivative(p: MathProblem) -> bool:
    e = re.search(r"e\^\{(\d+)x\}", p.statement)  # the other reader takes e for a name
    written = read(formulas(p.statement)[0]).subs(sympy.Symbol("e"), sympy.E)
    assert e is None or written.has(sympy.exp)
    at = sympy.Rational(3, 7)
    return close(sympy.diff(written, x).subs(x, at), p.value.subs(x, at))


def is_factored(p: MathProblem) -> bool:
    whole = sympy.expand(read(formulas(p.statement)[0]) - p.value) == 0
    return whole and all(sympy.degree(factor, x) <= 1 for factor, _ in sympy.factor_list(p.value)[1])


def are_roots(p: MathProblem) -> bool:
    left = read(formulas(p.statement)[0].removesuffix(" = 0"))
    (unknown,) = left.free_symbols
    all_of_them = np.roots([float(c) for c in sympy.Poly(left, unknown).all_coeffs()])
    ours = [complex(sympy.N(root)) for root in p.value]
    return all(min(abs(a - b) for b in ours) < 1e-5 for a in all_of_them) and len(ours) <= len(all_of_them)


def solves_system(p: MathProblem) -> bool:
    found = dict(zip((x, y, z, w), p.value, strict=False))
    body = re.search(r"begin\{cases\} (.*?) \\end", p.statement)
    assert body is not None
    sides = [line.split(" = ") for line in body[1].split(r" \\ ")]
    return len(sides) == len(p.value) and all(read(a).subs(found) == int(b) for a, b in sides)


def holds_where_it_should(p: MathProblem) -> bool:
    """At the ends of the intervals, and a little beside them."""
    written = re.sub(r"\|(.*?)\|", r"\\left|\1\\right|", formulas(p.statement)[0])
    left, relation, right = re.split(r" (<|>|\\le|\\ge) ", written)
    difference = sympy.lambdify(x, read(left) - read(right), "math")
    test = {"<": lambda v: v < 0, ">": lambda v: v > 0, r"\le": lambda v: v <= 0, r"\ge": lambda v: v >= 0}[relation]
    ends = [end for end in p.value.boundary if end.is_finite]
    for point in (end + step for end in ends for step in (sympy.Rational(-1, 997), 0, sympy.Rational(1, 997))):
        try:
            value = difference(Fraction(int(point.p), int(point.q)))
        except ZeroDivisionError:
            holds = False
        else:
            holds = test(value)
        if holds != bool(p.value.contains(point)):
            return False
    return bool(ends)


def remainder(p: MathProblem) -> bool:
    above, below = (read(formulas(p.statement)[k]) for k in (1, 2))
    at = int(formulas(p.statement)[3][2:-1])
    return bool(sympy.Poly(sympy.Poly(above, x) % sympy.Poly(below, x), x).eval(at) == p.value)


def power_sum(p: MathProblem) -> bool:
    cubic, power = read(formulas(p.statement)[1]), int(p.statement.rstrip("$.")[-1])
    roots = np.roots([float(c) for c in sympy.Poly(cubic, x).all_coeffs()])
    return abs(sum(roots**power) - float(p.value)) <= 1e-6 * max(1.0, *abs(roots**power))


def coefficient(p: MathProblem) -> bool:
    power, factors = formulas(p.statement)
    return bool(sympy.Poly(read(factors.replace(")(", ") (")), x).coeff_monomial(read(power)) == p.value)


def slope(p: MathProblem) -> bool:
    f, at = formulas(p.statement)[0].removeprefix("f(x) = "), int(formulas(p.statement)[1][3:-1])
    return bool(np.polyval(np.polyder([int(c) for c in sympy.Poly(read(f), x).all_coeffs()]), at) == p.value)


def absolute_quotient(p: MathProblem) -> bool:
    u, v = (complex(read(text[4:]).subs(i, sympy.I)) for text in formulas(p.statement)[:2])
    return close(abs(u) / abs(v), p.value)


# --- formulas in floating point ------------------------------------------------------------------------------------


def circumradius(n: list[int]) -> float:
    ax, ay, bx, by, cx, cy = n
    sides = hypot(ax - bx, ay - by), hypot(bx - cx, by - cy), hypot(cx - ax, cy - ay)
    return prod(sides) / (2 * abs((bx - ax) * (cy - ay) - (cx - ax) * (by - ay)))


def heron(n: list[int], statement: str) -> float:
    half = sum(n) / 2
    area = sqrt(half * prod(half - side for side in n))
    return area if "area" in statement else area / half


def distance_to_plane(statement: str) -> float:
    point, plane = formulas(statement)
    left, right = plane.split(" = ")
    at = dict(zip((x, y, z), numbers(point), strict=True))
    read_left = read(left)
    return abs(float(read_left.subs(at)) - int(right)) / sqrt(sum(float(read_left.coeff(v)) ** 2 for v in (x, y, z)))


def recurrence(n: list[int], statement: str) -> int:
    rule = re.search(r"a_n = (-?\d*)a_\{n-1\} ([-+]) (\d*)a_\{n-2\}", statement)
    assert rule is not None
    p, q = int(rule[1] or 1), int(rule[2] + (rule[3] or "1"))
    before, last = n[:2]
    for _ in range(int(re.findall(r"\d+", statement)[-1]) - 2):
        before, last = last, p * last + q * before
    return last


def geometric(statement: str) -> Any:
    first, second, third = (read(term) for term in formulas(statement)[0].split(", ")[:3])
    assert second / first == third / second
    return first / (1 - second / first)


def same_colour(n: list[int]) -> Fraction:
    return Fraction(sum(comb(held, 2) for held in n), comb(sum(n), 2))


def not_colour(n: list[int], statement: str) -> Fraction:
    held = {colour: int(number) for number, colour in re.findall(r"(\d+) (red|blue|green|white)", statement)}
    (missed,) = re.findall(r"not (\w+)", statement)
    return Fraction(sum(n) - held[missed], sum(n))


def heads(n: list[int], statement: str) -> Fraction:
    above, below, throws, bound = n
    counts = range(bound + 1) if "at most" in statement else range(bound, throws + 1)
    ways = (comb(throws, k) * above**k * (below - above) ** (throws - k) for k in counts)
    return Fraction(sum(ways), below**throws)


def dice(n: list[int]) -> Fraction:
    *sides, _one, least = n
    return Fraction(sum(sum(r) >= least for r in product(*(range(1, s + 1) for s in sides))), prod(sides))


def solutions(n: list[int]) -> int:
    total, *lowest = n
    ways = np.array([1] + [0] * (total - sum(lowest)))
    for _ in lowest:
        ways = np.cumsum(ways)
    return int(ways[-1])


BY_HAND: dict[str, Callable[[list[int], str], Any]] = {
    r"^What is the greatest common": lambda n, _: gcd(*n),
    r"^What is the least common": lambda n, _: lcm(*n),
    r"divides \$\d+!\$": lambda n, _: next(k for k in range(10**4) if factorial(n[1]) % n[0] ** (k + 1)),
    r"^How many positive divisors": lambda n, _: sum(
        2 - (d * d == n[0]) for d in range(1, isqrt(n[0]) + 1) if n[0] % d == 0
    ),
    r"sum of all positive divisors": lambda n, _: int(np.arange(1, n[0] + 1)[n[0] % np.arange(1, n[0] + 1) == 0].sum()),
    r"no common factor with": lambda n, _: sum(gcd(k, n[1]) == 1 for k in range(1, n[0] + 1)),
    r"remainder when \$\d+ \\cdot": lambda n, _: n[0] * n[1] % n[2],
    r"remainder when \$\d+\^": lambda n, _: n[0] ** n[1] % n[2],
    r"that leaves remainder": lambda n, _: smallest(n, lambda v, row: v % row[1] == row[0], 2),
    r"\\equiv": lambda n, _: smallest(n, lambda v, row: (row[0] * v - row[1]) % row[2] == 0, 3),
    r"^What is term number": lambda n, _: n[1] + (n[0] - 1) * (n[2] - n[1]),
    r"terms of the arithmetic": lambda n, _: sum(n[1] + k * (n[2] - n[1]) for k in range(n[0])),
    r"infinite geometric": lambda _, s: geometric(s),
    r"^A sequence has": recurrence,
    r"be chosen from an? ": lambda n, _: comb(n[1], n[0]),
    r"^How many different arrangements": lambda _, s: arranged(s),
    r"^How many integer solutions": lambda n, _: solutions(n),
    r"be distributed among": lambda n, _: distributed(n),
    r"^From \d+ women": lambda n, _: sum(comb(n[0], j) * comb(n[1], n[2] - j) for j in range(n[3], n[2] + 1)),
    r"One is drawn at random\. What": not_colour,
    r"Two are drawn": lambda n, _: same_colour(n),
    r"^Three fair dice": lambda n, _: dice(n),
    r"^A coin shows": heads,
    r"^Bag A holds": lambda n, s: from_bags(n)["ABC".index(s[-2])],
    r"^Two sides of a triangle": lambda n, _: n[0] * n[1] * sin(radians(n[2])) / 2,
    r"^Find the distance between": lambda n, _: hypot(n[0] - n[2], n[1] - n[3]),
    r"to the plane": lambda _, s: distance_to_plane(s),
    r"^A triangle has sides": heron,
    r"circumscribed": lambda n, _: circumradius(n),
    r"^Find the determinant": lambda _, s: np.linalg.det(matrices(s)[0]),
    r"trace of": lambda n, s: int(np.trace(np.linalg.matrix_power(matrices(s)[0].astype(object), n[-1]))),
}
"""By what a statement says: its answer, from the whole numbers in it and its text."""


def is_inverse(p: MathProblem) -> bool:
    ours = np.array(p.value.tolist(), dtype=float)
    return bool(np.allclose(matrices(p.statement)[0] @ ours, np.eye(len(ours))))


def is_product(p: MathProblem) -> bool:
    a, b = matrices(p.statement)
    return bool((a @ b == np.array(p.value.tolist(), dtype=int)).all())


def are_eigenvalues(p: MathProblem) -> bool:
    a, b = matrices(p.statement)
    ours = sorted(float(value) for value in p.value)
    return bool(np.allclose(sorted(np.linalg.eigvals(a @ b).real), ours))


CHECKED: dict[str, Callable[[MathProblem], bool]] = {
    r"^Calculate |single fraction|integers? \$a\$|rational numbers|a \+ bi|\\sum|\\lim|\\int": is_value,
    r"^Find the derivative": is_derivative,
    r"^Factor": is_factored,
    r"^Find all": are_roots,
    r"^Solve the system": solves_system,
    r"^Solve \$": holds_where_it_should,
    r"be the remainder": remainder,
    r"complex roots of": power_sum,
    r"^What is the coefficient": coefficient,
    r"Find \$f'": slope,
    r"^Let \$u": absolute_quotient,
    r"inverse of": is_inverse,
    r"Find \$AB\$": is_product,
    r"eigenvalues of": are_eigenvalues,
}
"""By what a statement says: whether the answer is what is asked for."""


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", KINDS)
def test_answers_are_found_again(kind: str, size: int) -> None:
    for level in LEVELS:
        for number in range(size):
            p = problem(kind, level, number, seed=12)
            ways: list[bool] = []
            for pattern, solve in BY_HAND.items():
                if re.search(pattern, p.statement):
                    ways.append(close(solve(numbers(p.statement), p.statement), p.value))
            ways += [check(p) for pattern, check in CHECKED.items() if re.search(pattern, p.statement)]
            assert ways == [True], p
