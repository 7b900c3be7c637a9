"""open-instruct's code API: programs run in the sandbox, every test has a result."""

from __future__ import annotations

import base64
import json
import pickle
import zlib

import pytest

from synthetic1.serving.encoded_tests import MOST, UnreadableTests, read_tests

ADD = "def add(a, b):\n    return a + b"
PLUS_ONE = "import sys\nfor line in sys.stdin.read().splitlines():\n    print(int(line.strip()) + 1)"
STDIO = [{"input": "1\n", "output": "2\n"}, {"input": "100\n", "output": "101\n"}, {"input": "5\n", "output": "5\n"}]


def encoded(value):
    return base64.b64encode(zlib.compress(pickle.dumps(value))).decode()


@pytest.mark.parametrize("write", [lambda tests: tests, json.dumps, encoded], ids=["list", "json", "encoded"])
def test_every_form_of_tests_is_read(write):
    assert read_tests(write(STDIO)) == STDIO
    assert read_tests(write(["assert True"])) == ["assert True"]


class Evil:
    def __reduce__(self):
        return print, ("a pickle ran",)


def test_an_index_sets_no_memory_aside():
    """`[1]` at place 2**32 - 1 of the memo, for which the unpickler in C makes a table of that length."""
    pickled = b"\x80\x02]r\xff\xff\xff\xffK\x01a."
    assert read_tests(base64.b64encode(zlib.compress(pickled)).decode()) == [1]


def holds_itself():
    tests = ["assert True"]
    tests.append(tests)
    return tests


def in_pairs(depth):
    value = ["assert True"]
    for _ in range(depth):
        value = [value, value]
    return value


@pytest.mark.parametrize("make", [lambda: ["a" * 10**6] * 100, lambda: [{"a" * 10**6: 1}] * 100, holds_itself])
def test_what_is_named_again_counts_again(make):
    with pytest.raises(UnreadableTests, match="unfold to more than 64 MiB"):
        read_tests(encoded(make()))
    with pytest.raises(UnreadableTests, match="unfold to more than 64 MiB"):
        read_tests(encoded(in_pairs(60)))
    assert read_tests(encoded(["a" * 10**6] * 20)) == ["a" * 10**6] * 20


@pytest.mark.parametrize(
    "tests",
    [
        [],
        "",
        "[]",
        "{}",
        "no base64",
        encoded({"a": 1}),
        encoded([Evil()]),
        base64.b64encode(zlib.compress(b"\x80\x04X")).decode(),
        base64.b64encode(zlib.compress(bytes(MOST + 1))).decode(),
        base64.b64encode(b"no zlib").decode(),
        base64.b64encode(zlib.compress(b"\x80\x05\x96" + (2**40).to_bytes(8, "little") + b".")).decode(),
        base64.b64encode(zlib.compress(b"\x80\x02ios\nsystem\n(S'ls'\no.")).decode(),
        "[" * 100_000,
        encoded([None] * 1_100_000),
    ],
)
def test_what_is_no_list_of_tests_is_refused_and_never_run(tests, capsys):
    with pytest.raises(UnreadableTests) as error:
        read_tests(tests)
    assert "\n" not in str(error.value)
    assert capsys.readouterr().out == ""


def test_programs_are_tested_one_test_after_the_other(run_server, sandbox_kind):
    with run_server("--families", "code", "--slots", "2", "--sandbox", sandbox_kind) as server:

        def results(path, program, tests, **more):
            status, _, answer = server.ask(path, {"program": program, "tests": tests, **more})
            assert status == 200, answer
            assert [seconds >= 0 for seconds in answer["runtimes"]] == [bool(good) for good in answer["results"]]
            return answer["results"]

        asserts = ["assert add(1, 2) == 3", "assert add(-1, 1) == 0", "assert add(0, 0) == 1"]
        assert results("/test_program", ADD, asserts, max_execution_time=1.0) == [1, 1, 0]
        assert results("/test_program", "def add(a, b): return 1 / 0", asserts[:1]) == [0]
        assert results("/test_program", "import os\nos._exit(0)", asserts[:1]) == [0]  # which passes all of theirs
        assert results("/test_program_stdio", PLUS_ONE, encoded(STDIO)) == [1, 1, 0]
        assert results("/test_program_stdio", "while True: pass", STDIO[:1], max_execution_time=0.2) == [0]
        assert results("/test_program_stdio", "syntax error", STDIO) == [0, 0, 0]
        assert server.ask("/health", key=None)[2]["status"] == "healthy"
        for path, tests in (("/test_program", ["1 +"]), ("/test_program", [5]), ("/test_program_stdio", ["assert x"])):
            status, _, answer = server.ask(path, {"program": ADD, "tests": tests})
            assert (status, set(answer)) == (409, {"error"})


def test_a_server_without_programs_says_so(server):
    status, _, answer = server.ask("/test_program", {"program": ADD, "tests": ["assert add(1, 2) == 3"]})
    assert (status, "does not run programs" in answer["error"]) == (409, True)
