"""The same program in four languages: all print, in the sandbox, what the evaluator says."""

from __future__ import annotations

import asyncio
import functools
import json
import pickle
import re
from collections.abc import Iterator, Sequence
from itertools import islice, product
from typing import Any

import pytest

from synthetic1.sandbox import Limits, SandboxUnavailable, open_sandbox
from synthetic1.sandbox import Program as SandboxProgram
from synthetic1.tasks.code_understanding import GeneratedTasks, examples
from synthetic1.tasks.programs import braces, render_cpp, render_javascript, render_python, render_rust
from synthetic1.tasks.programs.evaluate import evaluate
from synthetic1.tasks.programs.languages import LANGUAGES, parse_languages
from synthetic1.tasks.programs.levels import LEVELS
from synthetic1.tasks.programs.ops import OPS, apply
from synthetic1.tasks.programs.program import (
    Apply,
    Assign,
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
    Stmt,
    Type,
    Var,
)

TEXT, INT, BOOL, WORDS = Type.TEXT, Type.INT, Type.BOOL, Type.WORDS
S, C, N, OUT = Var("s", TEXT), Var("c", TEXT), Var("n", INT), Var("out", TEXT)
PARTS, W, PIECE, ROUND = Var("parts", WORDS), Var("w", TEXT), Var("piece", TEXT), Var("i", INT)
Run = tuple[SourceProgram, str]

LIMITS = Limits(cpu_s=120, memory_mb=1024, build_cpu_s=300, build_memory_mb=4096)
PER_UNIT = 125  # programs in one file: compilers start once for all of them, and two slots share the files
EVERY_LANGUAGE = pytest.mark.parametrize("language", LANGUAGES)


async def printed(language: str, runs: Sequence[Run], require: Any) -> list[str]:
    """What the programs print in the sandbox, in order."""
    units = [runs[start : start + PER_UNIT] for start in range(0, len(runs), PER_UNIT)]
    try:
        opened = await open_sandbox()
    except SandboxUnavailable as error:
        require("a sandbox", False, f"synthetic1 sandbox build ({error})")
        raise
    async with asyncio.timeout(1_500):
        try:
            sources = [SandboxProgram(language, LANGUAGES[language].render_unit(unit)) for unit in units]
            found = await asyncio.gather(*(_run(opened, source) for source in sources))
        finally:
            await opened.aclose()
    return [json.loads(line) for stdout in found for line in stdout.splitlines()]


async def _run(sandbox: Any, program: SandboxProgram) -> str:
    [result] = await sandbox.run(program, [b""], LIMITS)
    assert result.status == "ok", f"{result.status}: {result.why}\n{result.stderr.decode(errors='replace')[:2_000]}"
    return str(result.stdout.decode("ascii"))


async def disagreements(language: str, runs: Sequence[Run], require: Any) -> list[tuple[str, str, str, str]]:
    """(source, input, expected, printed) of every program that prints something else than the evaluator says."""
    expected = [evaluate(program, text) for program, text in runs]
    got = await printed(language, runs, require)
    assert len(got) == len(runs)
    render = LANGUAGES[language].render
    return [(render(p), t, e, g) for (p, t), e, g in zip(runs, expected, got, strict=True) if e != g]


@functools.cache
def sample(per_level: int, seed: int) -> list[Run]:
    return [(e.program, e.text) for n in LEVELS for e in islice(examples(n, seed=seed), per_level)]


# -- generated programs


@EVERY_LANGUAGE
async def test_generated_programs_print_what_the_generator_says(language: str, require: Any) -> None:
    assert await disagreements(language, sample(3, seed=31), require) == []


@pytest.mark.proofs
@EVERY_LANGUAGE
async def test_thousands_of_generated_programs_print_what_the_generator_says(language: str, require: Any) -> None:
    assert await disagreements(language, sample(200, seed=32), require) == []


# -- operations, those too that the grammar does not draw


def returning(node: Expr) -> tuple[Stmt, ...]:
    """Statements that return a value of any type as text."""
    if node.type is TEXT:
        return (Return(node),)
    if node.type is INT:
        return (Return(apply("number", node)),)
    if node.type is WORDS:
        return (Return(apply("join", node, Lit("|", TEXT))),)
    return (If(node, (Return(Lit("yes", TEXT)),)), Return(Lit("no", TEXT)))


def on_text(node: Expr) -> SourceProgram:
    """An expression over ``s`` and ``n``, which is 3."""
    return SourceProgram((), Function("transform", (S,), TEXT, (Let(N, Lit(3, INT)), *returning(node))))


