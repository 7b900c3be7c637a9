"""The oracle: what it says of pairs of answers, and that nothing hangs it."""

from __future__ import annotations

import time

import pytest

from synthetic1.evaluation.auditing.case import OracleAnswer
from synthetic1.evaluation.auditing.notation.formula import UnreadableFormula, read_formula
from synthetic1.evaluation.auditing.notation.sympy_worker import SympyWorker
from synthetic1.evaluation.auditing.oracle import ask_quickly

EQUAL = [
    (r"\frac{1}{2n+2}", r"\frac1{2(n+1)}"),
    (r"2\sqrt{3}", r"\sqrt{12}"),
    (r"x^{2}3", "3x^2"),
    (r"1\frac{1}{2}", "1.5"),
    (r"\sin^2 x+\cos^2 x", "1"),
    (r"\frac{100!}{2^{50}}", r"100!\cdot 2^{-50}"),
    (r"e^{-10 t}(9 \cos 4 \sqrt{6} t)", r"9e^{-10t}\cos(4\sqrt6t)"),
    (r"\log_2 8", r"\frac{\log 8}{\log 2}"),
    (r"\binom{5}{2}", "10"),
    ("1,000", "1000"),
    (r"12{,}345", "12345"),
    ("5.3e3", "5300"),
    ("x²·π", r"\pi x^{2}"),
    ("(1,2)", r"\left(1,\ 2\right)"),
    ("x=3,-4", "x=-4,3"),
    ("x=5", "5"),
    ("x>2", "2<x"),
    ("x>2", r"(2,\infty)"),
    (r"1 < x \le 2", "(1,2]"),
    ("2x>4", "x>2"),
    ("y=2x+1", "2x-y+1=0"),
    ("f(x)=x+22", r"f\left(x\right)=22+x"),
    (r"\pm 5", "5,-5"),
    (r"5\text{ cm}", r"5 \mathrm{cm}"),
    (r"\{1,2\}", r"\{2,1\}"),
    (r"(-\infty,-3]\cup[1,\infty)", r"[1,\infty)\cup(-\infty,-3]"),
    ("a<b<c", "c>b>a"),
    ("i^2", "-1"),
]
DIFFERENT = [
    ("10^{20}", "10^{20}+1"),
    ("ab+cd", "ab-cd"),
    ("6xyz", "6"),
    (r"2^{35}", r"2^{3}5"),
    ("(1,100)", "1100"),
    ("(1,2)", "(2,1)"),
    ("[1,2)", "(1,2)"),
    ("x=5", "6"),
    ("y=2x+1", "y=2x-1"),
    ("3x-y=0", "4x-y=0"),
    ("2x>4", "x<2"),
    ("x<2", r"x\le 2"),
    ("a<b<c", "a<c<b"),
    (r"\pm 5", "5"),
    ("5", "(5,5)"),
    ("1,2", "1"),
    (r"5\text{ cm}", r"6\text{ cm}"),
    ("n!", "n"),
    (r"(-\infty,3]", r"(\infty,3]"),
    (r"\sqrt{2}", "1.41421356"),
]
UNREAD = [
    (r"\sqrt{x^2}", "x"),
    ("f(x)", "fx"),
    ("1/2x", "x/2"),
    ("x^12", "x^{12}"),
    (r"\sin x(y+1)", r"(y+1)\sin x"),
    ("6e13", "6e13+1"),
    ("It is true", "It is false"),
    (r"5\text{ cm}", r"5\text{ km}"),
    (r"\{1,2\}", "1,2"),
    ("", "5"),
    (r"\sqrt{2}", "1.41421356237309504880"),  # nearer than evaluation tells apart
]
HOSTILE = [
    "9^{9^{9^{9^{9}}}}",
    r"10^{-10^{10^{10}}}",
    "99999999!",
    "((((((9!)!)!)!)!)!)",
    r"\binom{10^{9}}{10^{8}}",
    "(" * 5000 + "x" + ")" * 5000,
    "{" * 200 + "x" + "}" * 200,
    r"\frac" * 3000,
    "x^{" * 300 + "2" + "}" * 300,
    r"\sqrt[10^{9}]{2}",
    "1" * 3000,
    "2^{" + "9" * 500 + "}",
    r"\sin(10^{100000})",
    "e^{e^{e^{e^{e^{e}}}}}",
    "\x00\ud800|||||||",
    "\\" * 999,
    ",".join("x" for _ in range(2000)),
    "=" * 2000,
]


@pytest.mark.parametrize(
    ("gold", "answer", "said"),
    [
        (gold, answer, said)
        for pairs, said in ((EQUAL, "equal"), (DIFFERENT, "different"), (UNREAD, "unread"))
        for gold, answer in pairs
    ],
)
def test_what_it_says(gold, answer, said):
    assert ask_quickly(gold, answer).value == said
    assert ask_quickly(answer, gold).value == said


@pytest.mark.parametrize("gold", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("answer", ["2", "(gold)", "gold+1"])
def test_nothing_hangs_it(gold, answer):
    began = time.process_time()
    assert ask_quickly(gold, answer.replace("gold", gold)) in OracleAnswer
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    "text", ["5 cm", r"\text{five}", "2 3", "x'", r"\sum x", "d x", "1..2", "2\\frac{1}{2}x", "(1", "a)"]
)
def test_what_is_read_in_two_ways_is_not_read(text):
    with pytest.raises(UnreadableFormula):
        read_formula(text)


def test_the_patient_reader_is_killed_when_it_takes_too_long_and_starts_again():
    worker = SympyWorker(answer_s=2.0)
    try:
        assert worker.ask("9^{9^{9^{9}}}", "3") is OracleAnswer.UNREAD
        assert worker._process is None
        worker.answer_s = 60.0
        assert worker.ask(r"\sum_{k=1}^{4} k", "10") is OracleAnswer.EQUAL
        assert worker.ask("x", "y") is OracleAnswer.DIFFERENT
        assert worker.ask(r"\frac{", "y") is OracleAnswer.UNREAD
    finally:
        worker.close()
        worker.close()
