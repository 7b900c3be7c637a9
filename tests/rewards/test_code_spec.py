"""What a code task may say, and the one line that a malformed one gets. Needs no sandbox."""

from __future__ import annotations

import json
import pickle
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic1 import Scorer, Task
from synthetic1.rewards.code import Code
from synthetic1.rewards.program_tests.published_cases import assertions_of, read_argument_texts, read_value_texts
from synthetic1.rewards.program_tests.spec import MIN_MEMORY_MB, ProgramCheck, read_spec
from synthetic1.rewards.registry import get_verifier

STDIN = {"type": "stdin_stdout", "fn_name": None, "input": "1\n", "output": "2\n"}
CALL = {"type": "function_call", "fn_name": "f", "input": [1], "output": 2}
ASSERTED = {"type": "assert_case", "assert_case": "assert f(1) == 2"}
ASSERTIONS = {"code": "def check(candidate): pass", "entry_point": "f"}


def make_task(info):
    return Task(problem_id="p7", task_type="verifiable_code", prompt="Do it.", verification_info=info)


def python(**info):
    return {"language": "python", "test_cases": [STDIN], **info}


# (verification_info, what the line must name)
MALFORMED = [
    ({}, "verification_info.language must be a string, got none"),
    ({"language": "python"}, "verification_info.test_cases must be a list of at least one test, got none"),
    (python(test_cases=[]), "test_cases must be a list of at least one test"),
    (python(test_cases=None), "test_cases must be"),
    (python(test_cases={"input": "1"}), "test_cases must be a list"),
    (
        python(language="cobol"),
        "verification_info.language unknown language 'cobol'; there are: cpp, javascript, python",
    ),
    (python(language=3), "language must be a string, got int 3"),
    (python(test_cases=["1"]), r"test_cases\[0\] must be a mapping"),
    (
        python(test_cases=[STDIN, {**STDIN, "type": "stdio"}]),
        r"test_cases\[1\].type is str 'stdio'; one of stdin_stdout",
    ),
    (python(test_cases=[{"type": "stdin_stdout", "input": "1"}]), r"test_cases\[0\].output is missing"),
    (python(test_cases=[{**STDIN, "output": 2}]), r"test_cases\[0\].output must be a string"),
    (python(test_cases=[{**STDIN, "input": ["1", 2]}]), r"test_cases\[0\].input must be a string"),
    (python(test_cases=[{**CALL, "fn_name": None}]), r"test_cases\[0\].fn_name must be the name of a function"),
    (python(test_cases=[{**CALL, "fn_name": "f(x)"}]), r"test_cases\[0\].fn_name"),
    (
        python(test_cases=[{**CALL, "input": "x y"}]),
        r"test_cases\[0\].input must be the list of arguments, or JSON text",
    ),
    (
        python(test_cases=[{**CALL, "input": "[1"}]),
        r"test_cases\[0\].input must be the list of arguments, or JSON text",
    ),
    (python(test_cases=[{**CALL, "input": 1}]), r"test_cases\[0\].input must be the list of arguments"),
    (python(test_cases=[ASSERTED, STDIN]), r"test_cases\[1\].type must be assert_case"),
    (python(test_cases=[{"type": "assert_case"}]), r"test_cases\[0\].assert_case must be a statement"),
    (python(test_cases=[{**ASSERTED, "assert_case": "assert f(1"}]), "test_cases is not Python: SyntaxError"),
    (python(test_cases=[{**ASSERTED, "assert_case": "assert 1"}]), "test_cases calls no function of the program's"),
    (python(test_cases=[ASSERTED], language="rust"), "test_cases are statements of Python, and the language is rust"),
    (python(test_cases=[{**CALL, "input": [{1, 2}]}]), r"test_cases\[0\].input cannot be passed"),
    (python(checker="fuzzy"), "checker is str 'fuzzy'; one of tokens"),
    (python(checker={"float": {}}), "checker is"),
    (python(checker={"float": {"abs": -1}}), "checker.float"),
    (python(checker={"float": {"abs": "x"}}), "checker.float"),
    (python(checker={"program": ""}), "checker is"),
    (python(checker={"program": "x", "float": {}}), "checker is"),
    (python(test_cases=[CALL], checker="lines"), "checker `lines` compares outputs of programs"),
    (python(time_limit_s=0), "time_limit_s must be a positive number"),
    (python(time_limit_s=True), "time_limit_s must be a positive number"),
    (python(memory_limit_mb="256"), "memory_limit_mb must be a positive number"),
    (python(memory_limit_mb=float("nan")), "memory_limit_mb must be a positive number"),
    (python(input_file="in.txt"), "input_file str 'in.txt': programs that use named files cannot be tested"),
    (python(output_file="out.txt"), "output_file"),
    (python(assertions=ASSERTIONS), "assertions stands beside test_cases"),
    (
        {"language": "cpp", "assertions": {**ASSERTIONS, "prelude": "x"}},
        "assertions.prelude can stand before Python only",
    ),
    ({"language": "python", "assertions": {"code": "x"}}, "assertions.entry_point must be a string"),
    ({"language": "python", "assertions": {**ASSERTIONS, "trust": "full"}}, "assertions.trust is str 'full'"),
    ({"language": "python", "assertions": {**ASSERTIONS, "prelude": 1}}, "assertions.prelude must be a string"),
    ({"language": "python", "assertions": "assert True"}, "assertions must be a mapping"),
]


