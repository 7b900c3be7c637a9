"""The verifier of mathematics: tables of answers, hostile input, properties, and where it can be called from."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import pickle
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import Any

import math_cases as CASES
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from synthetic1 import Completion, Scorer, Task, Verdict
from synthetic1.rewards.math import Math
from synthetic1.rewards.math_answers.answer import SEARCHED, find_answer

pytest.importorskip("math_verify")


ROWS = [
    pytest.param(gold, CASES.response(table, answer), expected, id=f"{table}-{n}: {why}"[:90])
    for table, rows in CASES.TABLES.items()
    for n, (gold, answer, expected, why) in enumerate(rows)
]


@pytest.fixture(scope="module")
def scorer() -> Iterator[Scorer]:
    with Scorer([Math(workers=2)]) as scorer:
        yield scorer


def task(gold: Any, prompt: str = "Solve it.") -> Task:
    return Task(problem_id="1", task_type="verifiable_math", prompt=prompt, verification_info={"ground_truth": gold})


def boxed(answer: str) -> str:
    return f"\\boxed{{{answer}}}"


def judged(scorer: Scorer, gold: Any, response: str, prompt: str = "Solve it.") -> Verdict:
    [verdict] = scorer.score_sync([(task(gold, prompt), response)])
    return verdict


# Tables ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("gold", "response", "expected"), ROWS)
def test_row(scorer: Scorer, gold: str, response: str, expected: int | None) -> None:
    verdict = judged(scorer, gold, response)
    assert verdict.score == expected, verdict
    assert expected is not None or verdict.reason == "unscorable_gold"


def test_there_are_enough_rows_and_none_twice() -> None:
    rows = [(table, gold, answer) for table, rows in CASES.TABLES.items() for gold, answer, _, _ in rows]
    assert len(rows) == len(set(rows)) >= 300
    expected = [row[2] for rows in CASES.TABLES.values() for row in rows]
    assert min(expected.count(1), expected.count(0)) > 150


@pytest.mark.parametrize(
    ("prompt", "answer", "expected"),
    [
        ("How many apples does she have?", r"5\text{ apples}", 1),
        ("How many green apples are left?", "5 green apples", 1),
        ("How many cherries?", r"5\text{ cherry}", 1),
        ("How many pears?", r"5\text{ apples}", 0),
        ("What percentage of them is green?", r"5\%", 1),
        ("What share of them is green?", r"5\%", 0),
        ("How many squares are there?", r"5\text{ squared}", 0),
    ],
)
def test_a_noun_counts_where_the_prompt_has_it(scorer: Scorer, prompt: str, answer: str, expected: int) -> None:
    assert judged(scorer, "5", boxed(answer), prompt).score == expected


@pytest.mark.parametrize(
    ("gold", "prompt", "answer", "expected"),
    [
        ("5", "The answer is $m/n$. Find $m+n$.", "m+n=5", 1),
        ("5", "The answer is $m/n$. Find $m+n$.", "m-n=5", 0),
        ("5", "How many are there?", "m+n=5", 0),
        ("x^5", r"Simplify $x^2\cdot x^3$.", r"x^2\cdot x^3", 0),
        ("x^2+5x+6", "Expand $(x+2)(x+3)$.", "x^2+2x+3x+6", 0),
        ("x^2+5x+6", "Expand $(x+2)(x+3)$.", "6+5x+x^2", 1),
        (r"\frac23", r"Simplify $\frac46$ to lowest terms.", r"\frac{10}{15}", 0),
        (r"\frac23", "Which part of it?", r"\frac{10}{15}", 1),
        (r"\frac13", "What is the probability, as a common fraction?", "0.3333", 0),
        (r"\frac13", "What is the probability?", "0.3333", 1),
        (r"\sqrt{2}", "Give the exact value.", "1.41421356", 0),
        (r"2^3\cdot3\cdot5", "Find the prime factorization of 120.", "120", 0),
        (r"2^3\cdot3\cdot5", "Find the prime factorization of 120.", r"5\cdot 2^3\cdot 3", 1),
        ("0.15", r"Write $\frac{3}{20}$ as a decimal.", r"\frac{3}{20}", 0),
        ("2x+3", "Find y(x).", r"\frac{dy}{dx}=2x+3", 0),
        ("5", "How many metres is it?", r"5\text{ km}", 0),
        ("5", "How many dollars does it cost?", r"5\text{ cents}", 0),
        ("5", "How many seconds?", r"5\text{ hours}", 0),
        ("x^2+5x+6", "Expand $(x+2)(x+3)$.", "x(x+3)+2(x+3)", 0),
        ("0.75", "Write as a decimal.", r"75\%", 0),
        (r"75\%", "as a percent", r"75\%", 1),
        (r"3.2\times10^4", "Write 32000 in scientific notation.", "32000", 0),
        (r"3.2\times10^4", "Write 32000 in scientific notation.", r"3.2\cdot 10^{4}", 1),
        ("1", "How many feet?", "1 in", 0),
        (r"\frac14", "What is the probability, in percent or otherwise?", r"25\%", 1),
        (r"\frac23", "What is the ratio of boys to girls?", "2:3", 1),
        ("5", "If $x+y=9$ and $x-y=1$, find $x$.", "y=5", 0),
        ("5", "If $x+y=9$ and $x-y=1$, find $x$.", "x=5", 1),
        ("2:3", "What is the ratio of boys to girls?", r"\frac{2}{3}", 1),
        (r"\frac23", "What is the ratio of boys to girls?", "3:2", 0),
        (r"\frac14", "What is the probability?", r"25\%", 1),
        (r"\frac14", "What is the probability, as a common fraction?", r"25\%", 0),
        ("(-1,1)", "Solve $|x|<1$.", "|x|<1", 0),
    ],
)
def test_what_the_prompt_asks_for(scorer: Scorer, gold: str, prompt: str, answer: str, expected: int) -> None:
    assert judged(scorer, gold, boxed(answer), prompt).score == expected


ATTACKS = [json.loads(line) for line in Path(CASES.__file__).with_name("math_attacks.jsonl").read_text().splitlines()]


def test_what_an_attacker_found_who_had_not_seen_the_code() -> None:
    assert len(ATTACKS) >= 200
    verifiers = {style: Math(answer_style=style) for style in ("boxed", "any")}  # type: ignore[arg-type]
    wrong = []
    for row in ATTACKS:
        asked = task(row["gold"], row.get("prompt", "Solve it."))
        verdict = verifiers[row.get("style", "boxed")].verify_now(asked, Completion.parse(row["response"]))
        if verdict.score != row["expected"]:
            wrong.append((row, verdict))
    assert wrong == []


def test_options_that_name_each_other_are_compared_once(scorer: Scorer) -> None:
    verdict = judged(scorer, "7", boxed("(A) 4"), "Which is it?\n(A) B: 4\n(B) A: 4\n")
    assert (verdict.score, verdict.details.get("defect")) == (0.0, None)


def test_cases_that_were_judged_wrongly(scorer: Scorer, shared_data: Path, require: Any) -> None:
    path = shared_data.parent / "cases" / "math.jsonl"
    require("the shared cases", path.is_file(), "put math.jsonl into ../shared/cases")
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    pairs = [(task(row["gold"], row.get("prompt") or "Solve it."), row["completion"]) for row in rows]
    found = [verdict.score for verdict in scorer.score_sync(pairs)]
    assert [(row, score) for row, score in zip(rows, found, strict=True) if score != row["expected"]] == []


@pytest.mark.parametrize(
    ("gold", "answer", "prompt", "expected"),
    [
        ("(x+1)(x-1)", "x^2-1", "Factor $x^2 - 1$.", 0),  # 19
        ("(x+1)(x-1)", "(x-1)(x+1)", "Factor $x^2 - 1$.", 1),
        ("(x+1)(x-1)", "x^2-1", "Simplify.", 1),
        ("2+i", r"\frac{5}{2-i}", r"Write $\frac{5}{2-i}$ in the form $a+bi$.", 0),
        (r"\frac{\sqrt{2}}{2}", r"\cos\frac{\pi}{4}", r"Compute $\cos \frac{\pi}{4}$.", 0),  # 16
        (r"2\sqrt{3}", r"\sqrt{12}", r"Simplify $\sqrt{12}$.", 0),
        (r"2\sqrt{3}", r"\sqrt{12}", r"Find the side.", 1),
        ("120", r"\binom{10}{3}", r"Compute $\dbinom{10}{3}$.", 0),
        ("120", r"\binom{10}{3}", r"How many?", 1),
        ("x^2", r"x^2", r"Is it $x^2$ or $x^3$?", 1),  # the gold's own words are no restatement
    ],
)
def test_the_question_is_no_answer(scorer: Scorer, gold: str, answer: str, prompt: str, expected: int) -> None:
    assert judged(scorer, gold, boxed(answer), prompt).score == expected


TRANSCRIPTS = {
    "an action, bracketed": (
        "[THINK] Both polynomials are monic of degree four, so the difference has degree at most three. [/THINK]\n"
        "[ACTION]\nSubstituting $x = 0$ into the identity gives $P(0) + Q(0) = {0}$.\n"
        "answer: \\boxed{[{0}]}\n[/ACTION]\n"
    ),
    "a long thought and a Final Answer section": (
        "<think>\nOkay, so I need P(0) + Q(0). Let me try x = 1 first: that gives 58, maybe \\boxed{58}? Hmm, wait. "
        "With x = 0 the two constants add to {0}, so \\boxed{{0}}. Let me check that again... yes, {0}.\n</think>\n\n"
        "The constant terms of $P$ and $Q$ add to ${0}$, hence $\\boxed{{0}}$.\n\n"
        "**Final Answer**\nThe sum $P(0) + Q(0)$ is $\\boxed{{0}}$\n"
    ),
    "a period after the box": (
        "By Vieta's formulas the product of the roots of $P$ is $P(0)$, and likewise for $Q$. Adding both:\n"
        "\\[P(0) + Q(0) = 101 + 15 = \\boxed{{0}}.\\]\nTherefore, the answer is $\\boxed{{0}}$.\n"
    ),
}


@pytest.mark.parametrize("shape", TRANSCRIPTS)
@pytest.mark.parametrize(("said", "expected"), [("116", 1), ("117", 0)])
def test_transcripts_of_models(scorer: Scorer, shape: str, said: str, expected: int) -> None:
    text = TRANSCRIPTS[shape].replace("{0}", said)
    assert judged(scorer, "116", text, "Find $P(0)+Q(0)$.").score == expected
    assert judged(scorer, "117", text, "Find $P(0)+Q(0)$.").score == 1 - expected


@pytest.mark.parametrize(
    ("response", "boxed_", "final_line", "any_"),
    [
        (r"So \boxed{5}.", "5", "5", "5"),
        ("The answer is 5.", None, "5.", "5."),
        ("Final answer: $5$", None, "5", "5"),
        ("**Answer:** 5", None, "5", "5"),
        ("Work.\n#### 5", None, "5", "5"),
        ("The answer is 4.\nNo: the answer is 5", None, "5", "5"),
        ("Hence $x = 5$ and so on.", None, None, "x = 5"),
        ("I get 7, then 5 apples", None, None, "5"),
        ("The answer is 5, \\boxed{", None, None, None),  # a box was begun: it is what counts
        ("nothing", None, None, None),
        ("The answer is that there are 5 ways.", None, "5 ways", "5 ways"),
        ("Final answer: the largest $k$ is 17.", None, "17", "17"),
        ("The answer is $14 {, }916$. I hope this is correct. Note: it is 3.", None, "14 {, }916", "14 {, }916"),
        (r"The answer is $\frac{1}{2}$, which is 0.5", None, r"\frac{1}{2}", r"\frac{1}{2}"),
        ("The answer is 7 or it is 6", None, "7 or it is 6", "7 or it is 6"),
        ("The answer is 5.<|im_end|>", None, "5.", "5."),
        ("1 000", None, None, "1 000"),
        (r"-\frac{10}{9}", None, None, r"-\frac{10}{9}"),
        ("It covers 1,000.99m²", None, None, "1,000.99"),
        ("因此一共有**858颗**糖果。", None, None, "858"),
        (r"所以，每份应该是 (\frac{2}{5}) 吨。", None, None, r"\frac{2}{5}"),
        ("I think the correct answer is C", None, None, "C"),
        ("It is not A, therefore it's B", None, None, "B"),
        ("I think the answer is A or B", None, None, None),
        ("D. it cannot be A", None, None, "D"),
        (r"so $x+y = 10$ and there are 12 of them", None, None, "12"),
        (r"\boxed{4}. The answer is $5$.", "4", "4", "5"),
        (r"$y_1 = \boxed{2}$ and $y_2 = \boxed{3}$", *["y_1 = 2, y_2 = 3"] * 3),
        (r"\boxed{1} papers and \boxed{2} bins", "1, 2", "1, 2", "1, 2"),
        (r"\boxed{1}. Now \boxed{2}", "2", "2", "2"),
    ],
)
def test_answer_styles(response: str, boxed_: str | None, final_line: str | None, any_: str | None) -> None:
    found = [find_answer(response, style) for style in ("boxed", "boxed_or_final_line", "any")]
    assert [answer and answer.text for answer in found] == [boxed_, final_line, any_]


def test_an_unknown_style() -> None:
    with pytest.raises(ValueError, match="answer_style is one of boxed, boxed_or_final_line, any; got 'last'"):
        Math(answer_style="last")  # type: ignore[arg-type]


@pytest.mark.parametrize("gold", [None, "", "  ", ["5"], {"a": 1}, True, "x" * 30_000])
def test_a_gold_that_is_none(scorer: Scorer, gold: Any) -> None:
    verdict = judged(scorer, gold, boxed("5"))
    assert (verdict.score, verdict.reason) == (None, "unscorable_gold")


@pytest.mark.parametrize(("gold", "answer"), [(5, "5"), (-2.5, "-2.5"), (0.5, r"\frac12")])
def test_a_gold_that_is_a_number(scorer: Scorer, gold: float, answer: str) -> None:
    assert judged(scorer, gold, boxed(answer)).score == 1.0


def test_the_verdict_says_who_decided(scorer: Scorer) -> None:
    assert judged(scorer, "5", boxed("5")).details["decided_by"] == "fast_path"
    assert judged(scorer, "x^2+2x+1", boxed("(x+1)^2")).details["decided_by"] == "symbolic"


# Hostile input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gold", ["5", r"\frac{\pi}{2}", "x^2+1", "[2,5)", r"\text{Evelyn}"])
def test_hostile_answers_cost_nothing(scorer: Scorer, gold: str) -> None:
    """None scores, none is unscorable, and together they end: alone, several of them would run for hours."""
    pairs = [(task(gold), text) for hostile in CASES.HOSTILE for text in (hostile, boxed(hostile))]
    assert {verdict.score for verdict in scorer.score_sync(pairs)} == {0.0}


# Properties -----------------------------------------------------------------------------------------------------------

RATIONALS = st.fractions(min_value=-(10**6), max_value=10**6, max_denominator=10**4)


def renderings(value: Fraction) -> list[str]:
    """Ways to write a rational number."""
    sign, above, below = "-" if value < 0 else "", abs(value.numerator), value.denominator
    shown = [f"{sign}{above}/{below}", rf"{sign}\frac{{{above}}}{{{below}}}", rf"\dfrac{{{sign}{above}}}{{{below}}}"]
    shown += [rf"x = {sign}\tfrac{{{7 * above}}}{{{7 * below}}}", rf"$ {sign}\frac {{{above}}} {{{below}}} $."]
    if below == 1:
        shown += [
            f"{value.numerator}",
            f"{value.numerator:,}",
            f"{sign}{above}.00",
            f"−{above}" if sign else f"+{above}",
        ]
    elif above > below:
        shown.append(rf"{sign}{above // below}\frac{{{above % below}}}{{{below}}}")
    return shown


@given(RATIONALS)
def test_a_rational_gold_in_any_rendering_scores_1(value: Fraction) -> None:
    judge = Math()
    for gold in renderings(value)[:2]:
        for answer in renderings(value):
            verdict = judge.verify_now(task(gold), Completion.parse(boxed(answer)))
            assert verdict is not None
            assert verdict.score == 1.0, (gold, answer)


@given(RATIONALS, st.sampled_from([1, -1, Fraction(1, 7), 10]))
def test_a_rational_gold_perturbed_scores_0(value: Fraction, step: Fraction) -> None:
    judge, gold = Math(), renderings(value)[1]
    wrong = [value + step, value * 10 if value else Fraction(10), -value if value else Fraction(1)]
    if value.numerator and value.denominator != abs(value.numerator):
        wrong.append(1 / value)
    texts = [text for other in wrong for text in renderings(other)]
    texts += [f"{gold}, {texts[0]}", rf"{gold} \text{{ or }} {texts[0]}", f"{gold} = {texts[0]}", f"{gold} + 1"]
    for answer in texts:
        verdict = judge.verify_now(task(gold), Completion.parse(boxed(answer)))
        assert verdict is not None
        assert verdict.score == 0.0, (gold, answer)


@given(st.lists(st.integers(-99, 99), min_size=2, max_size=5, unique=True))
def test_order_counts_in_tuples_and_not_in_sets(items: list[int]) -> None:
    judge = Math()

    def score(gold: str, answer: str) -> float | None:
        verdict = judge.verify_now(task(gold), Completion.parse(boxed(answer)))
        assert verdict is not None
        return verdict.score

    listed, turned = ", ".join(map(str, items)), ", ".join(map(str, items[::-1]))
    assert score(f"({listed})", f"({listed})") == score(rf"\{{{listed}\}}", rf"\{{{turned}\}}") == 1.0
    assert score(f"({listed})", f"({turned})") == score(rf"\{{{listed}\}}", rf"\{{{turned}, 100\}}") == 0.0


LATEX = st.lists(
    st.one_of(
        st.sampled_from([*"{}[]()$%&_^,.;:|!<>=+-*/\\ \n\x00²½∞√°①ａ٣", "\\frac", "\\text{", "\\boxed{", "\\\\"]),
        st.sampled_from(
            ["\\begin{pmatrix}", "\\pm", "\\cup", "\\le", "\\in", "\\{", "\\}", "12", "_2", "x", "cm", "or"]
        ),
        st.text(max_size=3),
    ),
    max_size=30,
).map("".join)


@settings(max_examples=400)
@given(LATEX, LATEX)
@example("[", ".¹")
@example("7", ".①")
@example("5", "2_2")
@example("5", "10.1_2")
@example("2_2", "5")
def test_no_text_raises(gold: str, answer: str) -> None:
    judge = Math("any")
    for response in (answer, boxed(answer)):
        completion = Completion.parse(response)
        if completion.answer is not None:
            assert "defect" not in judge.verify_now(task(gold), completion).details


GOLDS = sorted({gold for lines in CASES.TABLES.values() for gold, *_ in lines})
BITS = [*"{}[]()_^,.;:|!<>=+-*/ '²¹½∞√°①٣π", "_2", "_{16}", "12", "x", "e5", "\\frac", "\\sqrt[3]", "\\binom", "\\log_",
        "\\pm", "\\cup", "\\ne", "\\sum_{n=1}^{9}", "\\degree", "\\overline", "\\text{ or }", "\\%"]  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(GOLDS), st.lists(st.tuples(st.integers(0, 40), st.sampled_from(BITS)), max_size=5), st.booleans()
)
def test_no_bent_gold_raises(gold: str, edits: list[tuple[int, str]], bent_is_gold: bool) -> None:
    """Answers that are nearly mathematics go further than noise does."""
    bent = gold
    for place, bit in edits:
        bent = bent[:place] + bit + bent[place:]
    one, other = (bent, gold) if bent_is_gold else (gold, bent)
    completion = Completion.parse(boxed(other))
    assert completion.answer is not None
    assert "defect" not in Math().verify_now(task(one), completion).details


def test_a_defect_is_no_way_to_a_missing_verdict(monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    """What fails on an answer is that answer's, and is said; what fails on the gold as well is ours."""
    from synthetic1.rewards import math

    def broken(gold: Any, answer: Any, *rest: Any) -> bool:
        if answer.text in on:
            raise ArithmeticError("seven")
        return answer.text == gold.text

    monkeypatch.setattr(math, "says_the_gold", broken)
    on = {"7"}
    verdict = Math().verify_now(task("5"), Completion.parse(boxed("7")))
    assert (verdict.score, verdict.details) == (0.0, {"defect": "ArithmeticError: seven"})
    assert "please report it: gold '5', answer '7'" in caplog.text
    on = {"5", "7"}
    with pytest.raises(ArithmeticError):
        Math().verify_now(task("5"), Completion.parse(boxed("7")))


