"""No dead code: asked of Python itself, whose source is taken apart here without any of the generator's own nodes."""

from __future__ import annotations

import ast
import copy
import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthetic1.tasks.code_understanding import Example, examples
from synthetic1.tasks.programs import render_python
from synthetic1.tasks.programs.behaviour import BEHAVIOUR_INPUTS
from synthetic1.tasks.programs.choices import Choices
from synthetic1.tasks.programs.dead_code import is_straight, literals, steps, without_dead_code
from synthetic1.tasks.programs.evaluate import TooLarge, evaluate
from synthetic1.tasks.programs.grammar import Grammar
from synthetic1.tasks.programs.inputs import draw_input
from synthetic1.tasks.programs.levels import LEVELS
from synthetic1.tasks.programs.ops import apply
from synthetic1.tasks.programs.program import (
    Assign,
    Block,
    Expr,
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
    Type,
    Var,
    While,
)

TURNS = 5_000  # of loops: a program without the line that ends one is stopped there

# -- the oracle: Python, and its syntax tree


class Endless(Exception):
    """A loop lost what ends it."""


def runs(tree: ast.Module) -> Callable[[str], str | None]:
    """The function ``transform`` of a module; what raises or never ends gives ``None``."""
    tree = copy.deepcopy(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.For | ast.While):
            node.body.insert(0, ast.parse("turn()").body[0])
    turns = 0

    def turn() -> None:
        nonlocal turns
        turns += 1
        if turns > TURNS:
            raise Endless

    scope: dict[str, object] = {"turn": turn}
    exec(compile(ast.fix_missing_locations(tree), "program", "exec"), scope)
    transform = scope["transform"]
    assert callable(transform)

    def call(text: str) -> str | None:
        nonlocal turns
        turns = 0
        try:
            return transform(text)
        except (Endless, NameError, TypeError, AttributeError):
            return None

    return call


def with_a_piece_less(tree: ast.Module) -> Iterator[tuple[str, ast.Module]]:
    """Every module without one statement, or with one branch instead of the ``if``."""
    places = [
        (number, name, k)
        for number, node in enumerate(ast.walk(tree))
        for name in ("body", "orelse")
        for k, _ in enumerate(getattr(node, name, ()) or ())
        if isinstance(node, ast.FunctionDef | ast.If | ast.For | ast.While)
    ]
    for number, name, k in places:
        other = copy.deepcopy(tree)
        block: list[ast.stmt] = getattr(list(ast.walk(other))[number], name)
        gone = block[k]
        ways: list[list[ast.stmt]] = [[]]
        if isinstance(gone, ast.For) and "range(" in ast.unparse(gone.iter):
            ways = [[], gone.body]  # the rounds may be needless though what they do is not
        elif isinstance(gone, ast.If):
            guards = ".islower()" in ast.unparse(gone.test) and "ord(" in "".join(map(ast.unparse, gone.body))
            ways = [gone.orelse] if guards else [gone.body, gone.orelse]  # a shift keeps its guard
        elif isinstance(gone, ast.Return) and not (k and isinstance(block[k - 1], ast.Return)):
            continue  # what ends a function is needed, what stands behind it is not
        for way in ways:
            block[k : k + 1] = way or [ast.Pass()]
            yield ast.unparse(gone), copy.deepcopy(other)
            block[k : k + max(len(way), 1)] = [gone]


def inputs_of(example: Example, count: int = 40) -> list[str]:
    choose = Choices(np.random.default_rng([example.level, 5]))
    parts = dict.fromkeys(re.findall(r'"([^"\\]*)"', example.source))
    more = (draw_input(LEVELS[example.level], choose) for _ in range(count))
    return [example.text, *BEHAVIOUR_INPUTS, *(f"{part}nest{part}" for part in parts), *more]


def dead_pieces(source: str, inputs: list[str]) -> list[str]:
    tree = ast.parse(source)
    whole = runs(tree)
    outputs = [whole(text) for text in inputs]
    found = []
    for gone, less in with_a_piece_less(tree):
        other = runs(less)
        if all(other(text) == output for text, output in zip(inputs, outputs, strict=True)):
            found.append(gone)
    return found


