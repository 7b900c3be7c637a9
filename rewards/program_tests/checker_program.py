"""Checker programs: a task's own ``check(input, output, expected)``, for problems with many right answers.

It runs in the sandbox like any other program, in a process of its own for each output. The candidate is not there: only
what it wrote, as a string.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from synthetic1.rewards.program_tests.spec import TestCase
from synthetic1.sandbox.program import Call, Limits, Program
from synthetic1.sandbox.result import Result
from synthetic1.sandbox.sandbox import Sandbox

FUNCTION = "check"
LIMITS = Limits(cpu_s=30.0, memory_mb=1024)
WHY_CAP = 200  # characters of a reason that are kept
MAX_TIME_LIMITS = 3  # outputs on which it may hit its time limit; after so many it is asked no more
TOTAL_S = 240.0  # of CPU time, for all outputs of a program; or twice as much by the clock


class CheckerFault(Exception):
    """The checker program does not even accept the expected output. One line."""


@dataclass(frozen=True)
class CheckerQuestion:
    """An output for a checker program to look at, all as text; of calls, as JSON."""

    input: str
    output: str
    expected: str

    @classmethod
    def of(cls, test: TestCase, result: Result) -> CheckerQuestion | None:
        """None if the output is not text."""
        if isinstance(test.input, Call):
            return cls(test.input.to_json(), test.returned(result), json.dumps(test.expected))
        try:
            output = result.stdout.decode("utf-8")
        except UnicodeDecodeError:
            return None
        assert isinstance(test.input, str)
        return cls(test.input, output, test.expected)

    @property
    def call(self) -> Call:
        return Call(FUNCTION, (self.input, self.output, self.expected))


async def ask_checker(sandbox: Sandbox, source: str, questions: Sequence[CheckerQuestion]) -> list[str | None]:
    """For each output None if it is right, else a line that says why it is refused.

    A checker that crashes, hangs or returns something else has to accept the expected output in its place: then the
    output was to blame, and is refused. So are those behind outputs that took up all of its time, if the expected ones
    do not.

    Raises:
        CheckerFault: it does not do that either.
        SandboxError: the sandbox failed.
    """
    if not questions:
        return []
    results = await _run(sandbox, source, questions)
    answers = [_answer(result) for result in results]
    broken = [index for index, (_, fault) in enumerate(answers) if fault]
    if len(results) < len(questions) and not broken:
        expected = [CheckerQuestion(one.input, one.expected, one.expected) for one in questions]
        if len(await _run(sandbox, source, expected)) < len(questions):
            raise CheckerFault(f"the checker program needs more than {TOTAL_S:.0f} s for the expected outputs")
    again = [CheckerQuestion(questions[i].input, questions[i].expected, questions[i].expected) for i in broken]
    for result in await _run(sandbox, source, again):
        why, fault = _answer(result)
        if fault or why is not None:
            said = fault or "it refuses the expected output"
            raise CheckerFault(f"the checker program fails: {said}"[:WHY_CAP])
    refused = ["the checker program cannot read the output" if fault else why for why, fault in answers]
    return refused + ["not checked: the outputs before it took too long"] * (len(questions) - len(refused))


async def _run(sandbox: Sandbox, source: str, questions: Sequence[CheckerQuestion]) -> list[Result]:
    """Of the first questions, as many as there is time for."""
    if not questions:
        return []
    results: list[Result] = []
    spent_s, time_limits = 0.0, 0
    async with sandbox.run(Program("python", source), [question.call for question in questions], LIMITS) as run:
        async for result in run:
            if result.status == "compile_error":
                said = result.stderr.decode("utf-8", errors="replace").strip().splitlines()
                raise CheckerFault(f"the checker program cannot be run: {(said or ['?'])[-1]}"[:WHY_CAP])
            results.append(result)
            spent_s += _used_s(result)
            time_limits += result.status == "time_limit"
            if time_limits >= MAX_TIME_LIMITS or spent_s > TOTAL_S:
                break
    return results


def _used_s(result: Result) -> float:
    return max(result.cpu_s, result.wall_s / 2)


def _answer(result: Result) -> tuple[str | None, str]:
    """(None or why the output is refused, how the checker failed if it did)."""
    if result.status != "ok":
        return None, f"{result.status} ({result.why})"
    assert result.returned is not None, "a call that is ok has returned something"
    value = json.loads(result.returned)
    if value is True:
        return None, ""
    if value is False:
        return "refused by the checker program", ""
    if isinstance(value, str):
        return value[:WHY_CAP] or "refused by the checker program", ""
    return None, f"it returned {result.returned[:60]}, neither a bool nor a string"