@settings(max_examples=40, deadline=None)
@given(LATEX, LATEX)
def test_no_text_is_unscorable_for_its_own_sake(gold: str, answer: str) -> None:
    """What the workers make of anything is a score, or the gold's fault: never a failure of ours."""
    with Scorer([Math("any", workers=1)]) as scorer:
        verdict = judged(scorer, gold, boxed(answer))
    assert verdict.reason != "unscorable_infra", verdict


@pytest.mark.proofs
def test_ten_minutes_of_fuzzing() -> None:
    """Random cuts and joins of the tables' formulas through the workers."""
    import random
    import re

    pieces = [text for rows in CASES.TABLES.values() for row in rows for text in row[:2] if len(text) < 200]
    tokens = sorted({token for piece in pieces for token in re.findall(r"\\[A-Za-z]+|\\.|\d+|[A-Za-z]+|.", piece)})
    draw, until = random.Random(4), time.monotonic() + 600
    with Scorer([Math("any")]) as scorer:
        while time.monotonic() < until:
            pairs = []
            for _ in range(500):
                parts = list(draw.choice(pieces))
                for _ in range(draw.randint(0, 4)):
                    parts.insert(draw.randint(0, len(parts)), draw.choice(tokens))
                answer = "".join(parts) if draw.random() < 0.7 else "".join(draw.choices(tokens, k=draw.randint(1, 30)))
                pairs.append((task(draw.choice(pieces)), boxed(answer)))
            for pair, verdict in zip(pairs, scorer.score_sync(pairs), strict=True):
                assert verdict.reason != "unscorable_infra", (pair, verdict)


