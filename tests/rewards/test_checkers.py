"""Checkers: every case that known graders get wrong, on the right side, and what no output may do to us."""

from __future__ import annotations

import json
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic1.rewards.program_tests.checkers import CHECKERS, Tolerance, float_checker, tokens_checker

FLOAT = "float"


def refused(checker, expected, got):
    chosen = float_checker(Tolerance(0.01, 0)) if checker == FLOAT else CHECKERS[checker]
    return chosen.output(expected, got if isinstance(got, bytes) else got.encode())


def value_refused(checker, expected, got):
    chosen = float_checker(Tolerance(0.01, 0)) if checker == FLOAT else CHECKERS[checker]
    return chosen.values(expected, got)


# (why it is here, checker, expected, output)
RIGHT = [
    ("equal", "tokens", "1 2 3\n", "1 2 3\n"),
    ("no newline at the end", "tokens", "5\n", "5"),
    ("CRLF", "tokens", "1 2\n3\n", "1 2\r\n3\r\n"),
    ("other spacing", "tokens", "1 2\n3\n", "1\n2   3"),
    ("CodeContests: absolute tolerance at 1e9", "tokens", "1000000000.5", "1000000000.50001"),
    ("LCB: 1/3", "tokens", "0.3333333333333333", "0.33333333"),
    ("LCB: 0.1+0.2", "tokens", "0.3", "0.30000000000000004"),
    ("CodeContests: nan", "tokens", "nan", "nan"),
    ("CodeContests: inf", "tokens", "inf", "inf"),
    ("float without point", "tokens", "3.0", "3"),
    ("exponent", "tokens", "1e-3", "0.001"),
    ("negative zero", "tokens", "0.0", "-0.0"),
    ("2^53 + 1", "tokens", "9007199254740993", "9007199254740993"),
    ("thousands of digits", "tokens", "9" * 5000, "9" * 5000),
    ("no output asked for", "tokens", "", "\n"),
    ("UTF-8", "tokens", "é 😀", "é\n😀"),
    ("a lone surrogate in the task", "tokens", "\ud800", "\ud800".encode("utf-8", "surrogatepass")),
    ("exact", "exact", "a  b\n", "a  b"),
    ("exact, CRLF", "exact", "a\nb\n", "a\r\nb\r\n"),
    ("lines", "lines", "a \nb\n\n\n", "a\nb  \t\n"),
    ("lines, CRLF", "lines", "a\nb", "a\r\nb\r\n"),
    ("unordered", "unordered", "a\nb\nb\n", "b\nb\na"),
    ("yes", "yes_no", "YES\nno\n", "Yes\nNO\n"),
    ("declared tolerance", FLOAT, "1.0", "1.009"),
    ("declared tolerance, expected an integer", FLOAT, "1", "1.009"),
]

