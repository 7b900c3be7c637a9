"""Which tests are run, and which again: with results from a script in place of a sandbox."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from synthetic1.rewards.program_tests.checkers import CHECKERS
from synthetic1.rewards.program_tests.grading import MAX_TIME_LIMITS, TOTAL_S, Grading
from synthetic1.rewards.program_tests.spec import TestCase
from synthetic1.sandbox.program import Limits, Program
from synthetic1.sandbox.result import Result

LIMITS_HIT = ("time_limit", "memory_limit", "output_limit")


class ScriptedSandbox:
    """Ends test ``n`` as ``script[n]`` says, in a fork; in a fresh interpreter every test passes."""

    def __init__(self, script, cpu_s=0.0):
        self.script, self.ran, self.cpu_s = script, [], cpu_s

    @contextlib.asynccontextmanager
    async def run(self, program, inputs, limits, *, fresh):
        async def results():
            for index, given in enumerate(inputs):
                self.ran.append((int(given), fresh))
                status = "ok" if fresh else self.script[int(given)]
                output = b"wrong" if status == "wrong" else b"right"
                kind = "fresh" if fresh else "fork_server"
                yield Result(index, "ok" if status == "wrong" else status, output, cpu_s=self.cpu_s, interpreter=kind)

        yield results()


def grade(script, *, stop_early, cpu_s=0.0):
    sandbox = ScriptedSandbox(script, cpu_s)
    tests = [TestCase(str(n), "right") for n in range(len(script))]
    grading = Grading(sandbox, Program("python", "x"), tests, CHECKERS["tokens"], Limits(), stop_early)
    outcomes = asyncio.run(grading.grade())
    return [outcomes[n].status if n in outcomes else None for n in range(len(script))], sandbox.ran


@pytest.mark.parametrize("status", ["wrong", "runtime_error", "tampered"])
def test_what_fails_in_a_fork_counts_once_a_fresh_interpreter_agrees(status):
    statuses, ran = grade(["ok", status, "ok"], stop_early=True)
    assert statuses == ["ok", "ok", "ok"]
    assert ran == [(0, False), (1, False), (1, True), (2, True)]
    statuses, ran = grade(["ok", status, "ok"], stop_early=False)
    assert statuses == ["ok", "ok", "ok"]
    assert ran == [(0, False), (1, False), (2, False), (1, True)]


@pytest.mark.parametrize("status", LIMITS_HIT)
def test_what_hits_a_limit_is_not_run_twice(status):
    statuses, ran = grade(["ok", status, "wrong"], stop_early=True)
    assert statuses == ["ok", status, None]
    assert ran == [(0, False), (1, False)]
    statuses, ran = grade(["ok", status, "wrong"], stop_early=False)
    assert statuses == ["ok", status, "ok"]
    assert ran == [(0, False), (1, False), (2, False), (2, True)]


def test_after_too_many_time_limits_nothing_is_run():
    statuses, ran = grade(["time_limit"] * MAX_TIME_LIMITS + ["ok"] * 5, stop_early=False)
    assert statuses == ["time_limit"] * (MAX_TIME_LIMITS + 5)
    assert ran == [(n, False) for n in range(MAX_TIME_LIMITS)]


def test_both_rounds_share_the_time():
    """A program that fails every test in a fork cannot hold its slot for twice as long as one that passes them."""
    count = 20
    statuses, ran = grade(["wrong"] * count, stop_early=False, cpu_s=TOTAL_S / count)
    assert ran == [*((n, False) for n in range(count)), (0, True)]
    assert statuses == ["ok", *["time_limit"] * (count - 1)]
