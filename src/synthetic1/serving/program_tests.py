"""A program and its tests, each with a result of its own: what the code API of open-instruct answers.

It runs as a verifier, so that limits, the sandbox and its slots, deadlines and cancelling are those of all others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from synthetic1.completion import Completion
from synthetic1.rewards.code import Code
from synthetic1.rewards.program_tests.assertions import AssertionsFault, check_assertions
from synthetic1.rewards.program_tests.grading import MAX_TIME_LIMITS, TOTAL_S, Grading
from synthetic1.rewards.program_tests.spec import CodeSpec, read_spec
from synthetic1.rewards.scoring.sandboxes import sandboxes
from synthetic1.rewards.task_fields import MalformedTask
from synthetic1.rewards.verifier import Verifier
from synthetic1.sandbox.open import Kind, Settings
from synthetic1.sandbox.program import Limits, Program
from synthetic1.sandbox.sandbox import Sandbox
from synthetic1.task import Task
from synthetic1.verdict import Verdict

TASK_TYPE = "serving_program_tests"
FAILED_S = -1.0
"""The run time of a test that was not passed."""


@dataclass(frozen=True)
class TestTable:
    """Results by test."""

    __test__ = False  # no test of pytest's

    results: list[int]
    runtimes: list[float]
    """CPU seconds; -1 of a test that was not passed."""


@dataclass(frozen=True)
class ProgramTests(Verifier):
    """Runs every test of a ``verifiable_code`` task and keeps all results; statements run one by one.

    Verdicts hold no times: ``tables`` has them, by the task's ``problem_id``, until somebody takes them out.
    """

    version: ClassVar[int] = 1
    deadline_s: ClassVar[float | None] = Code.deadline_s

    sandbox: Kind = "auto"
    slots: int | None = field(default=None, compare=False)
    tables: dict[str, TestTable] = field(default_factory=dict, compare=False, repr=False)

    @property
    def concurrency(self) -> int:
        return self._code.concurrency

    async def verify(self, task: Task, completion: Completion) -> Verdict:
        limit_s = task.verification_info["time_limit_s"]
        limits = Limits(cpu_s=limit_s, memory_mb=self._code.memory_limit_mb)
        cases = task.verification_info["test_cases"]
        try:
            specs = [read_spec(_with_cases(task, part)) for part in _parts(cases)]
        except MalformedTask as error:
            return error.verdict
        sandbox = await sandboxes.get(Settings(self.sandbox, self.slots))
        program = Program("python", completion.raw)
        try:
            if specs[0].assertions is None:
                table = await _inputs(sandbox, specs[0], program, limits)
            else:
                table = await _statements(sandbox, specs, program, limits)
        except AssertionsFault as error:
            return Verdict.unscorable("task", f"{error}")
        self.tables[task.problem_id] = table
        return Verdict.graded(sum(table.results) / len(table.results))

    @property
    def _code(self) -> Code:
        """The verifier of programs, whose limits these are; equal settings share a sandbox."""
        return Code(sandbox=self.sandbox, slots=self.slots)


def _parts(cases: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Statements one by one, all others together."""
    return [[case] for case in cases] if cases[0]["type"] == "assert_case" else [cases]


def _with_cases(task: Task, cases: list[dict[str, Any]]) -> Task:
    return Task(task.problem_id, task.task_type, task.prompt, {"language": "python", "test_cases": cases})


async def _inputs(sandbox: Sandbox, spec: CodeSpec, program: Program, limits: Limits) -> TestTable:
    outcomes = await Grading(sandbox, program, spec.tests, spec.checker, limits, stop_early=False).grade()
    passed = [index in outcomes and outcomes[index].passed for index in range(len(spec.tests))]
    times = [outcomes[index].result.cpu_s if good else FAILED_S for index, good in enumerate(passed)]
    return TestTable([int(good) for good in passed], times)


async def _statements(sandbox: Sandbox, specs: list[CodeSpec], program: Program, limits: Limits) -> TestTable:
    """One after the other, as all tests of a program that hold one slot; the rest fails where it takes too long."""
    results, times, spent_s, too_slow = [], [], 0.0, 0
    for spec in specs:
        if spent_s > TOTAL_S or too_slow >= MAX_TIME_LIMITS:
            results.append(0)
            times.append(FAILED_S)
            continue
        assert spec.assertions is not None, "all tests of a program are of one kind"
        found = await check_assertions(sandbox, spec.assertions, program, limits)
        good = found.status == "ok"
        spent_s += max(found.result.cpu_s, found.result.wall_s / 2)
        too_slow += found.status == "time_limit"
        results.append(int(good))
        times.append(found.result.cpu_s if good else FAILED_S)
    return TestTable(results, times)