def unread(source: str) -> set[str]:
    names = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)]
    read = {node.id for node in names if isinstance(node.ctx, ast.Load)}
    loops = {node.target.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.For)}  # type: ignore[attr-defined]
    return {node.id for node in names} - read - loops


def check_by_looks(source: str) -> None:
    """What a reader would call dead or odd, without running anything."""
    tree = ast.parse(source)
    times = Counter(n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
    for node in ast.walk(tree):
        for block in (getattr(node, "body", None), getattr(node, "orelse", None)):
            if isinstance(block, list):
                assert not any(isinstance(one, ast.Return) for one in block[:-1]), source
        if isinstance(node, ast.If):
            assert [*map(ast.dump, node.body)] != [*map(ast.dump, node.orelse)], source
        if isinstance(node, ast.FunctionDef):
            assert len(node.body) > 1 or not isinstance(getattr(node.body[0], "value", None), ast.Name), source
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant | ast.List):
            name = node.targets[0].id  # type: ignore[attr-defined]
            appended = f"{name}.append(" in source
            assert times[name] > 1 or appended, f"{name} is a constant in\n{source}"
    for name in times:  # numbered without gaps
        base, number = name.rstrip("0123456789"), name[len(name.rstrip("0123456789")) :]
        if number:
            assert (base if number == "2" else f"{base}{int(number) - 1}") in times, source


@pytest.mark.parametrize("level", list(LEVELS))
def test_every_statement_of_a_generated_program_matters(level: int) -> None:
    for split, seed in (("train", 31), ("test", 32)):
        count = 12 if level < 6 else 4 if level < 9 else 2
        for example in islice(examples(level, split=split, seed=seed), count):  # type: ignore[arg-type]
            assert dead_pieces(example.source, inputs_of(example)) == [], example.source
            assert not unread(example.source), example.source
            check_by_looks(example.source)


@pytest.mark.proofs
@pytest.mark.parametrize("level", list(LEVELS))
def test_every_statement_of_many_generated_programs_matters(level: int) -> None:
    for example in islice(examples(level, seed=33), 400 if level < 6 else 60):
        assert dead_pieces(example.source, inputs_of(example)) == [], example.source
        assert not unread(example.source), example.source
        check_by_looks(example.source)


def test_the_oracle_sees_what_is_dead() -> None:
    source = """\
def transform(s):
    n = 0
    s = s.lower()
    s = s.upper()
    if len(s) > 900:
        s = s[::-1]
    if "A" in s:
        s = s + "x"
    else:
        s = s + "x"
    return s"""
    assert len(dead_pieces(source, list(BEHAVIOUR_INPUTS))) >= 4
    assert unread(source) == {"n"}


# -- what is taken out

S, C, N = Var("s", Type.TEXT), Var("c", Type.TEXT), Var("n", Type.INT)
OUT, PARTS, W, T = Var("out", Type.TEXT), Var("parts", Type.WORDS), Var("w", Type.TEXT), Var("t", Type.TEXT)


def text(value: str) -> Lit:
    return Lit(value, Type.TEXT)


def number(value: int) -> Lit:
    return Lit(value, Type.INT)


def assign(op: str, *args: Expr) -> Assign:
    return Assign(S, apply(op, S, *args))


def program(*body: object, helpers: tuple[Function, ...] = ()) -> SourceProgram:
    return SourceProgram(helpers, Function("transform", (S,), Type.TEXT, (*body, Return(S))))  # type: ignore[arg-type]


def helper(name: str, *body: object) -> Function:
    return Function(name, (T,), Type.TEXT, body)  # type: ignore[arg-type]