def on_characters(node: Expr) -> SourceProgram:
    """An expression over every character ``c`` of the text, its values side by side."""
    if node.type is BOOL:
        shown: Stmt = If(node, (Extend(OUT, Lit("+", TEXT)),), (Extend(OUT, Lit("-", TEXT)),))
    else:
        text = {TEXT: lambda: node, INT: lambda: apply("number", node), WORDS: lambda: apply("join", node, S)}
        shown = Extend(OUT, text[node.type]())
    body = (Let(N, Lit(3, INT)), Let(OUT, Lit("", TEXT)), ForEach(C, S, (shown,)), Return(OUT))
    return SourceProgram((), Function("transform", (S,), TEXT, body))


def arguments(op: str, text: Expr) -> Iterator[list[Expr]]:
    """Arguments within an operation's domain: ``text`` first, then literals of one character and of more."""
    one, more, set_ = Lit("a", TEXT), Lit("b a", TEXT), Lit("aeB", TEXT)
    if op.startswith("is_") and text != C:
        return  # a character's
    if op == "shift":
        yield from ([Lit("y", TEXT), Lit(k, INT)] for k in (1, 12))
    elif op.startswith("pad"):
        yield from ([text, Lit(k, INT), Lit(".", TEXT)] for k in (1, 4, 9))
    elif op in ("mod", "divides"):
        for k in (2, 5):
            yield [apply("length", text), Lit(k, INT)] if op == "mod" else [Lit(k, INT), apply("length", text)]
    elif OPS[op].params == (TEXT, TEXT, TEXT):
        for old, new in product((one, more), (Lit("x", TEXT), Lit("$&'\\", TEXT), Lit("", TEXT), text)):
            yield [text, old, new]
    else:
        texts = [[text, other] for other in (one, more, set_, Lit("'", TEXT), Lit('"\\{}%', TEXT))]
        swapped = [[set_, text], [text, text]] if op in ("contains", "concat", "same", "before") else []
        plain: dict[Type, Expr] = {TEXT: text, INT: N, BOOL: apply("less", N, Lit(4, INT)), WORDS: apply("split", text)}
        if OPS[op].params == (TEXT, TEXT):
            yield from [*texts, *swapped]
        elif OPS[op].params == (TEXT, INT):
            yield from ([text, Lit(k, INT)] for k in (1, 2, 3, 9))
        elif OPS[op].params == (WORDS, TEXT):
            yield [plain[WORDS], Lit(", ", TEXT)]
        else:
            yield [plain[t] for t in OPS[op].params]


INPUTS = ["", "a", "b a", "aB c", "Zz  y'b ab aba", '"\\{0}%$ aeiou AEIOU 09~']


def operations(most: int | None, inputs: int = 1) -> list[Run]:
    """Each with so many of its arguments, and with one of the inputs or two: rustc takes half a second for one."""
    programs = [on_text(apply(op, *args)) for op in OPS for args in islice(arguments(op, S), most)]
    of_characters = [op for op in OPS if OPS[op].params[:1] == (TEXT,)]
    programs += [on_characters(apply(op, *args)) for op in of_characters for args in islice(arguments(op, C), most)]
    # a shift wants a lower-case letter
    lower = If(apply("is_lower", C), (Extend(OUT, apply("shift", C, Lit(11, INT))),), (Extend(OUT, C),))
    body = (Let(OUT, Lit("", TEXT)), ForEach(C, S, (lower,)), Return(OUT))
    programs.append(SourceProgram((), Function("transform", (S,), TEXT, body)))
    return [(program, INPUTS[k]) for n, program in enumerate(programs) for k in (n % 6, (n + 3) % 6)[:inputs]]


@EVERY_LANGUAGE
async def test_every_operation_means_the_same(language: str, require: Any) -> None:
    assert await disagreements(language, operations(1), require) == []


@pytest.mark.proofs
@EVERY_LANGUAGE
async def test_every_operation_means_the_same_of_all_arguments(language: str, require: Any) -> None:
    assert await disagreements(language, operations(None, inputs=2), require) == []


def nested() -> list[Run]:
    """Every operation in every place of every other."""
    simple: dict[Type, list[Apply]] = {kind: [] for kind in Type}
    for op in OPS:
        for args in islice(arguments(op, S), 1):
            simple[OPS[op].result].append(apply(op, *args))
    runs = []
    for op in OPS:
        for args in islice(arguments(op, S), 1):
            for place, kind in enumerate(OPS[op].params):
                literal_only = op == "shift" or op.startswith("pad") or (op in ("mod", "divides") and kind is INT)
                pattern = place > 0 and kind is TEXT and op not in ("concat", "same", "before")
                if literal_only or pattern or (kind is INT and OPS[op].params[0] is TEXT):
                    continue  # what stands there is a literal: the domain of these operations
                for inner in simple[kind]:
                    node = apply(op, *args[:place], inner, *args[place + 1 :])
                    runs.append((on_text(node), INPUTS[len(runs) % len(INPUTS)]))
    return runs


