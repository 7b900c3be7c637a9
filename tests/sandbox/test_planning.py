"""From outcomes to results: statuses, and what counts as the answer of a call."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic1.sandbox.agent.job import Job, Outcome
from synthetic1.sandbox.errors import UnknownLanguage
from synthetic1.sandbox.execution.compile_cache import Compiled
from synthetic1.sandbox.execution.planning import (
    PreparedInput,
    answer_of,
    called_function,
    compiled_of,
    prepare_input,
    prepare_program,
    result_of,
)
from synthetic1.sandbox.program import Call, Limits, Program

NONCE = "5ca1ab1e"


def outcome(exit_code=0, signal=None, ended_by=None):
    return Outcome(exit_code, signal, ended_by, cpu_s=0.1, wall_s=0.2, peak_bytes=3)


@pytest.mark.parametrize(
    ("how", "status", "why"),
    [
        (outcome(), "ok", ""),
        (outcome(exit_code=3), "runtime_error", "exit code 3"),
        (outcome(exit_code=None, signal=11), "runtime_error", "killed by signal 11"),
        (outcome(exit_code=None, signal=9, ended_by="cpu"), "time_limit", "used more than 10 s of CPU time"),
        (outcome(exit_code=None, signal=9, ended_by="wall"), "time_limit", "took more than 22 s by the clock"),
        (outcome(exit_code=None, signal=9, ended_by="memory"), "memory_limit", "used more than 512 MiB of memory"),
        (outcome(exit_code=1, ended_by="memory"), "memory_limit", "used more than 512 MiB of memory"),
        (outcome(exit_code=0, ended_by="output"), "output_limit", "wrote more than 16777216 bytes"),
    ],
)
def test_statuses(how, status, why):
    result = result_of(how, 7, Limits(), b"out", b"err", b"", PreparedInput(b""))
    assert (result.index, result.status, result.why) == (7, status, why)
    assert (result.stdout, result.stderr, result.returned) == (b"out", b"err", None)
    assert (result.cpu_s, result.wall_s, result.peak_memory_bytes) == (0.1, 0.2, 3)


ANSWERS = [
    (b'5ca1ab1e {"value": 1}\n', "1"),
    (b'5ca1ab1e {"value":[1, "a", null]}\n', '[1, "a", null]'),
    (b'5ca1ab1e {"value": ' + b"7" * 10_000 + b"}\n", "7" * 10_000),
    (b"", None),
    (b"\n", None),
    (b'5ca1ab1e {"value": 1}', None),  # cut off
    (b'5ca1ab1e {"value": 1}\n5ca1ab1e {"value": 1}\n', None),  # twice
    (b'5ca1ab1e {"value": 1}\n\n', None),
    (b'x\n5ca1ab1e {"value": 1}\n', None),
    (b' 5ca1ab1e {"value": 1}\n', None),
    (b'00000000 {"value": 1}\n', None),
    (b'5ca1ab1e {"value": 1, "value": 2}\n', None),
    (b'5ca1ab1e {"value": 1, "other": 2}\n', None),
    (b'5ca1ab1e {"value": }\n', None),
    (b'5ca1ab1e {"value": NaN}\n', "NaN"),
    (b'5ca1ab1e {"value": -Infinity}\n', "-Infinity"),
    (b'5ca1ab1e {"value": "\xc3\xa9"}\n', None),  # the protocol is ASCII
    (b'5ca1ab1e {"value": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n", None),
    (b"\0" * 100, None),
]


@pytest.mark.parametrize(("channel", "value"), ANSWERS)
def test_answers(channel, value):
    assert answer_of(channel, NONCE) == value
    result = result_of(outcome(), 0, Limits(), b"", b"", channel, PreparedInput(b"", b"", NONCE))
    assert (result.status, result.returned) == (("ok", value) if value is not None else ("tampered", None))


@pytest.mark.parametrize(
    ("channel", "instead"),
    [
        (b'5ca1ab1e {"value": null, "instead": [1, 2]}\n', "[1, 2]"),
        (b'5ca1ab1e {"value": null, "instead": [1], "instead": [2]}\n', None),
        (b'5ca1ab1e {"value": 1, "instead": [1]}\n', None),
        (b'5ca1ab1e {"value": null, "instead": }\n', None),
        (b'5ca1ab1e {"value": null, "instead": [1]}\n5ca1ab1e {"value": 1}\n', None),
    ],
)
def test_nothing_returned_and_what_stands_for_it(channel, instead):
    result = result_of(outcome(), 0, Limits(), b"", b"", channel, PreparedInput(b"", b"", NONCE))
    assert (result.status, result.returned) == (("ok", "null") if instead else ("tampered", None))
    assert result.instead == instead


def test_a_call_that_fails_by_itself_is_no_tampering():
    question = PreparedInput(b"", b"", NONCE)
    assert result_of(outcome(exit_code=1), 0, Limits(), b"", b"", b"", question).status == "runtime_error"
    answered = result_of(outcome(exit_code=1), 0, Limits(), b"", b"", b'5ca1ab1e {"value": 1}\n', question)
    assert (answered.status, answered.returned) == ("runtime_error", None)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(PLAIN)
def test_every_plain_value_comes_through(value):
    returned = answer_of(f'{NONCE} {{"value": {json.dumps(value)}}}\n'.encode(), NONCE)
    assert returned is not None
    assert json.loads(returned) == value


@given(st.binary())
def test_bytes_are_never_an_answer(noise):
    assert answer_of(noise, NONCE) is None


def test_questions():
    assert prepare_input("é").stdin == "é".encode()
    assert prepare_input("\ud800").stdin == b"\xed\xa0\x80"
    call = Call("f", [1, "é", None])
    first, second = prepare_input(call), prepare_input(call)
    assert first.nonce != second.nonce
    assert first.channel == f'{first.nonce} [1, "\\u00e9", null]\n'.encode()
    with pytest.raises(ValueError, match="argument of f is not a JSON value"):
        prepare_input(Call("f", [float("nan")]))


def test_the_inputs_of_a_run_are_of_one_kind():
    assert called_function([]) is None
    assert called_function([b"", "x"]) is None
    assert called_function([Call("f", []), Call("f", [1])]) == "f"
    for mixed in ([b"", Call("f", [])], [Call("f", []), Call("g", [])]):
        with pytest.raises(ValueError, match="all stdin, or all calls of one function"):
            called_function(mixed)


@pytest.mark.parametrize("language", ["python", "javascript", "cpp", "rust"])
def test_jobs_survive_the_wire(language):
    source = {"rust": "fn main() {}", "cpp": "int main() {}"}.get(language, "")
    program = prepare_program(Program(language, source, {"data/more.txt": b"more"}), None, Limits())
    jobs = [program.run_job(None, 3)]
    if program.plan.build is not None:
        jobs = [program.build_job(), program.run_job(Compiled(True, b"", (b"binary",) * len(program.plan.outputs)), 3)]
    for job, blobs in jobs:
        assert Job.from_header(json.loads(json.dumps(job.to_header()))) == job
        assert len(blobs) == len(job.files)
        assert "data/more.txt" in dict(job.files)
        assert not [word for word in job.argv if "{" in word], "every tool has a name"


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("python", "def f(): pass\n"),
        ("python", "# -*- coding: latin-1 -*-\ndef f(): return 'é'\n"),
        ("javascript", "import fs from 'fs';\nfunction f() {}\n"),
        ("javascript", "#!/usr/bin/env node\nfunction f() {}\n"),
        ("cpp", "int f() { return 1; }\n"),
        ("rust", "#![allow(unused)]\nfn f() -> i64 { 1 }\n"),
    ],
)
@pytest.mark.parametrize("function", [None, "f"])
def test_a_byte_order_mark_changes_nothing(language, source, function):
    plain, marked = (prepare_program(Program(language, mark + source), function, Limits()) for mark in ("", "\ufeff"))
    assert marked.plan == plain.plan


def test_the_source_is_not_beside_the_binary():
    program = prepare_program(Program("cpp", "int main() {}"), None, Limits())
    job, _ = program.run_job(Compiled(True, b"", (b"binary",)), 1)
    assert job.files == [("main", 0o755)]


@pytest.mark.parametrize("name", ["main.cpp", "main"])
def test_a_further_file_takes_no_name_of_ours(name):
    with pytest.raises(ValueError, match=f"cannot be called {name}"):
        prepare_program(Program("cpp", "int main() {}", {name: b""}), None, Limits())


def test_unknown_languages_are_named():
    with pytest.raises(UnknownLanguage, match=r"cobol.*python"):
        prepare_program(Program("cobol", ""), None, Limits())


@pytest.mark.parametrize(
    ("how", "why"),
    [
        (outcome(), ""),
        (outcome(exit_code=1), "the compiler ended with exit code 1"),
        (outcome(exit_code=None, signal=11), "the compiler was killed by signal 11"),
        (outcome(exit_code=None, signal=9, ended_by="cpu"), "the compiler used more than 20 s of CPU time"),
        (outcome(exit_code=None, signal=9, ended_by="wall"), "the compiler took too long"),
        (
            outcome(exit_code=None, signal=9, ended_by="idle"),
            "the compiler waited for what never came, such as a line from a terminal",
        ),
        (outcome(exit_code=1, ended_by="memory"), "the compiler used more than 1536 MiB of memory"),
        (outcome(exit_code=0, ended_by="output"), "the compiler made more than 67108864 bytes"),
    ],
)
def test_builds(how, why):
    compiled = compiled_of(how, Limits(), b"said", [b"binary"])
    assert compiled == Compiled(not why, b"said", () if why else (b"binary",), why)
