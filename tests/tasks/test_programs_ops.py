"""Operations: total, typed, and rendered as the Python that means the same, parentheses included."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthetic1.tasks.programs.evaluate import evaluate
from synthetic1.tasks.programs.ops import OPS, apply
from synthetic1.tasks.programs.program import (
    Apply,
    Expr,
    Extend,
    Function,
    If,
    Let,
    Lit,
    Return,
    SourceProgram,
    Stmt,
    Type,
    Var,
)
from synthetic1.tasks.programs.render_python import COMPOUND, LOGICAL, TEMPLATES, render, render_expr

TEXT, INT, BOOL, WORDS = Type.TEXT, Type.INT, Type.BOOL, Type.WORDS
S, N = Var("s", TEXT), Var("n", INT)
PYTHON_TYPES = {TEXT: str, INT: int, BOOL: bool, WORDS: list}

ascii_text = st.text(st.characters(max_codepoint=127), max_size=20)
small = st.integers(0, 4)
some_words = st.lists(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=5), max_size=4)

VALUES: dict[Type, st.SearchStrategy[Any]] = {TEXT: ascii_text, INT: small, BOOL: st.booleans(), WORDS: some_words}
LETTER = st.sampled_from("abcdefghijklmnopqrstuvwxyz")
ARGUMENTS: dict[str, tuple[st.SearchStrategy[Any], ...]] = {  # operations with a narrower domain than their types
    "shift": (LETTER, st.integers(0, 30)),
    "mod": (st.integers(0, 50), st.integers(1, 7)),
    "divides": (st.integers(1, 7), st.integers(0, 50)),
    "pad_left": (ascii_text, st.integers(0, 30), st.sampled_from(".-_ ")),
    "pad_right": (ascii_text, st.integers(0, 30), st.sampled_from(".-_ ")),
}


def python(source: str) -> Any:
    scope: dict[str, Any] = {}
    exec(source, scope)
    return scope["transform"]


def as_text(node: Expr) -> tuple[Stmt, ...]:
    """Statements that return a value of any type as text, so that ``evaluate`` can judge it."""
    if node.type is TEXT:
        return (Return(node),)
    if node.type is INT:
        return (Return(apply("number", node)),)
    if node.type is WORDS:
        return (Return(apply("join", node, Lit("\n", TEXT))),)
    return (If(node, (Return(Lit("yes", TEXT)),)), Return(Lit("no", TEXT)))


def returning(node: Expr) -> SourceProgram:
    """The program that returns an expression over ``s`` and ``n``, which is 3."""
    return SourceProgram((), Function("transform", (S,), TEXT, (Let(N, Lit(3, INT)), *as_text(node))))


def test_every_operation_has_a_template_and_every_template_an_operation() -> None:
    assert TEMPLATES.keys() == OPS.keys()
    assert OPS.keys() >= COMPOUND
    assert LOGICAL < COMPOUND
    for op, template in TEMPLATES.items():
        for place in range(len(OPS[op].params)):
            assert f"{{{place}" in template, f"{op} does not use argument {place}"


@pytest.mark.parametrize("op", sorted(OPS.keys() - {"shift"}))
@pytest.mark.parametrize("text", ["", "a", "Abc dE 9, " * 2_000], ids=["empty", "letter", "long"])
def test_every_operation_has_a_value(op: str, text: str) -> None:
    """Also for the empty text, for counts beyond the length, and for a text of 20,000 characters."""
    spec = OPS[op]
    for count in (1, 3, 100):
        given_: dict[Type, Any] = {TEXT: text, INT: count, BOOL: False, WORDS: text.split()}
        args = [given_[t] for t in spec.params]
        if op.startswith("pad"):
            args[2] = "."
        assert type(spec.run(*args)) is PYTHON_TYPES[spec.result]


def test_a_shift_turns_round_the_alphabet() -> None:
    assert [OPS["shift"].run(c, 3) for c in "awxyz"] == ["d", "z", "a", "b", "c"]
    assert OPS["shift"].run("m", 26) == "m"


@pytest.mark.parametrize("op", sorted(OPS))
@settings(max_examples=30)
@given(data=st.data())
def test_an_operation_means_what_its_python_does(op: str, data: st.DataObject) -> None:
    spec = OPS[op]
    args = data.draw(st.tuples(*ARGUMENTS.get(op, tuple(VALUES[t] for t in spec.params))))
    names = "abc"[: len(args)]
    source = render_expr(apply(op, *(Var(name, t) for name, t in zip(names, spec.params, strict=True))))
    assert eval(source, dict(zip(names, args, strict=True))) == spec.run(*args), source


def expressions() -> dict[Type, st.SearchStrategy[Expr]]:
    """Trees that nest every operation in every place of every other, within what the operations take."""

    def lit(values: st.SearchStrategy[Any], kind: Type) -> st.SearchStrategy[Expr]:
        return values.map(lambda value: Lit(value, kind))

    leaves = {
        TEXT: st.one_of(st.just(S), lit(ascii_text, TEXT)),
        INT: st.one_of(st.just(N), lit(small, INT)),
        BOOL: st.builds(lambda a, b: apply("less", a, b), st.just(N), lit(small, INT)),
        WORDS: st.just(apply("no_words")),
    }
    letters = st.recursive(lit(LETTER, TEXT), lambda inner: st.builds(_shift, inner, lit(small, INT)), max_leaves=3)

    @cache  # else there is a strategy for each path to it, some thousand
    def grown(kind: Type, depth: int) -> st.SearchStrategy[Expr]:
        if depth == 0:
            return leaves[kind]
        choices = [leaves[kind]]
        for op, spec in OPS.items():
            if spec.result is not kind:
                continue
            args = [grown(t, depth - 1) for t in spec.params]
            if op == "shift":
                args = [letters, lit(small, INT)]
            elif op in ("mod", "divides"):  # a divisor that is compound, but never 0
                place = 1 if op == "mod" else 0
                args[place] = st.builds(lambda a, b: apply("add", a, b), lit(st.integers(1, 4), INT), args[place])
            elif op == "repeat":
                args[1] = lit(small, INT)
            elif op.startswith("pad"):
                args[1:] = [lit(st.integers(0, 9), INT), lit(st.sampled_from("._"), TEXT)]
            choices.append(st.tuples(*args).map(lambda given_, name=op: apply(name, *given_)))  # type: ignore[misc]
        return st.one_of(choices)

    return {kind: grown(kind, 3) for kind in Type}


def _shift(letter: Expr, count: Expr) -> Apply:
    return apply("shift", letter, count)


def simple_args(op: str) -> list[Expr]:
    """Plain arguments for an operation, within its domain."""
    if op == "shift":
        return [Lit("y", TEXT), Lit(3, INT)]
    if op.startswith("pad"):
        return [S, Lit(9, INT), Lit(".", TEXT)]
    if op == "mod":
        return [N, Lit(2, INT)]  # not 0 when it is a divisor itself
    plain: dict[Type, Expr] = {TEXT: S, INT: N, BOOL: apply("is_lower", S), WORDS: apply("split", S)}
    return [plain[t] for t in OPS[op].params]


@pytest.mark.parametrize("outer", sorted(op for op in OPS if OPS[op].params))
def test_every_operation_can_stand_in_every_place_of_every_other(outer: str) -> None:
    for place, kind in enumerate(OPS[outer].params):
        for inner in OPS:
            narrow = outer == "shift" or (outer.startswith("pad") and place == 2)  # these want one character
            if OPS[inner].result is not kind or (narrow and inner != "shift" and kind is TEXT):
                continue
            args = simple_args(outer)
            args[place] = apply(inner, *simple_args(inner))
            node = apply(outer, *args)
            program = returning(node)
            source = render(program)
            for text in ("aB c", "ab", "Zz y"):
                assert python(source)(text) == evaluate(program, text), source


@settings(max_examples=300, deadline=None)
@given(node=st.one_of(*expressions().values()), text=ascii_text)
def test_parentheses_stand_where_they_must(node: Expr, text: str) -> None:
    """Evaluator and Python agree on trees of any nesting: a missing pair of parentheses shows as another value."""
    program = returning(node)
    source = render(program)
    assert python(source)(text) == evaluate(program, text), source


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (apply("upper", apply("concat", S, S)), "(s + s).upper()"),
        (apply("concat", apply("concat", S, S), S), "s + s + s"),
        (apply("concat", S, apply("repeat", S, Lit(2, INT))), "s + (s * 2)"),
        (apply("length", apply("mirror", S)), "len(s + s[::-1])"),
        (apply("mul", apply("add", N, N), N), "(n + n) * n"),
        (apply("negate", apply("both", apply("is_lower", S), apply("same", S, S))), "not (s.islower() and s == s)"),
        (apply("replace", Lit('"', TEXT), Lit("\\", TEXT), Lit("\n", TEXT)), r'"\"".replace("\\", "\n")'),
    ],
)
def test_python_as_a_person_would_write_it(node: Expr, expected: str) -> None:
    assert render_expr(node) == expected


def test_an_argument_of_another_type_is_refused() -> None:
    with pytest.raises(TypeError, match=r"^upper takes \['text'\], got \['int'\]$"):
        apply("upper", N)
    with pytest.raises(TypeError, match="replace takes"):
        apply("replace", S, S)


def test_extend_appends_or_adds() -> None:
    parts = Var("parts", WORDS)
    body = (
        Let(N, Lit(1, INT)),
        Extend(N, Lit(2, INT)),
        Let(parts, apply("split", S)),
        Extend(parts, apply("number", N)),
        Extend(S, Lit("!", TEXT)),
        Extend(parts, S),
        Return(apply("join", parts, Lit("|", TEXT))),
    )
    program = SourceProgram((), Function("transform", (S,), TEXT, body))
    assert evaluate(program, "a b") == python(render(program))("a b") == "a|b|3|a b!"
