"""Tests of programs in the shapes that rows for training have them in, as the verifier takes them.

================================================ ======================================================================
published                                        in
================================================ ======================================================================
``{"inputs", "outputs", "fn_name"}``             Eurus-2, TACO's part of DeepCoder, OpenThoughts, SYNTHETIC-2: as APPS
``[{"input", "output", "type", "fn_name"}]``     PrimeIntellect's part of DeepCoder: as SYNTHETIC-1
``[{"input", "output", "testtype",               LiveCodeBench's part of DeepCoder: arguments are JSON, one a line; the
"metadata": {"func_name"}}]``                    function may be named by the row instead
``["assert f(1) == 2", …]``                      open-instruct's ``code``, AceCode; Skywork-OR1, as ``assert_case``
text of Python                                   assertions, or with ``def check(candidate)`` those of HumanEval, whose
                                                 function the row names elsewhere
``{"functional": code}``                         code-r1: HumanEval's ``check``, and at the end its call
``{"import_prefix", "test_code",                 LeetCode's part of Skywork-OR1
"entry_point"}``
================================================ ======================================================================

All but text of Python may be JSON text or a Python literal. The shapes are those that rllm's
``prepare_deepcoder_data.py``, the ``compute_score.py`` of Skywork-OR1 and of code-r1, and open-instruct's
``ground_truth_utils.py`` read.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from synthetic1.tasks.formats.apps import columns_of_tests
from synthetic1.tasks.formats.code_rows import Row, call_test, shown, stdin_test

CALLS = ("functional", "function_call")
CHECK = re.compile(r"^check\((?P<entry>[\w.() ]+)\)\s*\Z", re.MULTILINE)
MAX_LITERAL = 1_000_000  # characters of a Python literal; reading one takes a hundred times the memory of its text


@dataclass(frozen=True)
class PublishedTests:
    """What a verifier is to run."""

    information: Mapping[str, Any]
    """``test_cases``, or ``assertions``."""
    function: str | None = None
    """What they call; None for programs that read stdin."""


def published_tests(row: Row, name: str, value: Any, function: str | None = None) -> PublishedTests:
    """The tests that the field ``name`` holds.

    Args:
        function: the function that the row names elsewhere.

    Raises:
        TaskError: they are in none of the shapes above, or there are none.
    """
    if isinstance(value, str) and "assert" in value and not value.lstrip().startswith(("[", "{", '"')):
        return _of_python(row, name, value, function)
    tests = _structure(row, name, value) if isinstance(value, str) else value
    if isinstance(tests, Mapping):
        return _of_mapping(row, name, tests)
    if not isinstance(tests, list):
        raise row.error(name, f"must hold tests, got {shown(value)}")
    if not tests:
        raise row.error(name, "holds no tests: nothing could verify a program")
    if all(isinstance(test, str) for test in tests):
        return _of_statements(row, name, tests)
    if not all(isinstance(test, Mapping) for test in tests):
        raise row.error(name, f"must hold tests with `input` and `output`, one is {shown(tests[0])}")
    return _of_list(row, name, tests, function)


def _structure(row: Row, name: str, text: str) -> Any:
    try:
        return json.loads(text) if text.strip() else []
    except (ValueError, RecursionError) as error:
        why = str(error)
    try:
        if len(text) <= MAX_LITERAL:
            return ast.literal_eval(text.strip())
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        pass
    raise row.error(name, f"holds tests that are neither JSON nor a Python literal: {why}")


def _of_python(row: Row, name: str, text: str, function: str | None) -> PublishedTests:
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise row.error(name, f"asserts something, and is not Python: {type(error).__name__}") from None
    if not any(isinstance(node, ast.FunctionDef) and node.name == "check" for node in body):
        return _of_statements(row, name, [ast.unparse(node) for node in body])
    if function is None:
        raise row.error(name, "defines `check(candidate)`; which function it is about must be said elsewhere")
    return _asserted(text, function, "")


def _of_mapping(row: Row, name: str, tests: Mapping[str, Any]) -> PublishedTests:
    if "inputs" in tests and "outputs" in tests:
        function, cases, _ = columns_of_tests(row, name, tests)
        if not cases:
            raise row.error(name, "holds no tests: nothing could verify a program")
        return PublishedTests({"test_cases": cases}, function)
    if isinstance(tests.get("test_code"), str) and isinstance(tests.get("entry_point"), str):
        return _asserted(tests["test_code"], tests["entry_point"], str(tests.get("import_prefix") or ""))
    code = tests.get("functional")
    check = CHECK.search(code) if isinstance(code, str) else None
    if isinstance(code, str) and check is not None:
        return _asserted(code[: check.start()], check["entry"], "")
    if isinstance(tests.get("assert_case"), list):
        return _of_statements(row, name, tests["assert_case"])
    raise row.error(name, f"holds tests of an unknown shape, with the fields {', '.join(map(str, tests)) or '(none)'}")


def _asserted(code: str, entry_point: str, prelude: str) -> PublishedTests:
    """HumanEval's way."""
    entry = entry_point.strip()
    assertions = {"code": code, "entry_point": entry, **({"prelude": prelude} if prelude.strip() else {})}
    return PublishedTests({"assertions": assertions}, entry.rpartition(".")[2])