@EVERY_LANGUAGE
async def test_operations_nest(language: str, require: Any) -> None:
    assert await disagreements(language, nested()[::60], require) == []


@pytest.mark.proofs
@EVERY_LANGUAGE
async def test_all_operations_nest(language: str, require: Any) -> None:
    assert await disagreements(language, nested(), require) == []


# -- statements


def statements() -> list[Run]:
    """What differs between languages: what is looped over is fixed at entry, counts too, and shadowing does no harm."""
    grow = (Extend(S, C), Extend(OUT, C))
    rounds = apply("length", OUT)
    programs: list[tuple[Stmt, ...]] = [
        (Let(OUT, Lit("", TEXT)), ForEach(C, S, grow), Return(apply("concat", OUT, S))),
        (Let(OUT, S), ForRange(ROUND, rounds, (Extend(OUT, apply("number", ROUND)),)), Return(OUT)),
        (Let(OUT, S), ForRange(ROUND, Lit(2, INT), (Assign(OUT, apply("reverse", OUT)),)), Return(OUT)),
        (ForEach(W, apply("split", S), (Assign(S, apply("concat", W, S)),)), Return(S)),
        (Let(N, Lit(0, INT)), ForEach(C, S, (Extend(N, Lit(2, INT)),)), Return(apply("number", N))),
        (
            Let(PARTS, apply("no_words")),
            ForEach(W, apply("split", S), (Let(PIECE, W), Extend(PIECE, Lit("!", TEXT)), Extend(PARTS, PIECE))),
            Extend(PARTS, Lit("end", TEXT)),
            Return(apply("join", apply("words_sorted", PARTS), Lit(",", TEXT))),
        ),
        (Let(OUT, Lit("", TEXT)), ForEach(C, S, (Assign(OUT, apply("concat", C, OUT)),)), Assign(S, OUT), Return(S)),
        (Assign(S, HelperCall("helper_1", (S,), TEXT)), Return(S)),
        (Return(HelperCall("helper_1", (apply("concat", S, Lit("x", TEXT)),), TEXT)),),
    ]
    param = Var("t", TEXT)
    guard = If(apply("contains", param, Lit("b", TEXT)), (Return(Lit("none", TEXT)),))
    helper = Function("helper_1", (param,), TEXT, (guard, Assign(param, apply("upper", param)), Return(param)))
    return [
        (SourceProgram((helper,), Function("transform", (S,), TEXT, body)), text)
        for body in programs
        for text in INPUTS
    ]


@EVERY_LANGUAGE
async def test_statements_mean_the_same(language: str, require: Any) -> None:
    assert await disagreements(language, statements(), require) == []


# -- the proof can fail