WRONG = [
    ("APPS: permuted lines", "tokens", "1\n2\n", "2\n1\n"),
    ("APPS: permuted tokens", "tokens", "1 2 3", "3 2 1"),
    ("APPS: a token twice", "tokens", "1 2", "1 2 2"),
    ("APPS: 1.0004 for 1.0001", "tokens", "1.0001", "1.0004"),
    ("TACO: 123", "tokens", "1 2 3", "123"),
    ("TACO: 321", "tokens", "1 2 3", "321"),
    ("open-r1: first line only", "tokens", "1\n2\n3\n", "1\n"),
    ("open-r1: extra lines", "tokens", "1\n", "1\n2\n"),
    ("CodeContests: 2^53 + 1", "tokens", "9007199254740992", "9007199254740993"),
    ("CodeContests: 2e-6 for 1e-7", "tokens", "1e-7", "2e-6"),
    ("SandboxFusion: case", "tokens", "Yes", "yes"),
    ("NaN for a float", "tokens", "1.0", "nan"),
    ("inf for a float", "tokens", "1.0", "inf"),
    ("1e999 for a float", "tokens", "1.0", "1e999"),
    ("a float that is none", "tokens", "1e999", "1e998"),
    ("-inf", "tokens", "inf", "-inf"),
    ("a float for an integer", "tokens", "5", "5.0"),
    ("nearly an integer", "tokens", "5", "5.0000001"),
    ("underscores", "tokens", "1000.0", "1_000.0"),
    ("other digits", "tokens", "1.0", "١.0"),
    ("hexadecimal", "tokens", "1.0", "0x1p0"),
    ("nothing", "tokens", "5", ""),
    ("NUL", "tokens", "5", b"5\x00"),
    ("invalid UTF-8", "tokens", "5", b"\xff\xfe"),
    ("invalid UTF-8 behind", "tokens", "5", b"5 \xff"),
    ("no-break space", "tokens", "1 2", "1\u00a02"),
    ("a digit short", "tokens", "9" * 5000, "9" * 4999),
    ("a very long float", "tokens", "1.0", "1." + "0" * 100_000 + "1"),
    ("exact: space", "exact", "a b", "a  b"),
    ("exact: two newlines", "exact", "a\n", "a\n\n"),
    ("exact: space at the end", "exact", "a\n", "a \n"),
    ("exact: float", "exact", "0.3", "0.30"),
    ("lines: leading space", "lines", "a", " a"),
    ("lines: one more", "lines", "a", "a\nb"),
    ("lines: empty one between", "lines", "a\nb", "a\n\nb"),
    ("lines: joined", "lines", "a\nb", "a b"),
    ("unordered: missing", "unordered", "a\nb\nb", "a\nb"),
    ("unordered: too many", "unordered", "a\nb", "a\nb\nb"),
    ("unordered: within a line", "unordered", "1 2", "2 1"),
    ("yes for no", "yes_no", "yes", "no"),
    ("case of another word", "yes_no", "maybe", "Maybe"),
    ("y", "yes_no", "yes", "y"),
    ("beyond the declared tolerance", FLOAT, "1.0", "1.02"),
    ("declared tolerance is absolute only", FLOAT, "1000000", "1000001"),
    ("declared tolerance, NaN", FLOAT, "1.0", "nan"),
]

# (why, checker, expected value, the JSON that was returned)
RIGHT_VALUES = [
    ("integer", "tokens", 5, "5"),
    ("LCB: nested tuples", "tokens", [(1, 2), (3, [4])], "[[1,2],[3,[4]]]"),
    ("LCB: 0.1+0.2", "tokens", 0.3, "0.30000000000000004"),
    ("LCB: 1/3", "tokens", 0.3333333333333333, "0.33333333"),
    ("verl: spacing of JSON", "tokens", {"a": [1, 2]}, '{ "a" : [ 1 ,2 ] }'),
    ("an integer where a float is", "tokens", 5.0, "5"),
    ("a float that is that integer", "tokens", 5, "5.0"),
    ("order of keys", "tokens", {"a": 1, "b": 2}, '{"b":2,"a":1}'),
    ("integer keys", "tokens", {1: 2}, '{"1":2}'),
    ("none", "tokens", None, "null"),
    ("true", "tokens", True, "true"),
    ("escapes", "tokens", "é😀", '"\\u00e9\\ud83d\\ude00"'),
    ("thousands of digits", "tokens", 10**3000, str(10**3000)),
    ("NaN for NaN", "tokens", math.nan, "NaN"),
    ("infinity", "tokens", [math.inf, -math.inf], "[Infinity,-Infinity]"),
    ("exact", "exact", [0.5], "[0.5]"),
    ("unordered", "unordered", [[1, 2], [3]], "[[3],[1,2]]"),
    ("unordered, numbers", "unordered", [1, 2.0], "[2,1]"),
    ("declared tolerance", FLOAT, [1.0], "[1.009]"),
]

