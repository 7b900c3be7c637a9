"""Levels, the grammar that reads them, and the inputs: what a program of a level looks like."""

from __future__ import annotations

import dataclasses
import statistics
import string
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice, pairwise
from typing import Any

import numpy as np
import pytest

from synthetic1.tasks.code_understanding import Example, examples
from synthetic1.tasks.programs.choices import Choices
from synthetic1.tasks.programs.inputs import draw_input, sentences, words
from synthetic1.tasks.programs.levels import LEVELS, parse_levels
from synthetic1.tasks.programs.ops import OPS
from synthetic1.tasks.programs.program import (
    Apply,
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
    Type,
    Var,
    While,
)

STATEMENTS = {Let, Assign, Extend, If, ForEach, ForRange, While, Return}
SAMPLE = {**dict.fromkeys(range(1, 8), 60), 8: 40, 9: 30, 10: 30}  # the higher, the dearer


@cache
def sample(level: int) -> tuple[Example, ...]:
    return tuple(islice(examples(level, seed=11), SAMPLE[level]))


def walk(node: Any) -> Iterator[Any]:
    """Every node below, itself first."""
    yield node
    for field in dataclasses.fields(node):
        value = getattr(node, field.name)
        for child in value if isinstance(value, tuple) else (value,):
            if dataclasses.is_dataclass(child):
                yield from walk(child)


def test_levels_never_get_easier() -> None:
    kinds = ("word", "words", "sentence", "paragraph")
    assert list(LEVELS) == list(range(1, 11))
    for below, above in pairwise(LEVELS.values()):
        assert kinds.index(below.input) <= kinds.index(above.input)
        if (below.input == "word") == (above.input == "word"):  # the unit of size
            assert below.size[0] <= above.size[0]
            assert below.size[1] <= above.size[1]
        for name in ("steps", "depth", "helpers"):
            assert getattr(below, name) <= getattr(above, name), name
        assert below != above


@pytest.mark.parametrize(
    ("size_of", "what"),
    [
        (lambda e: len(e.source.splitlines()), "lines"),
        (lambda e: len(e.text), "characters of input"),
        (lambda e: len(e.steps()), "steps"),
    ],
)
def test_programs_and_inputs_grow_with_the_level(size_of: Any, what: str) -> None:
    means = [statistics.fmean(map(size_of, sample(level))) for level in LEVELS]
    for (level, below), above in zip(enumerate(means, 1), means[1:], strict=False):
        assert above > 0.95 * below, f"{what}: {below:.1f} at level {level}, {above:.1f} at the next"
    assert means[9] > 3 * means[3] > 3 * means[0]


def test_every_statement_is_reached_and_the_first_levels_are_straight_lines() -> None:
    for level in (1, 2, 3):
        nodes = [node for e in sample(level) for node in e.program.main.body]
        assert {type(node) for node in nodes} == {Assign, Return}
        assert {len(e.program.main.body) - 1 for e in sample(level)} == {level}
    for level in (5, 6, 7, 8, 9, 10):
        found = {type(node) for e in sample(level) for node in walk(e.program)}
        assert found >= STATEMENTS, f"level {level} lacks {STATEMENTS - found}"
        assert (HelperCall in found) == (level >= 6)
    for level in range(4, 11):
        for example in sample(level):
            assert any(isinstance(node, ForEach | ForRange | While | If) for node in walk(example.program))
            assert len(example.program.helpers) <= LEVELS[level].helpers


def test_operations_stay_where_all_languages_agree() -> None:
    """No divisor below 1, no count below 1, no empty pattern."""
    reached = set()
    for level in LEVELS:
        for example in sample(level):
            for node in walk(example.program):
                if not isinstance(node, Apply):
                    continue
                reached.add(node.op)
                literals = [arg.value for arg in node.args if isinstance(arg, Lit)]
                if node.op in ("mod", "divides"):
                    divisor = node.args[0 if node.op == "divides" else 1]
                    assert isinstance(divisor, Lit)
                    assert divisor.value >= 2
                elif OPS[node.op].params == (Type.TEXT, Type.INT):
                    assert all(isinstance(v, int) and v >= 1 for v in literals)
                    assert isinstance(node.args[1], Lit)
                elif node.op in ("replace", "remove", "count", "strip", "starts", "ends"):
                    assert all(len(v) == 1 for v in literals if isinstance(v, str)), example.source
    assert len(reached) >= 40


def unguarded_shifts(block: Block, lower: frozenset[Any] = frozenset()) -> Iterator[Apply]:
    """Shifts of a variable that no ``if`` around them knows to be a lower-case letter."""
    for node in block:
        if isinstance(node, If):
            test = node.condition
            conjuncts = test.args if isinstance(test, Apply) and test.op == "both" else (test,)
            known = {n.args[0] for n in conjuncts if isinstance(n, Apply) and n.op == "is_lower"}
            yield from unguarded_shifts(node.then, lower | known)
            yield from unguarded_shifts(node.orelse, lower)
        elif isinstance(node, ForEach | ForRange | While):
            yield from unguarded_shifts(node.body, lower)
        else:
            found = [n for n in walk(node) if isinstance(n, Apply) and n.op == "shift"]
            yield from (n for n in found if n.args[0] not in lower)