@pytest.mark.parametrize(
    ("op", "wrong"),
    [
        ("drop_first", "{0}.slice({1:any}).slice(1)"),
        ("before", "{0:sum} <= {1:sum}"),
        ("swap_halves", "{0}.slice(Math.ceil({0}.length / 2)) + {0}.slice(0, Math.ceil({0}.length / 2))"),
    ],
)
async def test_a_wrong_template_is_found(op: str, wrong: str, require: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(render_javascript.TEMPLATES, op, wrong)
    assert await disagreements("javascript", sample(8, seed=31), require)


# -- tables


@pytest.mark.parametrize("renderer", [render_javascript, render_rust, render_cpp])
def test_every_operation_has_a_template_and_uses_its_arguments(renderer: Any) -> None:
    assert renderer.TEMPLATES.keys() == OPS.keys() - {"concat"}  # which is flattened, not filled in
    for op, template in renderer.TEMPLATES.items():
        for place in range(len(OPS[op].params)):
            assert f"{{{place}" in template, f"{op} does not use argument {place}"


@pytest.mark.parametrize("renderer", [render_javascript.JavaScript, render_rust.Rust, render_cpp.Cpp])
def test_a_program_shows_exactly_the_helpers_it_calls(renderer: type[braces.Renderer]) -> None:
    for program, _ in [*sample(15, seed=33), *operations(None)]:
        rendered = renderer(program)
        functions = "\n".join(rendered.function(f) for f in (*program.helpers, program.main))
        code = re.sub(r'"(?:\\.|[^"\\])*"', '""', functions)
        assert rendered.used == {name for name in renderer.HELPERS if re.search(rf"(?<![\w.:]){name}\b", code)}


@pytest.mark.parametrize(
    ("language", "node", "expected"),
    [
        ("javascript", Assign(S, apply("reverse", S)), 's = [...s].reverse().join("");'),
        ("javascript", Assign(S, apply("concat", S, Lit("ab", TEXT))), 's = s + "ab";'),
        ("javascript", Extend(PARTS, S), "parts.push(s);"),
        ("rust", Assign(S, apply("reverse", S)), "s = s.chars().rev().collect();"),
        ("rust", Assign(S, apply("concat", apply("concat", Lit("{", TEXT), S), S)), 's = format!("{{{s}{s}");'),
        ("rust", Extend(S, Lit("'", TEXT)), r"s.push('\'');"),
        ("rust", ForRange(ROUND, apply("length", S), ()), "for _ in 0..s.len()"),
        ("cpp", Assign(S, apply("reverse", S)), "s = reversed(s);"),
        ("cpp", Assign(S, apply("concat", Lit("a", TEXT), Lit("bc", TEXT))), 's = std::string("a") + "bc";'),
        ("cpp", Let(OUT, Lit("", TEXT)), "std::string out;"),
        ("cpp", If(apply("contains", S, Lit("a", TEXT)), ()), "if (s.find('a') != std::string::npos)"),
    ],
)
def test_statements_as_a_person_would_write_them(language: str, node: Stmt, expected: str) -> None:
    program = SourceProgram((), Function("transform", (S,), TEXT, (node, Return(S))))
    assert LANGUAGES[language].render_statement(program, node) == expected


# -- tasks


def test_every_language_shows_the_same_programs() -> None:
    python = GeneratedTasks("1-10", seed=34, size=20)
    for language in LANGUAGES:
        shown = GeneratedTasks("1-10", seed=34, size=20, language=language)
        streamed = next(examples(4, seed=34, language=language))
        assert streamed == shown.example(3)
        for index, (task, other) in enumerate(zip(python, shown, strict=True)):
            example = shown.example(index)
            assert example.program == python.example(index).program
            assert example.language == other.metadata["language"] == language
            assert other.metadata["program"] == example.source == LANGUAGES[language].render(example.program)
            assert f"```{language}\n{example.source}\n```" in other.prompt
            assert other.prompt.startswith(f"Predict what this {LANGUAGES[language].name} program returns.")
            assert other.verification_info == task.verification_info
            assert (other == task) == (language == "python")
            assert shown.get(other.problem_id) == other
        assert shown.verify_gold([0, 5]) == []


def test_languages_take_turns_at_every_level() -> None:
    source = GeneratedTasks("3,4", seed=35, size=12, language=["rust", "python", "cpp"])
    assert [task.metadata["language"] for task in source] == ["rust", "rust", "python", "python", "cpp", "cpp"] * 2
    assert [task.problem_id.rpartition("/")[2] for task in source][:6] == ["rust", "rust", "1", "1", "cpp", "cpp"]
    assert [next(source.rows_of(task.problem_id)) for task in source] == list(range(12))
    for wrong in ("code_understanding/L3/s35/train/0", "code_understanding/L3/s35/train/1/rust"):
        assert list(source.rows_of(wrong)) == []
    assert source.name == "code_understanding/L3,4/s35/train/rust,python,cpp"
    assert source.part("test").languages == source.languages
    assert source.part("test")[0].metadata["language"] == "rust"
    assert [task.key for task in pickle.loads(pickle.dumps(source))] == [task.key for task in source]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_trace_shows_lines_of_the_program(language: str) -> None:
    for level in LEVELS:
        for example in islice(examples(level, seed=36, language=language), 5):
            lines = {line.strip() for line in example.source.splitlines()}
            steps = example.steps()
            assert {line for line, _ in steps} <= lines
            assert steps[-1][1] == example.output


@pytest.mark.parametrize("language", ["Python", "c++", "", None, 3, [], ["rust", "go"], ["rust", "rust"], [None]])
def test_an_unknown_language_is_one_line(language: Any) -> None:
    with pytest.raises(ValueError, match=r"languages are python, javascript, rust, cpp, one name or a list") as caught:
        GeneratedTasks(1, language=language)
    assert "\n" not in str(caught.value)
    with pytest.raises(ValueError, match="languages are python"):
        parse_languages(language)


def test_python_is_what_it_was() -> None:
    program = next(examples(6, seed=37)).program
    assert LANGUAGES["python"].render is render_python.render
    assert next(examples(6, seed=37)).source == render_python.render(program)
    assert GeneratedTasks(3)[0].problem_id == "code_understanding/L3/s0/train/0"