def test_only_the_end_of_a_response_is_searched() -> None:
    assert find_answer(boxed("5") + " " * SEARCHED) is None
    assert find_answer(" " * SEARCHED + boxed("5")) is not None


# Published answers ----------------------------------------------------------------------------------------------------


def published(shared_data: Path) -> dict[str, list[str]]:
    math500 = [json.loads(line)["answer"] for line in (shared_data / "math500_test.jsonl").read_text().splitlines()]
    rows = (shared_data / "gsm8k_test.jsonl").read_text().splitlines()
    gsm8k = [json.loads(line)["answer"].rpartition("####")[2].strip() for line in rows]
    return {"math500": list(dict.fromkeys(math500)), "gsm8k": list(dict.fromkeys(gsm8k))}


@pytest.mark.parametrize("name", ["math500", "gsm8k"])
def test_published_answers_in_five_renderings_score_1(
    scorer: Scorer, shared_data: Path, require: Any, name: str
) -> None:
    require("MATH-500 and GSM8K", (shared_data / "math500_test.jsonl").is_file(), "put them into the shared data")
    pairs = [
        (task(gold), boxed(text))
        for gold in published(shared_data)[name]
        for text in (
            gold,
            gold.replace(r"\frac", r"\dfrac"),
            " " + gold.replace("+", " + ") + " ",
            gold.replace("-", "−"),
            gold + ".",
        )
    ]
    wrong = [
        (pair[0].verification_info["ground_truth"], pair[1])
        for pair, verdict in zip(pairs, scorer.score_sync(pairs), strict=True)
        if verdict.score != 1.0
    ]
    assert not wrong