@pytest.mark.parametrize(("info", "named"), MALFORMED, ids=[named for _, named in MALFORMED])
def test_a_malformed_task_is_unscorable_and_says_where(info, named):
    with Scorer() as scorer:
        verdict = scorer.score_sync([(make_task(info), "```python\nprint(2)\n```")])[0]
    assert (verdict.score, verdict.reason) == (None, "unscorable_task")
    why = verdict.details["why"]
    assert why.startswith("task `p7`: verification_info.")
    assert "\n" not in why
    assert re.search(named, why), why


def test_a_published_row_is_read_as_it_is():
    row = {
        "problem_id": "vcp_1",
        "task_type": "verifiable_code",
        "prompt": "Add.",
        "verification_info": "{'language': 'python', 'test_cases': [{'type': 'stdin_stdout', 'fn_name': None, "
        "'input': '1 2\\n', 'output': '3\\n'}, {'type': 'function_call', 'fn_name': 'add', 'input': [1, 2], "
        "'output': 3}]}",
        "metadata": "{}",
    }
    spec = read_spec(Task.from_row(row))
    assert spec.language.name == "python"
    assert [test.expected for test in spec.tests] == ["3\n", 3]
    assert [test.function for test in spec.tests] == [None, "add"]
    assert spec.tests[1].input.args == (1, 2)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.integers(2, 4).flatmap(lambda n: st.lists(st.lists(PLAIN, min_size=n, max_size=n), min_size=1, max_size=4)))
def test_arguments_come_out_of_either_form_of_text(calls):
    lines = ["\n".join(map(json.dumps, args)) for args in calls]
    assert read_argument_texts(lines) == calls
    assert read_argument_texts([text + "\n" for text in lines]) == calls
    assert read_argument_texts([json.dumps(args) for args in calls]) == calls
    assert read_argument_texts([json.dumps(args, indent=1) for args in calls]) == calls
    assert read_argument_texts(["\n".join(map(repr, args)) for args in calls]) == calls


@pytest.mark.parametrize(
    ("texts", "calls"),
    [
        (["[1, 2]", "[3]"], [[[1, 2]], [[3]]]),  # lists of different lengths are no arguments
        (["[1, 2]", "[3, 4]"], [[1, 2], [3, 4]]),
        (["[1, 2]", "[3, 4]\n5"], [[[1, 2]], [[3, 4], 5]]),
        (["[1, 2]", "5"], [[[1, 2]], [5]]),
        (["", "\n"], [[], []]),
        (["[]", "[]"], [[], []]),
        (["[True, None]\n(1, 2)"], [[[True, None], (1, 2)]]),
    ],
)
def test_a_list_on_a_line_is_one_argument_if_another_call_shows_it(texts, calls):
    assert read_argument_texts(texts) == calls


