"""Properties of answers that have rules of their own: what changes no value is accepted, what changes one is not."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from synthetic1.completion import Completion
from synthetic1.rewards.math import Math
from synthetic1.rewards.math_answers.idioms.bounds import bound_of
from synthetic1.task import Task

NOUNS = ("apples", "boxes", "children", "adults", "berries", "oranges")
number = st.integers(2, 99)


def accepts(gold: str, answer: str, prompt: str = "How many of each are there?") -> bool:
    task = Task(problem_id="1", task_type="verifiable_math", prompt=prompt, verification_info={"ground_truth": gold})
    verdict = Math().verify_now(task, Completion.parse(f"\\boxed{{{answer}}}"))
    assert verdict is not None
    return verdict.score == 1


@given(
    st.lists(st.sampled_from(NOUNS), min_size=2, max_size=4, unique=True),
    st.lists(number, min_size=4, max_size=4, unique=True),
)
def test_labels_say_which_value_is_which_in_any_order(nouns: list[str], values: list[int]) -> None:
    parts = list(zip(values, nouns, strict=False))

    def said(of: list[tuple[int, str]]) -> str:
        return ", ".join(rf"{value}\text{{ {noun}}}" for value, noun in of)

    gold = said(parts)
    for order in permutations(parts):
        assert accepts(gold, said(list(order)))
        assert accepts(gold, ", ".join(rf"\text{{{noun}}}: {value}" for value, noun in order))
    turned = [*values[1 : len(parts)], values[0]]
    wrong = list(zip(turned, nouns, strict=True))
    for order in permutations(wrong):
        assert not accepts(gold, said(list(order)))
    assert accepts(gold, ", ".join(str(value) for value, _ in parts))
    assert not accepts(gold, ", ".join(map(str, turned)))


@given(st.fractions(-9, 9, max_denominator=9), st.lists(st.integers(-9, 9), min_size=2, max_size=4), number)
def test_a_multiple_of_a_vector_is_the_vector_of_multiples(size: Fraction, entries: list[int], more: int) -> None:
    def vector(values: list[Fraction] | list[int]) -> str:
        return r"\begin{pmatrix}" + r"\\".join(map(str, values)) + r"\end{pmatrix}"

    before = f"\\frac{{{size.numerator}}}{{{size.denominator}}}"
    gold = vector([size * entry for entry in entries])
    assert accepts(gold, before + vector(entries), "Find the vector.")
    assert accepts(before + vector(entries), gold, "Find the vector.")
    if size:
        assert not accepts(gold, before + vector([entries[0] + more, *entries[1:]]), "Find the vector.")


@given(number, number, st.sampled_from((("<", r"\ge"), (r"\le", ">"))))
def test_otherwise_is_all_that_is_left(cut: int, other: int, signs: tuple[str, str]) -> None:
    def cases(*rows: str) -> str:
        return r"f(x)=\begin{cases}" + r"\\".join(rows) + r"\end{cases}"

    below, above = signs
    gold = cases(f"x^2 & x{below} {cut}", f"x+1 & x{above} {cut}")
    assert accepts(gold, cases(f"x^2 & x{below} {cut}", r"x+1 & \text{otherwise}"))
    assert accepts(gold, cases(f"x+1 & x{above} {cut}", r"x^2 & \text{else}"))
    assert not accepts(gold, cases(f"x+1 & x{below} {cut}", r"x^2 & \text{otherwise}"))
    assert accepts(gold, cases(f"x^2 & x{below} {other}", r"x+1 & \text{otherwise}")) == (cut == other)


@given(st.permutations("abckmpr"), st.sampled_from(("{}x^2+{}", "{}x+{}", r"{}\sin x+{}\cos x")))
def test_parameters_have_any_name_but_are_as_many(letters: list[str], form: str) -> None:
    prompt = r"Find all functions $f:\mathbb{R}\to\mathbb{R}$ such that $f(x+y)f(x-y)=0$."
    gold, other = "f(x)=" + form.format("a", "b"), "f(x)=" + form.format(*letters[:2])
    assert accepts(gold, other, prompt)
    assert not accepts(gold, "f(x)=" + form.format(letters[0], letters[0]), prompt)
    assert not accepts(gold, "f(x)=" + form.format(letters[0], "y"), prompt)
    assert not accepts(gold, "f(x)=" + form.format(letters[0], "1"), prompt)


@given(st.integers(3, 30), st.data())
def test_combinations_are_written_in_many_ways(whole: int, data: st.DataObject) -> None:
    part = data.draw(st.integers(1, whole - 1))
    prompt = "How many choices are there?"
    gold = f"\\binom{{{whole}}}{{{part}}}"
    assert accepts(gold, f"\\frac{{{whole}!}}{{{part}!{whole - part}!}}", prompt)
    assert accepts(gold, f"{{}}_{{{whole}}}C_{{{part}}}", prompt)
    assert not accepts(gold, f"\\frac{{{whole + 1}!}}{{{part}!{whole - part}!}}", prompt)


@given(st.integers(2, 40), st.integers(0, 39), st.integers(-5, 5), st.integers(2, 5))
def test_a_remainder_is_said_by_any_of_its_numbers(modulus: int, first: int, turns: int, times: int) -> None:
    gold, start = f"x\\equiv {first % modulus}\\pmod{{{modulus}}}", first % modulus + turns * modulus
    assert accepts(gold, f"x\\equiv {start}\\pmod{{{modulus}}}", "Solve.")
    assert accepts(gold, f"x={modulus}k+({start}),\\ k\\in\\mathbb{{Z}}", "Solve.")
    assert not accepts(gold, f"x\\equiv {start + 1}\\pmod{{{modulus}}}", "Solve.")
    assert not accepts(gold, f"x={modulus * times}k+({start}),\\ k\\in\\mathbb{{Z}}", "Solve.")


@given(st.text(alphabet="atleswhn mor<>=\\{}$(.,", max_size=60), st.text(alphabet="ormaless $).,\\", max_size=60))
def test_what_stands_beside_a_box_is_looked_at_in_no_time(before: str, behind: str) -> None:
    assert bound_of(before, behind) in ("", "least", "most", "more", "less", "other")
