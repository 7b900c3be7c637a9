"""open-instruct's code API: ``--code_api_url http://HOST/test_program`` works without a change there."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from synthetic1.completion import Completion
from synthetic1.serving.encoded_tests import UnreadableTests, read_tests
from synthetic1.serving.endpoints import Endpoint, read_body, write_json
from synthetic1.serving.exposition import Exposition
from synthetic1.serving.guard import Refusal
from synthetic1.serving.program_tests import FAILED_S, TASK_TYPE, TestTable
from synthetic1.serving.service import RewardService
from synthetic1.serving.unscorable import NO_SCORE, refuse_unscorable
from synthetic1.serving.wire import ProgramOnWire, ProgramResults
from synthetic1.task import Task
from synthetic1.verdict import Verdict


class OpenInstructEndpoints:
    """``POST /test_program`` (statements), ``/test_program_stdio`` (inputs and outputs)."""

    def __init__(self, service: RewardService, exposition: Exposition) -> None:
        self._service, self._exposition = service, exposition

    def endpoints(self) -> list[Endpoint[Any]]:
        own = (NO_SCORE,)
        return [
            Endpoint(
                "/test_program", ProgramOnWire, ProgramResults, self.statements, "Test with assert statements", own
            ),
            Endpoint(
                "/test_program_stdio", ProgramOnWire, ProgramResults, self.stdio, "Test with inputs and outputs", own
            ),
        ]

    async def statements(self, body: bytes) -> bytes:
        """Results by statement."""
        return await self._test(body, _statement)

    async def stdio(self, body: bytes) -> bytes:
        """Results by input."""
        return await self._test(body, _input)

    async def _test(self, body: bytes, read: Any) -> bytes:
        wanted = read_body(ProgramOnWire, body)
        try:
            tests = wanted.tests
            if isinstance(tests, str):  # which can take a while
                tests = await asyncio.to_thread(read_tests, tests)
            cases = [read(place, test) for place, test in enumerate(read_tests(tests))]
        except UnreadableTests as error:
            raise Refusal(NO_SCORE, str(error)) from None
        info = {"test_cases": cases, "time_limit_s": wanted.max_execution_time}
        task = Task(uuid4().hex, TASK_TYPE, "a program and its tests", info)
        verdict = await self._verdict(task, wanted.program)
        self._exposition.decided("verifiable_code", verdict.reason)
        table = self._service.program_tests.tables.pop(task.problem_id, None)
        if table is None:
            stand_in = refuse_unscorable(verdict, self._service.settings.unscorable, "tests")
            table = TestTable([int(stand_in > 0)] * len(cases), [FAILED_S] * len(cases))
        return write_json({"results": table.results, "runtimes": table.runtimes})

    async def _verdict(self, task: Task, program: str) -> Verdict:
        if "verifiable_code" not in self._service.verifiers:
            return Verdict.unscorable("task", "this server does not run programs: `code` is not in its --families")
        completion = Completion(program, None, program)
        try:
            async with asyncio.timeout(self._service.settings.timeout_s):
                [verdict] = await self._service.scorer.score([(task, completion)])
        except TimeoutError:
            return Verdict.unscorable("infra", f"no verdict within {self._service.settings.timeout_s:g} s")
        return verdict


def _statement(place: int, test: Any) -> dict[str, Any]:
    if not isinstance(test, str) or not test.strip():
        raise UnreadableTests(f"tests.{place} must be a statement such as `assert f(1) == 2`")
    return {"type": "assert_case", "assert_case": test}


def _input(place: int, test: Any) -> dict[str, Any]:
    if not isinstance(test, Mapping) or not all(isinstance(test.get(name), str) for name in ("input", "output")):
        raise UnreadableTests(f'tests.{place} must be {{"input": …, "output": …}}, two strings')
    return {"type": "stdin_stdout", "input": test["input"], "output": test["output"]}