UPPER, REVERSE, SUFFIX = assign("upper"), assign("reverse"), Assign(S, apply("concat", S, text("x")))
LONG = apply("more", apply("length", S), number(900))
LONG_T = apply("more", apply("length", T), number(900))
HAS_A = apply("contains", S, text("a"))
COUNT_A = (Let(N, number(0)), ForEach(C, S, (If(apply("same", C, text("a")), (Extend(N, number(1)),)),)))
ODD = apply("divides", number(2), N)
BIG = Assign(OUT, apply("concat", OUT, C))


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ((assign("lower"), UPPER), (UPPER,)),  # overwritten
        ((REVERSE, REVERSE, UPPER), (UPPER,)),  # undone: each matters alone
        ((UPPER, UPPER), (UPPER,)),
        ((If(LONG, (REVERSE,)), UPPER), (UPPER,)),  # never
        ((If(LONG, (REVERSE,), (UPPER,)),), (UPPER,)),
        ((If(apply("less", apply("length", S), number(900)), (UPPER,), (REVERSE,)),), (UPPER,)),  # always
        ((If(HAS_A, (UPPER,), (UPPER,)),), (UPPER,)),  # both ways alike
        ((If(HAS_A, (SUFFIX,), (Assign(S, apply("concat", S, text("x"))),)),), (SUFFIX,)),
        ((If(HAS_A, (If(HAS_A, (UPPER,), (REVERSE,)),), (REVERSE,)),), (If(HAS_A, (UPPER,), (REVERSE,)),)),
        ((ForRange(N, number(2), (REVERSE,)), UPPER), (UPPER,)),
        ((ForRange(N, number(3), (assign("sort"),)),), (assign("sort"),)),  # once is enough
        ((ForRange(N, number(3), (SUFFIX,)),), (ForRange(N, number(3), (SUFFIX,)),)),
        ((*COUNT_A, UPPER), (UPPER,)),  # counted for nothing, and the count declared for nothing
        ((*COUNT_A, If(ODD, (UPPER,), (UPPER,))), (UPPER,)),
        ((*COUNT_A, If(ODD, (UPPER,), (REVERSE,))), (*COUNT_A, If(ODD, (UPPER,), (REVERSE,)))),
        ((While(LONG, (assign("drop_first", number(1)),)), UPPER), (UPPER,)),
        (
            (If(HAS_A, (assign("remove", text("é")),), (UPPER,)),),
            (If(apply("negate", HAS_A), (UPPER,)),),
        ),
        (
            (Let(OUT, text("")), ForEach(C, S, (If(LONG, (BIG,), (Extend(OUT, C),)),)), Assign(S, OUT), UPPER),
            (UPPER,),  # a copy of the text
        ),
    ],
)
def test_what_does_nothing_goes(given: Block, left: Block) -> None:
    assert without_dead_code(program(*given), [*BEHAVIOUR_INPUTS, "banana"]) == program(*left)


def test_helpers_that_nothing_calls_go_and_their_lines_are_looked_at() -> None:
    inner = helper("helper_1", Assign(T, apply("upper", T)), Return(T))
    outer = helper("helper_2", Assign(T, HelperCall("helper_1", (T,), Type.TEXT)), Return(T))
    idle = helper("helper_3", Assign(T, apply("lower", T)), Return(T))
    call = Assign(S, HelperCall("helper_2", (S,), Type.TEXT))
    found = without_dead_code(program(call, helpers=(inner, outer, idle)), BEHAVIOUR_INPUTS)
    assert found == program(call, helpers=(inner, outer))
    twice = helper("helper_1", Assign(T, apply("lower", T)), Assign(T, apply("upper", T)), Return(T))
    first = Assign(S, HelperCall("helper_1", (S,), Type.TEXT))
    assert without_dead_code(program(first, helpers=(twice,)), BEHAVIOUR_INPUTS) == program(first, helpers=(inner,))


@settings(max_examples=60, deadline=None)
@given(level=st.integers(1, 8), seed=st.integers(0, 2**32))
def test_what_remains_does_the_same_and_is_found_again(level: int, seed: int) -> None:
    """On the inputs tried; it is never longer, renders, and nothing more can be taken out of it."""
    choose = Choices(np.random.default_rng(seed))
    drawn = Grammar(LEVELS[level], choose, draw_input(LEVELS[level], choose)).program()
    inputs = [*BEHAVIOUR_INPUTS, *(draw_input(LEVELS[level], choose) for _ in range(3))]
    try:
        outputs = [evaluate(drawn, text) for text in inputs]
    except TooLarge:
        return
    left = without_dead_code(drawn, inputs)
    assert [evaluate(left, text) for text in inputs] == outputs
    assert without_dead_code(left, inputs) == left
    assert steps(left) <= steps(drawn)
    assert len(render_python.render(left)) <= len(render_python.render(drawn)) + 30  # a condition may be negated
    call = runs(ast.parse(render_python.render(left)))
    assert [call(text) for text in inputs] == outputs