@pytest.mark.parametrize(
    "text", ["x", "[1", "1 2", "[" * 100_000, "(" * 9_000, "f(1)", "1\nx", "{1: 2}['a']", "'" * 200_000]
)
def test_text_that_holds_no_arguments(text):
    with pytest.raises(ValueError, match="1"):
        read_argument_texts(["1", text])


@pytest.mark.parametrize(
    ("outputs", "values"),
    [
        (["[1]", "2"], [[1], 2]),
        (['"a"', '"b"'], ["a", "b"]),
        (["ab", "1"], ["ab", "1"]),  # not all of them: strings as they are
        (["None", "True"], [None, True]),
        (["[1]", 2, None], [[1], 2, None]),
    ],
)
def test_outputs_beside_arguments_as_text(outputs, values):
    assert read_value_texts(outputs) == values


@pytest.mark.parametrize(
    ("statements", "first"),
    [
        (["assert f(1) == g(2)"], "f"),
        (["import math", "from re import sub as s", "assert math.sqrt(s(f(4))) == 2"], "f"),
        (["x = sorted([1])", "def h(a): return a", "assert h(x) == f(x)"], "f"),
        (["assert Solution().f([2, 7]) == [0, 1]"], "f"),
        (["for n in range(3): assert f(n) == n"], "f"),
    ],
)
def test_the_function_that_statements_call(statements, first):
    assert assertions_of(statements)[1] == first


def test_everything_that_may_be_said():
    info = python(
        language="C++", checker={"program": "def check(i, o, e): return True"}, time_limit_s=2, input_file="stdin"
    )
    spec = read_spec(make_task({**info, "memory_limit_mb": 16, "test_cases": [{**STDIN, "input": ["1", "2"]}]}))
    assert spec.language.name == "cpp"
    assert spec.checker == ProgramCheck("def check(i, o, e): return True")
    assert (spec.time_limit_s, spec.memory_limit_mb) == (2.0, MIN_MEMORY_MB)
    assert spec.tests[0].input == "1\n2"


@pytest.mark.parametrize(
    "text",
    ["print(2)", "", "```rust\nfn main() {}\n```", "```python\n\n```", "<think>```python\nprint(2)\n```</think>"],
)
def test_no_program_needs_no_sandbox(text):
    """58: an answer without a fence."""
    with Scorer([Code(sandbox={"kind": "docker", "engine": "tcp://127.0.0.1:9"})]) as scorer:
        verdict = scorer.score_sync([(make_task(python()), text)])[0]
    assert (verdict.score, verdict.reason) == (0.0, "no_answer")


def test_without_a_sandbox_a_program_is_not_ours_to_verify():
    with Scorer([Code(sandbox={"kind": "docker", "engine": "tcp://127.0.0.1:9"})]) as scorer:
        for verdict in scorer.score_sync([(make_task(python()), f"```python\nprint({n})\n```") for n in range(3)]):
            assert (verdict.score, verdict.reason) == (None, "unscorable_infra")
            assert "docker" in verdict.details["why"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"credit": "half"}, "credit must be one of all, fraction, got 'half'"),
        ({"time_limit_s": 0}, "time_limit_s must be positive"),
        ({"max_tests": 0}, "max_tests must be positive"),
        ({"slots": -1}, "slots must be positive"),
        ({"sandbox": "jail"}, "sandbox must be one of auto, docker"),
        ({"sandbox": "subprocess"}, "unsafe=true"),
        ({"sandbox": {"kind": "docker", "colour": "red"}}, "sandbox: there are the settings kind, slots"),
        ({"sandbox": 3}, "sandbox must be a kind or a mapping"),
    ],
)
def test_settings_are_checked(settings, message):
    with pytest.raises(ValueError, match=message):
        Code(**settings)


def test_the_key_names_what_can_move_a_score():
    assert Code(slots=3).key == Code().key
    keys = {Code(**one).key for one in ({}, {"credit": "fraction"}, {"max_tests": 15}, {"time_limit_s": 5.0})}
    assert len(keys) == 4
    assert get_verifier("verifiable_code", credit="fraction") == Code("fraction")
    assert pickle.loads(pickle.dumps(Code(sandbox={"kind": "docker"}))) == Code(sandbox={"kind": "docker"})
