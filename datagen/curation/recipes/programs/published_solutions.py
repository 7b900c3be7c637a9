"""The programs that are published as right, against all tests: which pass, and whether they agree with each other."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass

from synthetic1.datagen.curation.draft import Quarantined
from synthetic1.datagen.curation.recipe import Tools
from synthetic1.datagen.curation.recipes.programs.program_problem import completion_of
from synthetic1.evaluation.auditing.solutions import DIFFERING, failed
from synthetic1.rewards.program_tests.grading import CHECKED_BYTES
from synthetic1.rewards.program_tests.spec import TestCase, read_spec
from synthetic1.sandbox.program import Limits, Program
from synthetic1.task import Task
from synthetic1.verdict import Verdict

CPU_S = 10.0
"""Seconds a test may take whose task does not say, as the verifier has it."""
MEMORY_MB = 512


@dataclass(frozen=True)
class SolutionsRun:
    """What came of the programs."""

    passing: list[str]
    differing: list[str]
    """They run to their end, and give another output than a test expects."""
    crashing: list[str]
    """They do not compile, raise or hit a limit: nothing is known of what they would have written."""
    first_failure: str
    """Of the first program that does not pass, for people."""

    @property
    def counts(self) -> dict[str, int]:
        lists = {"passing": self.passing, "differing": self.differing, "crashing": self.crashing}
        return {"run": sum(map(len, lists.values())), **{name: len(found) for name, found in lists.items()}}


def drawn(solutions: Sequence[str], most: int, seed: str) -> list[str]:
    """At most so many: the first, and others by ``seed``, in their order."""
    if len(solutions) <= most:
        return list(solutions)
    others = sorted(random.Random(seed).sample(range(1, len(solutions)), most - 1))
    return [solutions[0], *(solutions[place] for place in others)]


async def run_solutions(tools: Tools, task: Task, solutions: Sequence[str], step: str) -> SolutionsRun:
    """Run each against all tests of ``task``, with its verifier.

    Raises:
        Quarantined: in ``step``, with the verifier's reason, where it could not say.
    """
    language = task.language or "python"
    verdicts = await asyncio.gather(*(tools.score(task, completion_of(one, language)) for one in solutions))
    run = SolutionsRun([], [], [], next((_said(one) for one in verdicts if one.score != 1.0), ""))
    for solution, verdict in zip(solutions, verdicts, strict=True):
        if verdict.score is None:
            raise Quarantined(step, verdict.reason, _said(verdict))
        if verdict.score == 1.0:
            run.passing.append(solution)
        else:
            (run.differing if failed(verdict)[0] in DIFFERING else run.crashing).append(solution)
    return run


async def outputs_of(tools: Tools, task: Task, solution: str, tests: Sequence[TestCase]) -> list[str | None]:
    """What a program makes of each of these tests, as a checker program reads it; None where it fails, or where the
    output is not text."""
    spec = read_spec(task)
    limits = Limits(
        cpu_s=spec.time_limit_s or CPU_S,
        memory_mb=spec.memory_limit_mb or MEMORY_MB,
        stdout_bytes=CHECKED_BYTES,
        build_cpu_s=spec.compile_limit_s or Limits.build_cpu_s,
    )
    results = await tools.run(Program(spec.language.id, solution), [test.input for test in tests], limits)
    outputs: list[str | None] = [None] * len(tests)
    for result in results:
        if result.status != "ok":
            continue
        test = tests[result.index]
        if test.function is not None:
            outputs[result.index] = test.returned(result)
            continue
        try:
            outputs[result.index] = result.stdout.decode("utf-8")
        except UnicodeDecodeError:
            continue
    return outputs


def _said(verdict: Verdict) -> str:
    status, test, why = failed(verdict)
    return f"{status}{'' if test is None else f' in test {test + 1}'}: {why}"