def shifting(found: Iterable[Example]) -> int:
    """How many of them shift; none shifts what is not known to be a lower-case letter."""
    shifted = 0
    for example in found:
        shifted += "ord(" in example.source
        for function in (*example.program.helpers, example.program.main):
            assert not list(unguarded_shifts(function.body)), example.source
    return shifted


def test_only_lower_case_letters_are_shifted() -> None:
    assert sum(shifting(sample(level)) for level in LEVELS) >= 15


@pytest.mark.proofs
def test_only_lower_case_letters_are_shifted_in_thousands() -> None:
    assert sum(shifting(islice(examples(level, seed=12), 300 if level < 8 else 60)) for level in LEVELS) > 50


def test_a_shift_without_a_guard_is_seen() -> None:
    shift = Assign(Var("s", Type.TEXT), Apply("shift", (Var("s", Type.TEXT), Lit(1, Type.INT)), Type.TEXT))
    assert list(unguarded_shifts((shift,)))


def test_names_are_declared_once_and_helpers_before_their_use() -> None:
    for level in range(6, 11):
        for example in sample(level):
            defined: set[str] = set()
            declared: list[str] = []
            for function in (*example.program.helpers, example.program.main):
                assert isinstance(function, Function)
                nodes = list(walk(function))
                assert {n.function for n in nodes if isinstance(n, HelperCall)} <= defined
                defined.add(function.name)
                here = [n.var.name for n in nodes if isinstance(n, Let | ForEach | ForRange)]
                known = {p.name for p in function.params} | set(here)
                assert {n.name for n in nodes if isinstance(n, Var)} <= known
                declared += here
            assert len(declared) == len(set(declared)), example.source
            assert "ch" not in declared, "the name that rendered comprehensions use"


def test_inputs_are_of_their_level_and_printable_ascii() -> None:
    printable = set(string.printable[:95])
    for number, level in LEVELS.items():
        choose = Choices(np.random.default_rng([5, number]))
        drawn = [draw_input(level, choose) for _ in range(300)]
        assert set("".join(drawn)) <= printable
        sizes = {len(text) if level.input == "word" else len(text.split(" ")) for text in drawn}
        assert min(sizes) >= level.size[0]
        assert max(sizes) <= level.size[1]
        assert len(set(drawn)) > 100
    assert all(set(sentence) <= printable for sentence in sentences())
    assert len(words()) == len(set(words())) > 200


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        (3, (3,)),
        (10, (10,)),
        ("3", (3,)),
        ("1-3", (1, 2, 3)),
        (" 1 - 3 , 7 ", (1, 2, 3, 7)),
        ("1,4,7", (1, 4, 7)),
        ("7,1-2,2", (1, 2, 7)),
        ("5-5", (5,)),
        ("1-10", tuple(range(1, 11))),
        ([2, 1, 2], (1, 2)),
        ((4,), (4,)),
        (range(1, 4), (1, 2, 3)),
        ({9}, (9,)),
        (np.int64(3), (3,)),
        (np.array([2, 3]), (2, 3)),
    ],
)
def test_levels_as_people_write_them(levels: Any, expected: tuple[int, ...]) -> None:
    found = parse_levels(levels)
    assert found == expected
    assert all(type(level) is int for level in found)


@pytest.mark.parametrize(
    ("levels", "message"),
    [
        (0, "unknown level 0"),
        (11, "unknown level 11"),
        (-1, "unknown level -1"),
        ("0", "unknown level 0"),
        ("1-11", "unknown level 11"),
        ("1-9999", "unknown level 11"),
        ("1-99999999999999", "cannot read level '1-99999999999999'"),
        ("3-1", "cannot read level '3-1'"),
        ("", "cannot read level ''"),
        ("1-", "cannot read level '1-'"),
        ("-1", "cannot read level '-1'"),
        ("1-2-3", "cannot read level '1-2-3'"),
        ("1,,2", "cannot read level '1,,2'"),
        ("easy", "cannot read level 'easy'"),
        ("1.5", "cannot read level '1.5'"),
        ("³", "cannot read level '³'"),
        ([], "no level given"),
        (True, "unknown level True"),
        ([1, True], "unknown level True"),
        (1.0, "unknown level 1.0"),
        (None, "unknown level None"),
        (["1"], "unknown level '1'"),
        ([[1]], r"unknown level \[1\]"),
        (b"1", "unknown level 49"),
    ],
)
def test_levels_that_are_none(levels: Any, message: str) -> None:
    with pytest.raises(ValueError, match=rf"^{message}; levels are 1 to 10, written 3, \[1, 2\], '1-3' or '1,4'$"):
        parse_levels(levels)
