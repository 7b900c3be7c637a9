"""The evaluator: what every statement does, the limits, the trace."""

from __future__ import annotations

from typing import Any

import pytest

from synthetic1.tasks.programs.evaluate import MAX_STEPS, MAX_TEXT, TooLarge, evaluate
from synthetic1.tasks.programs.ops import apply
from synthetic1.tasks.programs.program import (
    Assign,
    Block,
    Extend,
    ForEach,
    ForRange,
    Function,
    HelperCall,
    If,
    Let,
    Lit,
    Return,
    SourceProgram,
    Stmt,
    Type,
    Value,
    Var,
    While,
)
from synthetic1.tasks.programs.render_python import render, render_simple

S, T, C, OUT = (Var(name, Type.TEXT) for name in ("s", "t", "c", "out"))
K, N = Var("i", Type.INT), Var("n", Type.INT)


def text(value: str) -> Lit:
    return Lit(value, Type.TEXT)


def number(value: int) -> Lit:
    return Lit(value, Type.INT)


def main(*body: Stmt, helpers: tuple[Function, ...] = ()) -> SourceProgram:
    return SourceProgram(helpers, Function("transform", (S,), Type.TEXT, body))


CASES: dict[str, tuple[SourceProgram, str, str]] = {
    "the text a loop runs over is fixed when it begins": (
        main(ForEach(C, S, (Extend(S, C),)), Return(S)),
        "ab",
        "abab",
    ),
    "the number of rounds is fixed when they begin": (
        main(ForRange(K, apply("length", S), (Extend(S, apply("number", K)),)), Return(S)),
        "abc",
        "abc012",
    ),
    "while looks again before every round": (
        main(
            While(apply("more", apply("length", S), number(2)), (Assign(S, apply("drop_first", S, number(1))),)),
            Return(S),
        ),
        "abcde",
        "de",
    ),
    "a return leaves every loop": (
        main(
            ForEach(
                C,
                S,
                (ForRange(K, number(3), (If(apply("same", C, text("b")), (Return(apply("number", K)),)),)),),
            ),
            Return(text("none")),
        ),
        "abc",
        "0",
    ),
    "a return leaves a while": (main(While(apply("same", S, S), (Return(text("out")),)), Return(S)), "x", "out"),
    "without else nothing happens": (main(If(apply("is_upper", S), (Assign(S, text("A")),)), Return(S)), "a", "a"),
    "else": (main(If(apply("is_upper", S), (), (Assign(S, text("A")),)), Return(S)), "a", "A"),
    "a helper has variables of its own": (
        main(
            Assign(T, text("mine")),
            Assign(S, HelperCall("helper_1", (S,), Type.TEXT)),
            Return(apply("concat", S, T)),
            helpers=(Function("helper_1", (T,), Type.TEXT, (Assign(T, apply("upper", T)), Return(T))),),
        ),
        "a",
        "Amine",
    ),
    "a loop over words": (
        main(
            Let(OUT, text("")),
            ForEach(C, apply("split", S), (Assign(OUT, apply("concat", C, OUT)),)),
            Return(OUT),
        ),
        " a  bc ",
        "bca",
    ),
}


@pytest.mark.parametrize("name", [name for name in CASES if name != "else"])
def test_statements_mean_what_their_python_does(name: str) -> None:
    program, given, expected = CASES[name]
    scope: dict[str, Any] = {}
    exec(render(program), scope)
    assert evaluate(program, given) == scope["transform"](given) == expected


def test_else() -> None:
    program, given, expected = CASES["else"]  # an empty `then` has no Python, and the grammar makes none
    assert evaluate(program, given) == expected


ALWAYS = apply("same", S, S)
DOUBLE: Block = (Assign(S, apply("mirror", S)),)


@pytest.mark.parametrize(
    ("program", "why"),
    [
        (main(While(ALWAYS, ()), Return(S)), f"more than {MAX_STEPS} statements"),
        (main(While(ALWAYS, (Assign(T, S),)), Return(S)), f"more than {MAX_STEPS} statements"),
        (main(ForRange(K, number(10**9), (Assign(T, S),)), Return(S)), f"more than {MAX_STEPS} statements"),
        (
            main(ForRange(K, number(900), (ForRange(N, number(900), (Assign(T, S),)),)), Return(S)),
            f"more than {MAX_STEPS} statements",
        ),
        (main(ForRange(K, number(100), DOUBLE), Return(S)), f"a text of more than {MAX_TEXT} characters"),
        (main(Return(apply("repeat", S, number(MAX_TEXT + 1)))), f"a text of more than {MAX_TEXT} characters"),
        (
            main(ForRange(K, number(100), (Extend(S, S),)), Return(S)),
            f"a text of more than {MAX_TEXT} characters",
        ),
        (
            main(
                Return(HelperCall("again", (S,), Type.TEXT)),
                helpers=(Function("again", (T,), Type.TEXT, (Return(HelperCall("again", (T,), Type.TEXT)),)),),
            ),
            "calls nest too deeply",
        ),
    ],
)
def test_what_is_too_large_or_never_ends_is_refused(program: SourceProgram, why: str) -> None:
    with pytest.raises(TooLarge, match=f"^{why}$"):
        evaluate(program, "x")


def test_the_limits_themselves_are_allowed() -> None:
    assert len(evaluate(main(Return(apply("repeat", S, number(MAX_TEXT)))), "x")) == MAX_TEXT
    rounds = main(ForRange(K, number(MAX_STEPS - 2), (Assign(T, S),)), Return(S))
    assert evaluate(rounds, "x") == "x"


def test_every_change_is_a_step_of_the_trace() -> None:
    program = main(
        Let(OUT, text("")),
        ForEach(C, S, (If(apply("is_upper", C), (Extend(OUT, apply("lower", C)),)),)),
        Assign(S, OUT),
        Return(S),
    )
    steps: list[tuple[str, Value]] = []
    evaluate(program, "AbC", on_step=lambda node, value: steps.append((render_simple(node), value)))
    assert steps == [
        ('out = ""', ""),
        ("out += c.lower()", "a"),
        ("out += c.lower()", "ac"),
        ("s = out", "ac"),
        ("return s", "ac"),
    ]


def test_a_trace_keeps_the_words_as_they_were() -> None:
    parts = Var("parts", Type.WORDS)
    grow = ForEach(C, S, (Extend(parts, C),))
    program = main(Let(parts, apply("no_words")), grow, Return(apply("join", parts, text("+"))))
    values: list[Value] = []
    assert evaluate(program, "xyz", on_step=lambda _, value: values.append(value)) == "x+y+z"
    assert values == [[], ["x"], ["x", "y"], ["x", "y", "z"], "x+y+z"]
