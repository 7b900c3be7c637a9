"""An oracle for Python programs: a plain process runs the tests, and what it prints is compared token by token.

It shares nothing with the sandbox, the call harness and the checkers, whose mistakes it is to find. It keeps nothing
from the machine either, but for limits of time, memory and file size: for programs that one trusts.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from synthetic1.evaluation.auditing.case import OracleAnswer

SECONDS = 5
MEMORY = 2**30  # bytes of address space
MOST_TESTS = 20

_CALL = """
import json as _json, sys as _sys
_arguments, _name = _json.loads(_sys.stdin.read())
_function = globals().get(_name) or getattr(globals()["Solution"](), _name)
print("\\x00" + _json.dumps(_function(*_arguments)))
"""


@dataclass(frozen=True, slots=True)
class PlainTest:
    """One test: an input, and what the program must print or return."""

    given: str
    expected: Any
    function: str = ""
    epilogue: str = ""
    """What is run behind the program, for assertions."""
    prelude: str = ""


def plain_tests(info: Mapping[str, Any]) -> list[PlainTest] | None:
    """The tests of a task, if what they accept is plain: equal tokens, equal JSON values, or no assertion raised."""
    if info.get("checker") not in (None, "tokens"):
        return None
    assertions = info.get("assertions")
    if isinstance(assertions, Mapping):
        epilogue = f"{assertions.get('code')}\ncheck({assertions.get('entry_point')})\n"
        return [PlainTest("", None, epilogue=epilogue, prelude=str(assertions.get("prelude") or ""))]
    tests = info.get("test_cases")
    if not isinstance(tests, Sequence) or not all(isinstance(test, Mapping) for test in tests):
        return None
    found = [_plain(test) for test in tests[:MOST_TESTS]]
    return None if any(test is None for test in found) else [test for test in found if test is not None]


def _plain(test: Mapping[str, Any]) -> PlainTest | None:
    given, expected = test.get("input"), test.get("output")
    if test.get("type") == "stdin_stdout" and isinstance(given, str) and isinstance(expected, str):
        return PlainTest(given, expected)
    if test.get("type") == "function_call" and isinstance(given, list):
        return PlainTest(json.dumps([given, test.get("fn_name")]), expected, function=str(test.get("fn_name")))
    return None


def compared(source: str, tests: Sequence[PlainTest] | None) -> OracleAnswer:
    """Whether a program passes the tests as a right one would; unread where time ran out, or nothing is plain."""
    if not tests:
        return OracleAnswer.UNREAD
    for test in tests:
        passed = _passes(source, test)
        if passed is None:
            return OracleAnswer.UNREAD
        if not passed:
            return OracleAnswer.DIFFERENT
    return OracleAnswer.EQUAL


def _passes(source: str, test: PlainTest) -> bool | None:
    program = f"{test.prelude}\n{source}\n{test.epilogue or (_CALL if test.function else '')}"
    with tempfile.TemporaryDirectory() as folder:
        try:
            done = subprocess.run(
                [sys.executable, "-I", "-S", "-c", program],
                input=test.given,
                capture_output=True,
                text=True,
                errors="replace",
                cwd=folder,
                timeout=SECONDS,
                env={},
                preexec_fn=_limit,
            )
        except (subprocess.TimeoutExpired, OSError, ValueError):
            return None
    if done.returncode != 0:
        return False
    if test.epilogue:
        return True
    if test.function:
        last = done.stdout.rpartition("\x00")[2]
        return bool(last.strip()) and _same_value(json.loads(last), test.expected)
    return _same_tokens(done.stdout.split(), str(test.expected).split())


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**24, 2**24))


def _same_tokens(found: Sequence[str], expected: Sequence[str]) -> bool:
    return len(found) == len(expected) and all(map(_same_token, found, expected))


def _same_token(found: str, expected: str) -> bool:
    try:
        return found == expected or abs(float(found) - float(expected)) <= 1e-6 * max(1.0, abs(float(expected)))
    except (ValueError, OverflowError):
        return False


def _same_value(found: Any, expected: Any) -> bool:
    if isinstance(found, list) and isinstance(expected, list):
        return len(found) == len(expected) and all(map(_same_value, found, expected))
    if isinstance(found, float) or isinstance(expected, float):
        return isinstance(found, int | float) and isinstance(expected, int | float) and abs(found - expected) <= 1e-6
    return type(found) is type(expected) and found == expected
