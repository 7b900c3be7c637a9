"""How often a checker program is asked, and whose fault its slowness is: with results from a script for a sandbox."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from synthetic1.rewards.program_tests.checker_program import (
    LIMITS,
    MAX_TIME_LIMITS,
    TOTAL_S,
    CheckerFault,
    CheckerQuestion,
    ask_checker,
)
from synthetic1.sandbox.result import Result


class SlowChecker:
    """Takes ``seconds[output]`` of CPU time, 0 if that is not said, and accepts; above its limit it is ended."""

    def __init__(self, seconds):
        self.seconds, self.asked = seconds, []

    @contextlib.asynccontextmanager
    async def run(self, program, inputs, limits):
        async def results():
            for index, call in enumerate(inputs):
                _, output, _ = call.args
                self.asked.append(output)
                cpu_s = self.seconds.get(output, 0.0)
                status = "time_limit" if cpu_s >= LIMITS.cpu_s else "ok"
                yield Result(index, status, returned="true" if status == "ok" else None, cpu_s=cpu_s)

        yield results()


def ask(seconds, outputs):
    sandbox = SlowChecker(seconds)
    questions = [CheckerQuestion("input", output, "expected") for output in outputs]
    return asyncio.run(ask_checker(sandbox, "def check(i, o, e): return True", questions)), sandbox.asked


MANY = int(3 * TOTAL_S)


def test_outputs_that_it_hangs_on_are_few_and_those_behind_them_refused():
    answers, asked = ask({"hangs": LIMITS.cpu_s}, ["fine", *["hangs"] * MANY])
    assert asked == ["fine", *["hangs"] * MAX_TIME_LIMITS, *["expected"] * MAX_TIME_LIMITS]
    assert answers[0] is None
    assert len(answers) == 1 + MANY
    assert all(answers[1:])


def test_outputs_that_slow_it_down_end_with_its_time():
    """If the expected ones do not: all of those are asked about, so that no output can make it the task's fault."""
    answers, asked = ask({"slow": 2.0, "expected": 0.3}, ["slow"] * MANY)
    assert asked.count("slow") == TOTAL_S / 2 + 1
    assert asked.count("expected") == MANY
    assert answers[0] is None
    assert answers[-1] == "not checked: the outputs before it took too long"
    assert len(answers) == MANY


@pytest.mark.parametrize("expected_s", [0.5, 2.0, LIMITS.cpu_s])
def test_one_that_is_slow_by_itself_is_the_tasks_fault(expected_s):
    with pytest.raises(CheckerFault, match="needs more than 240 s for the expected outputs"):
        ask({"slow": 2.0, "expected": expected_s}, ["slow"] * MANY)


def test_a_quick_one_is_asked_of_every_output():
    answers, asked = ask({}, ["fine"] * MANY)
    assert answers == [None] * MANY == [None] * len(asked)
