"""Running a program on a task's tests, and saying of each whether it passed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from synthetic1.rewards.program_tests.checker_program import CheckerQuestion, ask_checker
from synthetic1.rewards.program_tests.checkers import Checker
from synthetic1.rewards.program_tests.spec import ProgramCheck, TestCase
from synthetic1.sandbox.program import Limits, Program
from synthetic1.sandbox.result import Result
from synthetic1.sandbox.sandbox import Sandbox

CHECKED_BYTES = 4 * 2**20  # of an output that a checker program is to read; more is an output_limit
LARGE = 2**18  # bytes of an output that is not compared on the event loop, which others need
MAX_TIME_LIMITS = 3  # tests that hit the time limit; after so many the others are not run, and count as failed too
LIMITS_HIT = ("time_limit", "memory_limit", "output_limit")
TOTAL_S = 240.0  # of CPU time, for all tests of a program; or twice as much by the clock


@dataclass(frozen=True)
class TestOutcome:
    """What became of one test."""

    __test__ = False  # no test of pytest's

    status: str
    """``ok``, ``wrong_answer``, or the status of the ``Result``."""
    why: str
    result: Result

    @property
    def passed(self) -> bool:
        return self.status == "ok"

    @property
    def doubtful(self) -> bool:
        """A failure that a fresh interpreter has to confirm: a fork of a warm one is not quite the same. Its
        limits are the same, so what hit one of them is not run for as long again."""
        return not self.passed and self.status not in LIMITS_HIT and self.result.interpreter == "fork_server"


@dataclass
class _Round:
    """What one round of tests has found, and used, so far."""

    outcomes: dict[int, TestOutcome] = field(default_factory=dict)
    spent_s: float = 0.0
    time_limits: int = 0

    def add(self, index: int, outcome: TestOutcome) -> None:
        self.outcomes[index] = outcome
        self.spent_s += max(outcome.result.cpu_s, outcome.result.wall_s / 2)
        self.time_limits += outcome.status == "time_limit"

    @property
    def takes_too_long(self) -> bool:
        return self.time_limits >= MAX_TIME_LIMITS or self.spent_s > TOTAL_S


@dataclass(frozen=True)
class Grading:
    """A program and how it is graded."""

    sandbox: Sandbox
    program: Program
    tests: Sequence[TestCase]
    checker: Checker | ProgramCheck
    limits: Limits
    stop_early: bool
    """Run nothing after the first failed test."""

    async def grade(self) -> dict[int, TestOutcome]:
        """What became of each test, by its index; of those that were run.

        Raises:
            SandboxError: the sandbox failed.
            CheckerFault: the task's checker program failed.
        """
        state = _Round()
        outcomes = await self._round(range(len(self.tests)), state, fresh=False)
        doubtful = sorted(index for index, one in outcomes.items() if one.doubtful)
        if doubtful:
            # Stopping early, the tests behind the first failure have not been run yet
            again = range(doubtful[0], len(self.tests)) if self.stop_early else doubtful
            outcomes = {index: one for index, one in outcomes.items() if index not in again}
            # What the first round has used counts: no program holds a slot for twice as long as others may.
            outcomes |= await self._round(again, _Round(spent_s=state.spent_s), fresh=True)
        return outcomes

    async def _round(self, indices: Sequence[int], state: _Round, *, fresh: bool) -> dict[int, TestOutcome]:
        """Run these tests and grade them."""
        for _, group in groupby(indices, key=lambda index: self.tests[index].function):
            if not await self._run(list(group), state, fresh=fresh):
                break
        last = next(reversed(state.outcomes.values()))
        if state.takes_too_long:
            late = replace(last, status="time_limit", why="not run: the tests before it took too long")
            state.outcomes |= {index: late for index in indices if index not in state.outcomes}
        if isinstance(self.checker, ProgramCheck):
            await self._ask(self.checker, state.outcomes)
        return state.outcomes

    async def _run(self, order: list[int], state: _Round, *, fresh: bool) -> bool:
        """Run some tests of one kind; False if no others need to be run."""
        limits = self.limits
        if isinstance(self.checker, ProgramCheck):
            limits = replace(limits, stdout_bytes=min(limits.stdout_bytes, CHECKED_BYTES))
        inputs = [self.tests[index].input for index in order]
        # Nobody may ask for a second slot in here: who holds one and waits for another can wait for ever
        async with self.sandbox.run(self.program, inputs, limits, fresh=fresh) as run:
            async for result in run:
                test = self.tests[order[result.index]]
                if len(result.stdout) + len(result.returned or "") + len(result.instead or "") > LARGE:
                    outcome = await asyncio.to_thread(self._grade, test, result)  # can take seconds
                else:
                    outcome = self._grade(test, result)
                state.add(order[result.index], outcome)
                if state.takes_too_long or outcome.status == "compile_error":
                    return False
                if self.stop_early and not outcome.passed:
                    return False
        return True

    def _grade(self, test: TestCase, result: Result) -> TestOutcome:
        """What to make of a result; if a checker program has a say, ``ok`` is only the first half of it."""
        if result.status != "ok":
            return TestOutcome(result.status, result.why, result)
        if isinstance(self.checker, ProgramCheck):
            return TestOutcome("ok", "", result)
        if test.function is None:
            why = self.checker.output(test.expected, result.stdout)
        else:
            assert self.checker.values is not None, "the task was checked for that"
            why = self.checker.values(test.expected, test.returned(result))
        # The output itself is not needed any more, and can be large
        return TestOutcome(
            "wrong_answer" if why else "ok", why or "", replace(result, stdout=b"", returned=None, instead=None)
        )

    async def _ask(self, checker: ProgramCheck, outcomes: dict[int, TestOutcome]) -> None:
        """Let the checker program look at what came out of the tests that are ``ok`` so far."""
        questions: dict[int, CheckerQuestion] = {}
        for index, one in outcomes.items():
            if one.passed:
                question = CheckerQuestion.of(self.tests[index], one.result)
                if question is None:
                    outcomes[index] = replace(one, status="wrong_answer", why="the output is not UTF-8")
                else:
                    questions[index] = question
        answers = await ask_checker(self.sandbox, checker.source, list(questions.values()))
        for index, why in zip(questions, answers, strict=True):
            if why is not None:
                outcomes[index] = replace(outcomes[index], status="wrong_answer", why=why)


def longest(tests: Sequence[TestCase], count: int | None) -> Sequence[TestCase]:
    """The ``count`` tests with the longest inputs, in their order; None = all."""
    if count is None or count >= len(tests):
        return tests
    kept = sorted(range(len(tests)), key=lambda index: (-tests[index].size, index))[:count]
    return [tests[index] for index in sorted(kept)]