WRONG_VALUES = [
    ("LCB: True for 1", "tokens", 1, "true"),
    ("1 for True", "tokens", True, "1"),
    ("0 for False", "tokens", False, "0"),
    ("APPS: 5 for [5, 6]", "tokens", [5, 6], "5"),
    ("5 for [5]", "tokens", [5], "5"),
    ("[5] for 5", "tokens", 5, "[5]"),
    ("permuted", "tokens", [1, 2], "[2,1]"),
    ("a string", "tokens", 5, '"5"'),
    ("a number", "tokens", "5", "5"),
    ("null for false", "tokens", False, "null"),
    ("empty list for null", "tokens", None, "[]"),
    ("nearly an integer", "tokens", 5, "5.0000001"),
    ("2^53 + 1", "tokens", 2**53, str(2**53 + 1)),
    ("2^53 + 1 as a float", "tokens", 2**53 + 1, "9007199254740992.0"),
    ("NaN", "tokens", 1.0, "NaN"),
    ("infinity", "tokens", 1.0, "Infinity"),
    ("1e999", "tokens", 1.0, "1e999"),
    ("a number for infinity", "tokens", math.inf, "1e308"),
    ("number for NaN", "tokens", math.nan, "1.0"),
    ("a huge integer for a float", "tokens", 1.0, str(10**400)),
    ("more digits than Python reads", "tokens", 1, "1" * 5000),
    ("nested", "tokens", 1, "[" * 100_000 + "]" * 100_000),
    ("one key more", "tokens", {"a": 1}, '{"a":1,"b":2}'),
    ("another key", "tokens", {"a": 1}, '{"b":1}'),
    ("exact", "exact", 0.3, "0.30000000000000004"),
    ("unordered: inner order", "unordered", [[1, 2]], "[[2,1]]"),
    ("unordered: one more", "unordered", [1], "[1,1]"),
    ("unordered: True for 1", "unordered", [1], "[true]"),
    ("unordered: not a list", "unordered", [1], "1"),
    ("beyond the declared tolerance", FLOAT, [1.0], "[1.02]"),
]


@pytest.mark.parametrize(("checker", "expected", "got"), [row[1:] for row in RIGHT], ids=[row[0] for row in RIGHT])
def test_right(checker, expected, got):
    assert refused(checker, expected, got) is None


