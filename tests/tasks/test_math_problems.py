"""What is true of every generated problem: its words, numbers, pools, levels and answers.

A tenth of the problems is looked at in `make test`, all of them in `make proofs`.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from math import comb
from typing import Any

import numpy as np
import pytest

from synthetic1 import Scorer
from synthetic1.tasks.math import problem, to_task
from synthetic1.tasks.mathematics.kinds import KINDS, LEVELS, draw_problem
from synthetic1.tasks.mathematics.problem import MathProblem
from synthetic1.tasks.programs.choices import Choices

sympy = pytest.importorskip("sympy")
pytest.importorskip("math_verify")

PLACES = [(kind, level) for kind in KINDS for level in LEVELS]
SIZES = [15, pytest.param(143, marks=pytest.mark.proofs)]  # of each kind and level: 1,050 and 10,010 in all
SEED = 11


@cache
def problems(size: int) -> tuple[MathProblem, ...]:
    return tuple(problem(kind, level, n, seed=SEED) for kind, level in PLACES for n in range(size))


def words_alone(statement: str) -> str:
    """The statement with a letter for each formula."""
    return re.sub(r"\$\$.*?\$\$|\$.*?\$", "F", statement)


# --- words ---------------------------------------------------------------------------------------------------------

VOWEL = re.compile(r"[aeiou]|8|11\b|18\b|hour|honest|heir", re.IGNORECASE)
CONSONANT = re.compile(r"uni(?!n|m)|use|usu|eu|one\b|once\b", re.IGNORECASE)


def wrong_articles(text: str) -> list[str]:
    """``a`` before a vowel that is heard, ``an`` before a consonant."""
    found = re.findall(r"\b(an?) (\w+)", text, re.IGNORECASE)
    return [f"{a} {word}" for a, word in found if (a.lower() == "an") != starts_with_vowel(word)]


def starts_with_vowel(word: str) -> bool:
    return VOWEL.match(word) is not None and CONSONANT.match(word) is None


def wrong_numbers(text: str) -> list[str]:
    """``1 tickets``, ``1 of them are``, ``one are``, ``2 ticket``; a noun here is what follows a number at once."""
    many = re.findall(r"\b(?:1|one) (?!of\b|is\b|has\b)\w+s\b|\b(?:1|one)(?: of them)? (?:are|have|were)\b", text)
    single = re.findall(
        r"\b(?:[02-9]|\d\d+) (?:[a-z]+ )?(?:book|toy|letter|head|ball|side|woman|man|child|person)\b", text
    )
    return many + single


WORD_FAULTS: dict[str, Callable[[str], Any]] = {
    "article": wrong_articles,
    "number": wrong_numbers,
    "doubled word": lambda text: re.findall(r"\b(\w+) \1\b", text, re.IGNORECASE),
    "doubled or outer space": lambda text: "  " in text or text != text.strip(),
    "space before a mark": lambda text: re.findall(r" [.,;:?!]", text),
    "doubled mark": lambda text: re.findall(r"[.,;:?!]{2}", text),
    "sentence without an end": lambda text: text[-1] not in ".?",
    "question without its mark": lambda text: re.findall(r"(?:What|How|In how)[^.?]*\.", text),
    "small first letter": lambda text: re.findall(r"(?:^|[.?] )[a-z]", text),
    "names of Python": lambda text: re.findall(r"Integer|Rational|None|\bnan\b|zoo|\boo\b|\*\*|[\[\]_]", text),
}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("From a orchestra of 12.", "article"),
        ("Take an unit.", "article"),
        ("An 7 is drawn.", "article"),
        ("a 8 is drawn.", "article"),
        ("It gets exactly 1 tickets.", "number"),
        ("At least 1 of them are red.", "number"),
        ("He has 2 book.", "number"),
        ("Find the the sum.", "doubled word"),
        ("Find  it.", "doubled or outer space"),
        ("Find F .", "space before a mark"),
        ("Find F..", "doubled mark"),
        ("Find F", "sentence without an end"),
        ("What is F.", "question without its mark"),
        ("so it is.", "small first letter"),
        ("Find Integer(3).", "names of Python"),
    ],
)
def test_the_lint_finds_the_fault(text: str, fault: str) -> None:
    assert fault in {name for name, find in WORD_FAULTS.items() if find(text)}


@pytest.mark.parametrize(
    "text",
    ["An orchestra, a unit, an hour, an 8 and a one-to-one map: 1 ticket.", "At least 1 of them is red. How many?"],
)
def test_the_lint_leaves_good_english_alone(text: str) -> None:
    assert [name for name, find in WORD_FAULTS.items() if find(text)] == []


@pytest.mark.parametrize("size", SIZES)
def test_statements_are_english(size: int) -> None:
    found = {
        (p.kind, p.level, name): p.statement
        for p in problems(size)
        for name, find in WORD_FAULTS.items()
        if find(words_alone(p.statement))
    }
    assert not found


# --- formulas ------------------------------------------------------------------------------------------------------

FORMULA_FAULTS = {
    "sign after sign": re.compile(r"[-+] ?[-+]"),
    "coefficient 1": re.compile(r"(?<![\d^{.])1(?:[a-z]|\\sqrt)"),
    "coefficient 0": re.compile(r"(?<![\d.])0(?:[a-z]|\\sqrt)"),
    "power 0 or 1": re.compile(r"\^(?:[01](?!\d)|\{[01]\})(?! )(?!\{)"),
    "fraction of 1": re.compile(r"\\d?frac\{[^{}]*\}\{[01]\}"),
    "doubled space": re.compile(r"  "),
    "float": re.compile(r"\d\.\d"),
}


def unbalanced(text: str) -> bool:
    """Braces, parentheses (but those of half-open intervals), environments, dollar signs."""
    begun, ended = re.findall(r"\\begin\{(\w+)\}", text), re.findall(r"\\end\{(\w+)\}", text)
    depth = 0
    for brace in re.findall(r"[{}]", text.replace(r"\{", "").replace(r"\}", "")):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            return True
    halves = len(re.findall(r"[(\[]", text)) != len(re.findall(r"[)\]]", text))
    return depth != 0 or halves or begun != ended or text.count("$") % 2 == 1


@pytest.mark.parametrize("text", ["{1", "}{", "(1", "$x", r"\begin{cases} x \end{pmatrix}"])
def test_what_is_not_balanced_is_found(text: str) -> None:
    assert unbalanced(text)


@pytest.mark.parametrize("size", SIZES)
def test_formulas_are_written_as_people_write_them(size: int) -> None:
    found = {}
    for p in problems(size):
        for text in (*re.findall(r"\$+(.*?)\$+", p.statement), p.answer):
            faults = [name for name, pattern in FORMULA_FAULTS.items() if pattern.search(text)]
            if unbalanced(text):
                faults.append("not balanced")
            found.update({(p.kind, p.level, name): text for name in faults})
        if unbalanced(p.statement):
            found[p.kind, p.level, "not balanced"] = p.statement
    found.pop(("calculus", 4, "power 0 or 1"), None)  # the bounds of an integral: \int_{-1}^{1}
    assert not found


# --- numbers -------------------------------------------------------------------------------------------------------

LARGEST = 10**6  # of a number in a statement: more is typing, not mathematics
LONGEST_ANSWER = 400  # characters
SMALL_SHARE = 0.34  # of 0 and ±1 among the numbers of a problem of the two highest levels, in the mean


def numbers(text: str) -> list[int]:
    """The whole numbers that are written in it, without signs; indices of names are none."""
    return [int(digits) for digits in re.findall(r"\d+", re.sub(r"[a-z]_(?:\d+|\{[^{}]*\})", "v", text))]


@pytest.mark.parametrize("size", SIZES)
def test_numbers_are_in_range(size: int) -> None:
    small: defaultdict[tuple[str, int], list[float]] = defaultdict(list)
    for p in problems(size):
        found = numbers(p.statement)
        assert max(found, default=0) <= LARGEST, p.statement
        assert len(p.answer) <= LONGEST_ANSWER, (p.statement, p.answer)
        if p.level >= 4:
            small[p.kind, p.level].append(sum(n < 2 for n in found) / max(len(found), 1))
    shares = {place: sum(each) / len(each) for place, each in small.items()}
    assert max(shares.values()) <= SMALL_SHARE, shares


@pytest.mark.parametrize("size", SIZES)
def test_no_answer_is_given_away(size: int) -> None:
    for p in problems(size):
        assert p.value not in (0, 1, -1), p
        bare = [re.sub(r"\s+", "", text) for text in (p.answer, words_alone(p.statement))]
        formulas = [re.sub(r"\s+", "", text) for text in re.findall(r"\$+(.*?)\$+", p.statement)]
        assert bare[0] not in formulas, p
        if bare[0].isdigit():
            assert int(bare[0]) not in numbers(words_alone(p.statement)), p


@pytest.mark.proofs
@pytest.mark.parametrize(("kind", "level"), PLACES)
def test_a_constant_guess_seldom_pays(kind: str, level: int) -> None:
    answers = Counter(p.answer for p in problems(143) if (p.kind, p.level) == (kind, level))
    assert answers.most_common(1)[0][1] <= 0.15 * 143, answers.most_common(3)


# --- pools ---------------------------------------------------------------------------------------------------------

POOL = 4_000  # different problems of each kind and level, at the least, as the number of repeats shows
LIMITS = [(30, 3), pytest.param(1_000, 160, marks=pytest.mark.proofs)]
"""Draws, and how many equal pairs may be among them: 0.1 and 125 would be in a pool of 4,000 that is drawn evenly."""


@pytest.mark.parametrize(("draws", "pairs"), LIMITS)
@pytest.mark.parametrize("kind", KINDS)
def test_pools_are_large(kind: str, draws: int, pairs: int) -> None:
    for level in LEVELS:
        streams = (Choices(np.random.default_rng([SEED, list(KINDS).index(kind), level, n])) for n in range(draws))
        seen = Counter(draw_problem(kind, level, stream).statement for stream in streams)
        repeated = sum(comb(times, 2) for times in seen.values())
        assert repeated <= pairs, (level, f"about {comb(draws, 2) // repeated:,} problems")


# --- levels --------------------------------------------------------------------------------------------------------

ADD, MULTIPLY = 5, 3  # operations on integers in the sum and product of two fractions, the reduction counted
EXTRACT = 6  # to take the square out of a root
FACTOR = 12  # to factor a number of six digits whose factors are below 50


def power_steps(exponent: int) -> int:
    """Multiplications by repeated squaring."""
    return exponent.bit_length() + bin(exponent).count("1") - 2


def euclid(a: int, b: int) -> int:
    return 0 if b == 0 else 1 + euclid(b, a % b)


def choose(k: int) -> int:
    """Operations of a binomial coefficient."""
    return max(2 * min(k, 40) - 1, 1)


def congruences(n: list[int], step: int, each: int) -> int:
    """To put together what is known modulo several numbers: every `step`-th of `n`."""
    return sum(2 * euclid(100, modulus) + each for modulus in n[step - 1 :: step])


Count = Callable[[list[int]], int]
EFFORTS: list[tuple[str, Count]] = [
    # fractions
    (r"^Calculate \$\S+ [-+] \S+\$\.$", lambda n: ADD),
    (r"^Calculate .*\\cdot", lambda n: ADD + MULTIPLY),
    (r"^Calculate .*\\div", lambda n: 2 * ADD + MULTIPLY),
    (r"^Write \$\\dfrac\{\\frac.*single fraction", lambda n: 3 * ADD),
    (r"\\cfrac.*single fraction", lambda n: 4 * (2 + ADD - 2)),
    # number_theory
    (r"^What is the greatest common divisor", lambda n: euclid(n[0], n[1])),
    (r"^What is the least common multiple", lambda n: euclid(n[0], n[1]) + 2),
    (r"divides \$\d+!\$", lambda n: 2 * int(np.log(n[1]) / np.log(max(sympy.factorint(n[0])))) + 4),
    (r"^How many positive divisors", lambda n: FACTOR + 2 * len(sympy.factorint(n[0]))),
    (r"^What is the sum of all positive divisors", lambda n: FACTOR + 5 * len(sympy.factorint(n[0]))),
    (r"no common factor with", lambda n: FACTOR + 2 * 2 ** len(sympy.factorint(n[1]))),
    # modular_arithmetic
    (r"remainder when \$\d+ \\cdot", lambda n: 2),
    (r"integer \$x\$ with \$\d+x .{5,30}\$\.$", lambda n: 2 * euclid(n[2], n[0]) + 2),
    (r"remainder when \$\d+\^", lambda n: 2 * power_steps(n[1])),
    (r"that leaves remainder", lambda n: congruences(n, 2, 4)),
    (r"integer \$x\$ with .*pmod.*pmod", lambda n: congruences(n, 3, 4) + congruences(n, 3, 2)),
    # surds
    (r"with positive integers \$a\$", lambda n: EXTRACT),
    (r"^Write \$\\dfrac\{\d+\}\{\d+ [-+] .*rational numbers", lambda n: 8),
    (r"^Write \$\\sqrt.*with integers \$a\$", lambda n: 2 * EXTRACT + 1),
    (r"^Write \$\(\d+ [-+] .*rational numbers", lambda n: 5 * (n[-2] - 1)),
    (r"^Write \$\\dfrac\{\d+ [-+] .*rational numbers", lambda n: 10 + 12),
    # linear_systems
    (r"\(x, y\)\$", lambda n: 8),
    (r"\(x, y, z\)\$", lambda n: 28),
    (r"\(x, y, z, w\)\$", lambda n: 62),
    # polynomials
    (r"^What is the coefficient", lambda n: 5),
    (r"^Find all solutions", lambda n: 9),
    (r"be the remainder when", lambda n: 15),
    (r"^Factor ", lambda n: 36),
    (r"complex roots of", lambda n: 3 * (6, 11, 16, 21)[n[-1] - 3]),
    # intervals
    (r"^Solve \$-?\d*x [-+] \d+ ", lambda n: 4),
    (r"^Solve \$\|", lambda n: 6),
    (r"^Solve \$\\dfrac", lambda n: 9),
    (r"^Solve \$-?\d*x\^2", lambda n: 12),
    (r"^Solve \$-?\d*x\^3", lambda n: 39),
    # complex_numbers
    (r"^Write \$\([^$]*i\)\([^$]*\$ in the form", lambda n: 6),
    (r"^Let \$u = ", lambda n: 7 + EXTRACT),
    (r"^Find all complex solutions", lambda n: 7 + EXTRACT + 2),
    (r"^Write \$\([^$]*i\)\^\{\d+\}\$ in the form", lambda n: 6 * power_steps(n[-1])),
    (r"^Write \$\\dfrac\{\(", lambda n: 6 * (power_steps(n[2]) + power_steps(n[-1])) + 11),
    # matrices
    (r"^Find the inverse", lambda n: 7),
    (r"Find \$AB\$", lambda n: 12),
    (r"^Find the determinant", lambda n: 14),
    (r"eigenvalues of \$AB\$", lambda n: 12 + 9 + EXTRACT),
    (r"trace of \$A\^", lambda n: 25 + 5 * (n[-1] - 1)),
    # sequences
    (r"^What is term number", lambda n: 3),
    (r"terms of the arithmetic sequence", lambda n: 6),
    (r"^Find the sum of the infinite", lambda n: ADD + 2 * MULTIPLY),
    (r"^A sequence has", lambda n: 3 * (int(n[-1]) - 2)),
    (r"\\sum_", lambda n: ADD * ((n[-1] - n[-2]) * (1 if len(n) == 4 else 2) - 1) + MULTIPLY),
    # combinatorics
    (r"be chosen from an? ", lambda n: choose(n[0])),
    (r"^How many different arrangements", lambda n: 13),
    (r"^How many integer solutions", lambda n: 2 * (len(n) - 1) + choose(len(n) - 2)),
    (r"^From \d+ women", lambda n: min(n[3], n[2] - n[3] + 1) * (choose(n[2] // 2) * 2 + 2)),
    (r"so that none of", lambda n: n[1] * (choose(n[1] // 2) + 6)),
    (r"the first of them gets", lambda n: sum(map(choose, n[2:])) + (n[1] - len(n) + 2) * 9 + len(n)),
    # probability
    (r"One is drawn at random\. What", lambda n: len(n) + 2),
    (r"Two are drawn", lambda n: 3 * len(n) + 2),
    (r"^Three fair dice", lambda n: 3 * min(n[:3]) + 4),
    (r"^A coin shows", lambda n: 11 * n[3]),
    (r"^Bag A holds", lambda n: 3 * (3 + 2 * choose(n[-1])) + 2 * ADD + MULTIPLY),
    # geometry
    (r"^Two sides of a triangle", lambda n: 4),
    (r"^Find the distance between", lambda n: 5 + EXTRACT),
    (r"to the plane", lambda n: 12 + EXTRACT),
    (r"^A triangle has sides", lambda n: 12 + EXTRACT + 2),
    (r"circumscribed circle", lambda n: 24 + EXTRACT),
    # calculus
    (r"Find \$f'\(", lambda n: 9),
    (r"^Find the derivative", lambda n: 10),
    (r"\\lim_", lambda n: 13),
    (r"\\left\(.*dx\$\.$", lambda n: 21),
    (r"\\int_0\^", lambda n: 30),
]
"""How many operations on integers the usual solution of a problem takes, by what its statement says."""


def effort(p: MathProblem) -> int:
    found = [count for pattern, count in EFFORTS if re.search(pattern, p.statement)]
    assert len(found) == 1, (len(found), p.statement)
    indexed = re.sub(r"\\d?frac|[a-z]_(?:\d+|\{n-\d\})", "v", p.statement)
    return found[0]([int(digits) for digits in re.findall(r"\d+", indexed)])


@pytest.mark.parametrize("size", SIZES)
def test_every_level_takes_as_much_work_as_the_one_below(size: int) -> None:
    efforts: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
    for p in problems(size):
        efforts[p.kind, p.level].append(effort(p))
    means = {kind: [float(np.mean(efforts[kind, level])) for level in LEVELS] for kind in KINDS}
    falling = {kind: row for kind, row in means.items() if any(b < a for a, b in pairwise(row))}
    assert not falling


# --- answers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
def test_every_answer_scores_1(size: int) -> None:
    tasks = [to_task(p, str(n)) for n, p in enumerate(problems(size))]
    with Scorer() as scorer:
        verdicts = scorer.score_sync([(task, f"\\boxed{{{task.gold_standard_solution}}}") for task in tasks])
    bad = [
        (task.prompt, task.gold_standard_solution, v) for task, v in zip(tasks, verdicts, strict=True) if v.score != 1
    ]
    assert not bad