@pytest.mark.parametrize("name", ["math500", "gsm8k"])
def test_published_answers_of_other_problems_score_0(
    scorer: Scorer, shared_data: Path, require: Any, name: str
) -> None:
    require("MATH-500 and GSM8K", (shared_data / "math500_test.jsonl").is_file(), "put them into the shared data")
    golds = published(shared_data)[name]
    pairs = [(task(gold), boxed(golds[(n + step) % len(golds)])) for n, gold in enumerate(golds) for step in (1, 7, 61)]
    right = [
        (pair[0].verification_info["ground_truth"], pair[1])
        for pair, verdict in zip(pairs, scorer.score_sync(pairs), strict=True)
        if verdict.score != 0.0
    ]
    assert not right


# Where it can be called from ------------------------------------------------------------------------------------------

MIXED = [
    ("5", "5", 1.0),
    ("5", "6", 0.0),
    ("x^2+2x+1", "(x+1)^2", 1.0),
    (r"\sqrt{8}", r"2\sqrt{2}", 1.0),
    ("x", "y", 0.0),
]


def scores(scorer: Scorer) -> list[float | None]:
    return [verdict.score for verdict in scorer.score_sync([(task(gold), boxed(said)) for gold, said, _ in MIXED])]


EXPECTED = [expected for _, _, expected in MIXED]