@pytest.mark.parametrize(("checker", "expected", "got"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_wrong(checker, expected, got):
    why = refused(checker, expected, got)
    assert why
    assert "\n" not in why


@pytest.mark.parametrize(
    ("checker", "expected", "got"), [row[1:] for row in RIGHT_VALUES], ids=[row[0] for row in RIGHT_VALUES]
)
def test_right_value(checker, expected, got):
    assert value_refused(checker, expected, got) is None


@pytest.mark.parametrize(
    ("checker", "expected", "got"), [row[1:] for row in WRONG_VALUES], ids=[row[0] for row in WRONG_VALUES]
)
def test_wrong_value(checker, expected, got):
    why = value_refused(checker, expected, got)
    assert why
    assert "\n" not in why


# (expected outputs of a task, which of them, an output, whether it is right)
TASKS = [
    (["0.5", "3"], 1, "3.0000000", True),
    (["0.5", "3"], 1, "2.9999999999", True),
    (["0.5", "3"], 1, "3.1", False),
    (["0.5", "3"], 1, "4", False),
    (["0.5", "1000000"], 1, "1000001", False),  # integers stay exact
    (["1e-3", "3"], 1, "3.0", True),
    (["2 0.5\n", "3 1"], 1, "3 1.00", True),
    (["2", "3"], 1, "3.0", False),
    (["2.", "3"], 1, "3.0", True),
    (["v1.5", "3"], 1, "3.0", False),  # no float
    (["1.2.3", "3"], 1, "3.0", False),
    (["e", "3"], 1, "3.0", False),
    (["0.5", "nan"], 1, "3.0", False),
    (["0.5", "3"], 1, "nan", False),
    (["0.5", "03"], 1, "3.0", True),
    (["0.5", "3"], 1, "3 ", True),
    (["0.5", "x"], 1, "3.0", False),
]


@pytest.mark.parametrize(("expected", "which", "got", "right"), TASKS)
def test_a_float_anywhere_makes_a_task_one_of_floats(expected, which, got, right):
    checker = tokens_checker(expected, [])
    assert (checker.output(expected[which], got.encode()) is None) is right


@pytest.mark.parametrize(
    ("expected", "which", "got", "right"),
    [
        ([0.5, 3], 1, "2.9999999999", True),
        ([[1, 0.5], [3, 1]], 1, "[3, 1.0000000001]", True),
        ([0.5, 3], 1, "3.1", False),
        ([0.5, 1000000], 1, "1000001", False),
        ([2, 3], 1, "2.9999999999", False),
        ([0.5, True], 1, "1.0", False),
        ([0.5, 10**400], 1, "1e308", False),
        ([{"a": 0.5}, {"a": 3}], 1, '{"a": 3.0000000001}', True),
    ],
)
def test_a_float_anywhere_makes_the_values_of_a_task_floats(expected, which, got, right):
    assert (tokens_checker([], expected).values(expected[which], got) is None) is right


@given(st.lists(st.text("01.eE +-x\n"), max_size=4))
def test_whether_a_task_has_floats_is_what_its_tokens_say(outputs):
    """The search for them against every token read by itself."""

    def is_float(token):
        try:
            float(token)
        except ValueError:
            return False
        return bool(set(token) & set(".eE"))

    has_floats = any(is_float(token) for output in outputs for token in output.split())
    assert (tokens_checker(outputs, []).output("3", b"3.0") is None) is has_floats


@given(st.binary(), st.text(), st.sampled_from([*CHECKERS, FLOAT]))
def test_no_output_is_too_odd(got, expected, checker):
    assert refused(checker, expected, got) is None or isinstance(refused(checker, expected, got), str)


@given(st.lists(st.text("ab01. \t\r\n-e")), st.sampled_from([*CHECKERS, FLOAT]))
def test_every_checker_accepts_what_is_expected(pieces, checker):
    expected = "".join(pieces)
    assert refused(checker, expected, expected.encode()) is None


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES, st.sampled_from(["tokens", "exact", "unordered", FLOAT]))
def test_every_checker_accepts_the_value_that_is_expected(value, checker):
    assert value_refused(checker, value, json.dumps(value)) is None


@given(st.lists(st.integers(-5, 5), min_size=1), st.randoms())
def test_unordered_accepts_permutations_and_nothing_else(numbers, rng):
    shuffled = rng.sample(numbers, len(numbers))
    assert value_refused("unordered", numbers, json.dumps(shuffled)) is None
    assert refused("unordered", "\n".join(map(str, numbers)), "\n".join(map(str, shuffled))) is None
    shuffled[0] += 1
    assert value_refused("unordered", numbers, json.dumps(shuffled))
    assert refused("unordered", "\n".join(map(str, numbers)), "\n".join(map(str, shuffled)))


@pytest.mark.parametrize("checker", [*CHECKERS, FLOAT])
def test_megabytes_are_compared(checker):
    rng = random.Random(0)
    lines = [str(rng.random()) for _ in range(100_000)]
    expected = "\n".join(lines)
    assert refused(checker, expected, expected.replace("\n", " \r\n") + "\n") is None or checker == "exact"
    lines[-1] = "7"
    assert refused(checker, expected, "\n".join(lines))


@pytest.mark.parametrize(("absolute", "relative"), [(-1, 0), (0, math.inf), (math.nan, 0)])
def test_impossible_tolerances(absolute, relative):
    with pytest.raises(ValueError, match="tolerances"):
        Tolerance(absolute, relative)


def test_a_reason_does_not_show_the_expected_output():
    assert "gold" not in refused("tokens", "gold", "lead")
    assert "gold" not in value_refused("tokens", "gold", '"lead"')