def _of_statements(row: Row, name: str, statements: list[str]) -> PublishedTests:
    if not any("assert" in one for one in statements):
        raise row.error(name, f"must hold tests, got text that asserts nothing: {shown(statements[0])}")
    return PublishedTests({"test_cases": [{"type": "assert_case", "assert_case": one} for one in statements]})


def _of_list(row: Row, name: str, tests: list[Mapping[str, Any]], function: str | None) -> PublishedTests:
    kinds = {test.get("type") or test.get("testtype") or "stdin" for test in tests}
    named = {_function(test) for test in tests} - {None}
    called = next(iter(named), function) if kinds <= set(CALLS) or named else None
    if len(named) > 1 or (called is None and kinds & set(CALLS)):
        raise row.error(name, "holds tests that call functions, and must name one function, which they all call")
    if called is None:
        return PublishedTests({"test_cases": [_stdin(row, name, test) for test in tests]})
    wrapped = all(isinstance(test.get("output"), list) and len(test["output"]) == 1 for test in tests)
    return PublishedTests({"test_cases": [_call(row, name, called, test, wrapped) for test in tests]}, called)


def _function(test: Mapping[str, Any]) -> str | None:
    metadata = test.get("metadata")
    found = test.get("fn_name") or (metadata.get("func_name") if isinstance(metadata, Mapping) else None)
    return found if isinstance(found, str) and found.strip() else None


def _stdin(row: Row, name: str, test: Mapping[str, Any]) -> dict[str, Any]:
    return stdin_test(*(_stream(row, name, test.get(side)) for side in ("input", "output")))


def _stream(row: Row, name: str, value: Any) -> str:
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "\n".join(value)
    if not isinstance(value, str):
        raise row.error(name, f"must hold tests with the strings `input` and `output`, got {shown(value)}")
    return value


def _call(row: Row, name: str, function: str, test: Mapping[str, Any], wrapped: bool) -> dict[str, Any]:
    """A call: its arguments are a list, or texts of JSON, one a line; then the output is one, too."""
    given, expected = test.get("input"), test.get("output")
    if isinstance(given, str):
        args = [row.parsed(name, line) for line in given.split("\n") if line.strip()]
        return call_test(function, args, row.parsed(name, expected) if isinstance(expected, str) else expected)
    if not isinstance(given, list):
        raise row.error(name, f"must hold a list of arguments as `input`, got {shown(given)}")
    return call_test(function, given, expected[0] if wrapped and isinstance(expected, list) else expected)