def test_from_any_thread(scorer: Scorer) -> None:
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda _: scores(scorer), range(16))) == [EXPECTED] * 16


async def test_from_an_event_loop(scorer: Scorer) -> None:
    verdicts = await scorer.score([(task(gold), boxed(said)) for gold, said, _ in MIXED])
    assert [verdict.score for verdict in verdicts] == EXPECTED


async def test_without_a_scorer() -> None:
    judge = Math(workers=1)
    for gold, said, expected in MIXED:
        assert (await judge.verify(task(gold), Completion.parse(boxed(said)))).score == expected
    await judge.aclose()
    await judge.aclose()
    assert (await judge.verify(task("2x"), Completion.parse(boxed("x+x")))).score == 1.0  # makes its pool anew
    await judge.aclose()


def test_on_two_loops_at_once() -> None:
    judge, found = Math(workers=1), []

    async def work() -> None:
        for n in range(5):
            found.append((await judge.verify(task(f"x+{n}"), Completion.parse(boxed(f"{n}+x")))).score)
        await judge.aclose()

    threads = [threading.Thread(target=asyncio.run, args=(work(),)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [1.0] * 10


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_in_another_process(scorer: Scorer, method: str) -> None:
    assert scores(scorer) == EXPECTED  # its workers run before the fork
    context = multiprocessing.get_context(method)
    with ProcessPoolExecutor(1, context) as processes:  # which says so where its process ends at once
        pairs = [(task(gold), boxed(said)) for gold, said, _ in MIXED]
        verdicts = processes.submit(scorer.score_sync, pairs).result()
    assert [verdict.score for verdict in verdicts] == EXPECTED
    assert scores(scorer) == EXPECTED


def test_it_pickles_and_its_key_is_that_of_its_settings() -> None:
    judge = Math("any", workers=3)
    assert pickle.loads(pickle.dumps(judge)) == judge
    assert Math("any").key == judge.key != Math().key


def test_order_and_company_change_no_verdict(scorer: Scorer) -> None:
    pairs = [(task(gold), boxed(said)) for gold, said, _ in MIXED] * 3
    assert [v.score for v in scorer.score_sync(pairs[::-1])] == (EXPECTED * 3)[::-1]


@pytest.mark.parametrize("answer", ["nan", "-NaN", "inf", "-inf", "Infinity", "1e999"])
@pytest.mark.parametrize("gold", ["5", 0.5])
def test_what_only_floats_call_a_number_is_wrong(scorer: Scorer, gold: str | float, answer: str) -> None:
    """A comparison with NaN is false whichever way it is put, and infinity has no fraction."""
    verdict = judged(scorer, gold, boxed(answer))
    assert (verdict.score, verdict.reason) == (0.0, "wrong_answer")