HELPER_1 = HelperCall("helper_1", (W,), Type.TEXT)


def word_loop(*body: object) -> Block:
    loop = ForEach(W, apply("split", S), body)  # type: ignore[arg-type]
    return (Let(PARTS, apply("no_words")), loop, Assign(S, apply("join", PARTS, text("-"))))


def test_helpers_and_variables_that_only_hand_on_go() -> None:
    left = program(*word_loop(Extend(PARTS, W)))
    same = helper("helper_1", Return(T))
    assert without_dead_code(program(*word_loop(Extend(PARTS, HELPER_1)), helpers=(same,)), BEHAVIOUR_INPUTS) == left
    piece = Var("piece", Type.TEXT)
    assert without_dead_code(program(*word_loop(Let(piece, W), Extend(PARTS, piece))), BEHAVIOUR_INPUTS) == left


def test_a_shift_keeps_its_guard() -> None:
    """Though every character that comes here is lower case: the languages would not agree on others."""
    guarded = If(apply("is_lower", C), (Extend(OUT, apply("shift", C, number(3))),))
    loop = (assign("keep_chars", text("abc")), Let(OUT, text("")), ForEach(C, S, (guarded,)), Assign(S, OUT))
    assert without_dead_code(program(*loop), BEHAVIOUR_INPUTS) == program(*loop)


def test_nothing_stands_behind_a_return() -> None:
    always = helper("helper_1", If(apply("negate", LONG_T), (Return(apply("upper", T)),)), Return(T))
    call = Assign(S, HelperCall("helper_1", (S,), Type.TEXT))
    found = without_dead_code(program(call, helpers=(always,)), BEHAVIOUR_INPUTS)
    assert found == program(call, helpers=(helper("helper_1", Return(apply("upper", T))),))


def test_names_are_numbered_anew() -> None:
    second, third = Var("out2", Type.TEXT), Var("c2", Type.TEXT)
    loop = ForEach(third, S, (Extend(second, apply("upper", third)), Extend(second, text("-"))))
    idle = helper("helper_1", Return(T))
    used = helper("helper_2", Return(apply("reverse", T)))
    call = Assign(S, HelperCall("helper_2", (S,), Type.TEXT))
    given = program(Let(second, text("")), loop, Assign(S, second), call, helpers=(idle, used))
    plain = ForEach(C, S, (Extend(OUT, apply("upper", C)), Extend(OUT, text("-"))))
    renamed = Assign(S, HelperCall("helper_1", (S,), Type.TEXT))
    wanted = program(
        Let(OUT, text("")), plain, Assign(S, OUT), renamed, helpers=(helper("helper_1", Return(apply("reverse", T))),)
    )
    assert without_dead_code(given, BEHAVIOUR_INPUTS) == wanted


def test_a_program_too_large_for_an_input_says_so() -> None:
    with pytest.raises(TooLarge):
        without_dead_code(program(assign("repeat", number(30_000))), ["ab"])


def test_steps_are_what_a_level_counts() -> None:
    assert steps(program(UPPER, REVERSE)) == 2
    assert steps(program(*COUNT_A, If(ODD, (UPPER,), (REVERSE,)))) == 1
    assert steps(program(Let(OUT, text("")), ForEach(C, S, (BIG,)), Assign(S, OUT), UPPER)) == 2
    assert is_straight(program(UPPER))
    assert not is_straight(program(If(HAS_A, (UPPER,))))
    assert literals(program(assign("replace", text("a"), text("b")), assign("remove", text("a")))) == ["a", "b"]
