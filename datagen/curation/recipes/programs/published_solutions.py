"""The programs that are published as right, against all tests: which pass, and whether they agree with each other.

==================== ==================================================================================================
a program            is
==================== ==================================================================================================
passes all tests     ``passing``: a gold
ends by itself, with ``differing``: it and a gold are both published as right, so the problem may have several right
another output       outputs
does anything else   ``failing``: it does not compile, raises, or hits a limit, and nothing is known of its outputs
does not pass, and   counted in ``not_run``: it was written for a version or a machine that the sandbox is not (see
says why             ``dialects``), or needs a package that it has not (``needed_packages``), or failed by what this
                     machine's sandbox is short of (``older_toolchain``, ``address_space``: no control group bounds the
                     memory), which is no fault of the problem or its tests
==================== ==================================================================================================
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from synthetic1.datagen.curation.draft import Quarantined
from synthetic1.datagen.curation.recipe import Tools
from synthetic1.datagen.curation.recipes.programs.dialects import other_version
from synthetic1.datagen.curation.recipes.programs.needed_packages import needed_package
from synthetic1.datagen.curation.recipes.programs.program_problem import (
    ProgramProblem,
    PublishedProgram,
    completion_of,
)
from synthetic1.evaluation.auditing.solutions import DIFFERING, failed
from synthetic1.rewards.program_tests.grading import CHECKED_BYTES
from synthetic1.rewards.program_tests.spec import TestCase, read_spec
from synthetic1.sandbox.program import Limits, Program
from synthetic1.task import Task
from synthetic1.verdict import Verdict

CPU_S = 10.0
"""Seconds a test may take whose task does not say, as the verifier has it."""
MEMORY_MB = 512
BATCH = 8
"""Programs of a problem that run side by side: of many, nothing is held but the source."""
OF_THIS_MACHINE = OLDER, ADDRESS_SPACE = ("older_toolchain", "address_space")
"""Why programs are not run that the image's sandbox would run."""
IN_VAIN = 16
"""Programs that are run where none has passed and one has failed; the problem is set aside in any case."""


@dataclass
class SolutionsRun:
    """What has come of the programs so far."""

    passing: list[PublishedProgram] = field(default_factory=list)
    differing: list[PublishedProgram] = field(default_factory=list)
    failing: list[PublishedProgram] = field(default_factory=list)
    not_run: Counter[str] = field(default_factory=Counter)
    first_differing: str = ""
    """Which program, which test, how it ended; for people."""
    first_failing: str = ""
    many: int = 0
    """That were to be run."""
    first_run: int | None = None
    """The place of the first that was run, in the order they came."""

    @property
    def run(self) -> int:
        return len(self.passing) + len(self.differing) + len(self.failing)

    @property
    def has_run_all(self) -> bool:
        return self.run + self.not_run.total() == self.many

    @property
    def first_failure(self) -> str:
        return self.first_differing or self.first_failing

    @property
    def counts(self) -> dict[str, Any]:
        lists = {"passing": self.passing, "differing": self.differing, "failing": self.failing}
        return {"run": self.run, **{name: len(found) for name, found in lists.items()}}

    def add(self, program: PublishedProgram, verdict: Verdict) -> None:
        not_run = self._sort(program, verdict)
        if not not_run and self.first_run is None:
            self.first_run = program.place

    def _sort(self, program: PublishedProgram, verdict: Verdict) -> bool:
        """Put it where it belongs; whether it counts as not run."""
        if verdict.score == 1.0:
            self.passing.append(program)
            return False
        status, test, why = failed(verdict)
        if (reason := _why_not_run(program, status, verdict)) is not None:
            self.not_run[reason] += 1
            return True
        place = "" if test is None or status == "compile_error" else f" in test {test + 1}"
        said = f"published solution {program.place} ({program.language}) of {self.many}: {status}{place}: {why}"
        if status in DIFFERING:
            self.differing.append(program)
            self.first_differing = self.first_differing or said
        else:
            self.failing.append(program)
            self.first_failing = self.first_failing or said
        return False


def _why_not_run(program: PublishedProgram, status: str, verdict: Verdict) -> str | None:
    """What the sandbox lacks for a program that did not pass; None where it failed by itself."""
    if (version := other_version(program.language, program.source, status)) is not None:
        return version
    if (package := needed_package(program.language, program.source, status)) is not None:
        return f"needs {package}"
    if "toolchain" in verdict.details:
        return OLDER
    if status == "memory_limit" and verdict.details.get("memory_limit") == ADDRESS_SPACE:
        return ADDRESS_SPACE
    return None


def drawn(programs: Sequence[PublishedProgram], most: int | None, seed: str) -> list[PublishedProgram]:
    """At most so many: the first, and others by ``seed``, in their order. None = all."""
    if most is None or len(programs) <= most:
        return list(programs)
    others = sorted(random.Random(seed).sample(range(1, len(programs)), most - 1))
    return [programs[0], *(programs[place] for place in others)]


async def run_solutions(
    tools: Tools,
    problem: ProgramProblem,
    programs: Sequence[PublishedProgram],
    step: str,
    *,
    leave_out: bool,
    settles_differing: bool = True,
) -> SolutionsRun:
    """Run each against all tests of the problem, with its verifier; those behind it are not run once it is decided.

    Args:
        leave_out: a failing program decides nothing: the others are run in any case.
        settles_differing: something can be done about programs that differ; else two that do decide.

    Raises:
        Quarantined: in ``step``, with the verifier's reason, where it could not say.
    """
    run = SolutionsRun(many=len(programs))
    tasks: dict[str, Task] = {}
    for start in range(0, len(programs), BATCH):
        batch = programs[start : start + BATCH]
        for one in batch:
            if one.language not in tasks:
                tasks[one.language] = problem.task_for([one])
        asked = (tools.score(tasks[one.language], completion_of(one.source, one.language)) for one in batch)
        for one, verdict in zip(batch, await asyncio.gather(*asked), strict=True):
            if verdict.score is None:
                why = str(verdict.details.get("why", ""))
                raise Quarantined(step, verdict.reason, f"published solution {one.place} ({one.language}): {why}")
            run.add(one, verdict)
        if run.failing and not leave_out and (run.passing or run.run >= IN_VAIN):
            break
        if run.differing and run.passing and not settles_differing:
            break
    return run


async def outputs_of(
    tools: Tools, problem: ProgramProblem, program: PublishedProgram, tests: Sequence[TestCase]
) -> list[str | None]:
    """What a program makes of each of these tests, as a checker program reads it; None where it fails, or where the
    output is not text."""
    spec = read_spec(problem.task_for([program]))
    limits = Limits(
        cpu_s=spec.time_limit_s or CPU_S,
        memory_mb=spec.memory_limit_mb or MEMORY_MB,
        stdout_bytes=CHECKED_BYTES,
        build_cpu_s=spec.compile_limit_s or Limits.build_cpu_s,
    )
    results = await tools.run(Program(spec.language.id, program.source), [test.input for test in tests], limits)
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
