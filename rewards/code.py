"""The verifier of programs: do they pass the task's tests, in a sandbox, with nothing to gain but by solving it?

``verification_info`` of a ``verifiable_code`` task
===================================================

A SYNTHETIC-1 row as it is published (``language`` and ``test_cases``) is one already; the rest is optional, and
``None`` is as good as absent.

=================== ===================================================================================================
``language``        ``python``, ``javascript``, ``rust``, ``cpp``, or an alias such as ``c++``.
``test_cases``      A list of tests, at least one unless there are ``assertions``; the two kinds may be mixed.

                    ``{"type": "stdin_stdout", "input": str, "output": str}``: a whole program. A list of strings,
                    for either, is its lines.

                    ``{"type": "function_call", "fn_name": str, "input": [arg, …], "output": value}``: a function, or
                    a method of a class ``Solution`` (``f``, ``Solution().f``), called with these arguments. JSON
                    values; ``output`` is the value itself (readers unwrap formats that write ``[value]``). Arguments
                    as one string are JSON texts, one a line, or that of their list; then so is ``output``.

                    ``{"type": "assert_case", "assert_case": "assert f(1) == 2"}``: statements, for Python, run one
                    after the other like ``assertions``; all tests of a task or none.

                    Also one mapping of columns, ``inputs``, ``outputs`` and ``fn_name``, or ``assert_case``; and
                    either as JSON text.
``checker``         How an output is compared, one for all tests; ``"tokens"`` if it is absent. See below.
``time_limit_s``    CPU seconds a test may take, a number; else the verifier's ``time_limit_s``.
``memory_limit_mb`` MiB, a number; else the verifier's. At least 128 are given: published limits were set for C++.
``compile_limit_s`` CPU seconds that compiling may take, a number; 20 if it is absent. More is a ``compile_error``.
``cpp_standard``    ``"c++11"`` to ``"c++23"``, or ``17``, with GNU's extensions. If it is absent, what the completion's
                    fence says (``c++17``, ``cpp20``), else C++20, and C++17 for what C++20 refuses.
``rust_edition``    ``"2015"`` to ``"2024"``. If it is absent, what the fence says (``rust2018``), else 2021.
``assertions``      Instead of ``test_cases``, HumanEval's way: ``{"code": str, "entry_point": str, "prelude": str,
                    "trust": str}``. ``code`` defines ``check(candidate)``, which raises unless the function, or method
                    of ``Solution``, named ``entry_point`` is right. ``prelude`` (optional) is code that assertions and
                    completions may build upon: HumanEval's prompt. See ``synthetic1.rewards.program_tests.assertions``;
                    of other languages than Python, whose ``code`` is HumanEvalPack's, ``shared_assertions``.
``input_file``,     Only ``""``, ``"stdin"`` and ``"stdout"``: a program that reads and writes named files cannot be
``output_file``     tested.
=================== ===================================================================================================

Further keys are ignored, so are those of a test (``fn_name: None`` …).

Calls work as on LeetCode. Of a function that returns nothing, and does not say that it returns something, the first
argument after the call stands for the value, if that is a list, an object or a node, and ``output`` is not
``None``. Lists become linked lists and trees (level by level, ``None`` where there is no node) where a parameter is a
``ListNode`` or ``TreeNode``, by annotation or by the comment that LeetCode puts there, and nodes that are returned
become lists. What LeetCode supplies to Python (``List``, ``heapq``, ``ListNode`` …) needs no import.

========================================== ==================================== ======================================
``checker``                                for ``stdin_stdout``                 for ``function_call``
========================================== ==================================== ======================================
``"tokens"``                               token by token; where the expected   equal JSON values, typed (``True`` is
                                           token is a float, within 1e-6        not 1); where the expected number is
                                           (absolute or relative); and, if any  a float, within 1e-6; and, if any of
                                           of the task's is, where a float is   the task's is, where a float is
                                           printed for an integer               returned for an integer
``"exact"``                                every character; CRLF counts as LF,  equal JSON values, typed; floats too
                                           one newline at the end is optional
``"lines"``                                line by line; spaces at a line's     –
                                           end and empty lines at the end
                                           do not count
``"unordered"``                            as ``lines``, in any order           as ``exact``, but the outermost list
                                                                                in any order
``"yes_no"``                               as ``tokens``, exact; yes and no in  –
                                           any case
``{"float": {"abs": a, "rel": r}}``        as ``tokens`` with these tolerances  as ``tokens`` with these tolerances
                                           (each 0 if absent), for any token
                                           that is a number
``{"program": source}``                    a Python program that defines ``check(input, output, expected)``, three
                                           strings (for calls: JSON texts), and returns ``True``, or ``False`` or a
                                           line that says why the output is refused
========================================== ==================================== ======================================

A task without tests, with malformed ones or in an unknown language is ``unscorable_task``: the details name task and
field. The completion's program is its last fenced block in the task's language that can be one: see
``extract.find_program``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar, Literal

from synthetic1.completion import Completion
from synthetic1.rewards.extract import code_block, find_program
from synthetic1.rewards.program_tests.assertions import AssertionsFault, check_assertions
from synthetic1.rewards.program_tests.checker_program import CheckerFault
from synthetic1.rewards.program_tests.grading import Grading, TestOutcome, longest
from synthetic1.rewards.program_tests.spec import Assertions, CodeSpec, read_spec
from synthetic1.rewards.registry import register
from synthetic1.rewards.scoring.sandboxes import sandboxes
from synthetic1.rewards.task_fields import MalformedTask
from synthetic1.rewards.verifier import Verifier
from synthetic1.sandbox.open import Settings
from synthetic1.sandbox.program import Limits, Program
from synthetic1.sandbox.result import Result
from synthetic1.sandbox.sandbox import Sandbox, usable_cores
from synthetic1.task import Task
from synthetic1.verdict import Verdict

CREDITS = ("all", "fraction")


@register("verifiable_code")
@dataclass(frozen=True)
class Code(Verifier):
    """Scores a program by the tests it passes (see the module's own docstring for what a task says).

    A test that fails in the fork of a warm interpreter runs again in a fresh one before it counts, unless it has hit a
    limit. A program that uses
    240 s for all its tests, or hits the time limit in three of them, has failed those that were not run yet.

    ``details`` hold ``passed`` and ``tests`` (how many), ``failed`` (the first failed test: ``index``, ``status``,
    ``why``), ``sandbox`` (its kind), ``unsafe`` if nothing kept the program from the machine, ``memory_limit`` if it
    was held as address space, ``toolchain`` if the program failed with an older compiler or interpreter than the
    image's, ``trust`` if assertions ran in one process with the candidate.

    Raises:
        ValueError: a setting out of range.
    """

    version: ClassVar[int] = 2
    deadline_s: ClassVar[float | None] = 3000.0  # more than limits allow, so that only our own failures reach it

    credit: Literal["all", "fraction"] = "all"
    """``all``: 1 if every test passes, else 0, and nothing is run after the first failed test. ``fraction``: the share
    of tests passed."""
    time_limit_s: float = 10.0
    """CPU seconds a test may take, for tasks that do not say."""
    memory_limit_mb: int = 512
    """MiB, for tasks that do not say."""
    max_tests: int | None = None
    """Only so many tests, those with the longest inputs; None = all."""
    sandbox: str | Mapping[str, Any] = "auto"
    """``auto``, ``docker``, ``bubblewrap``, ``subprocess``; or a mapping, ``{"kind": "docker", "runtime": "runsc"}``,
    whose other items are the keywords of ``open_sandbox``."""
    slots: int | None = field(default=None, compare=False)
    """How many programs run at once; None = as many as there are cores."""

    def __post_init__(self) -> None:
        if self.credit not in CREDITS:
            raise ValueError(f"credit must be one of {', '.join(CREDITS)}, got {self.credit!r:.60}")
        for name in ("time_limit_s", "memory_limit_mb", "max_tests", "slots"):
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not value > 0):
                raise ValueError(f"{name} must be positive, got {value!r:.60}")
        _ = self._settings  # which says what is wrong with them

    @property
    def concurrency(self) -> int:
        """Twice as many as slots: while one completion is compared, another one runs, and none waits for long."""
        return 2 * (self.slots or usable_cores())

    async def verify(self, task: Task, completion: Completion) -> Verdict:
        try:
            spec = read_spec(task)
        except MalformedTask as error:
            return error.verdict
        assert completion.answer is not None, "the scorer answers for completions without an answer"
        block = find_program(
            completion.answer,
            spec.language.name,
            spec.names,
            functions=_functions(spec),
            cut_off=completion.finish_reason == "length",
        )
        if block is None or not block.content.strip():
            return Verdict(0.0, "no_answer", None, {"why": f"no fenced block of {spec.language.name}"})
        sandbox = await sandboxes.get(self._settings)
        program = Program(spec.language_of(block.label), block.content)
        try:
            if spec.assertions is not None:
                verdict = await self._assert(sandbox, spec.assertions, program, self._limits(spec))
            else:
                verdict = await self._test(sandbox, spec, program)
        except (CheckerFault, AssertionsFault) as error:
            return Verdict.unscorable("task", f"task `{task.problem_id}`: {error}")
        if verdict.details.get("failed", {}).get("status") in ("runtime_error", "compile_error"):
            prelude = spec.assertions.prelude if spec.assertions is not None else ""
            await sandbox.require_for(replace(program, source=f"{prelude}\n{program.source}"))
            if older := await sandbox.older_tool(program.language):
                verdict = replace(verdict, details={**verdict.details, "toolchain": older})
        return verdict

    def gold_completion(self, task: Task) -> str | None:
        """The gold solution in a fence, unless published rows have put it into one already."""
        gold, language = task.gold_standard_solution, task.language
        if gold is None or not gold.strip():
            return None
        return gold if gold.lstrip().startswith("```") else code_block(gold, (language or "").strip())

    async def aclose(self) -> None:
        await sandboxes.aclose(self._settings)

    async def _test(self, sandbox: Sandbox, spec: CodeSpec, program: Program) -> Verdict:
        tests = longest(spec.tests, self.max_tests)
        source = program.source
        grading = Grading(sandbox, program, tests, spec.checker, self._limits(spec), self.credit == "all")
        outcomes = await grading.grade()
        passed = sum(one.passed for one in outcomes.values())
        details: dict[str, Any] = {"passed": passed, "tests": len(tests)}
        failed = min((index for index, one in outcomes.items() if not one.passed), default=None)
        details |= _place(outcomes[min(outcomes) if failed is None else failed].result)
        if failed is None:
            assert passed == len(tests), "a test that was not run has not been passed"
            return Verdict(1.0, "correct", source, details)
        first: TestOutcome = outcomes[failed]
        details["failed"] = {"index": failed, "status": first.status, "why": first.why}
        if self.credit == "fraction" and passed:
            return Verdict(passed / len(tests), "partial", source, details)
        return Verdict(0.0, first.status, source, details)

    async def _assert(self, sandbox: Sandbox, assertions: Assertions, program: Program, limits: Limits) -> Verdict:
        asserted = await check_assertions(sandbox, assertions, program, limits)
        passed = asserted.status == "ok"
        details: dict[str, Any] = {"passed": int(passed), "tests": 1, **_place(asserted.result)}
        if asserted.shared:
            details["trust"] = "shared"
        if passed:
            return Verdict(1.0, "correct", program.source, details)
        details["failed"] = {"index": 0, "status": asserted.status, "why": asserted.why}
        return Verdict(0.0, asserted.status, program.source, details)

    def _limits(self, spec: CodeSpec) -> Limits:
        return Limits(
            cpu_s=spec.time_limit_s or self.time_limit_s,
            memory_mb=spec.memory_limit_mb or self.memory_limit_mb,
            build_cpu_s=spec.compile_limit_s or Limits.build_cpu_s,
        )

    @property
    def _settings(self) -> Settings:
        """Those of the sandbox."""
        if not isinstance(self.sandbox, (str, Mapping)):
            raise ValueError(f"sandbox must be a kind or a mapping of settings, got {self.sandbox!r:.60}")
        settings: dict[str, Any] = {"kind": self.sandbox} if isinstance(self.sandbox, str) else dict(self.sandbox)
        if self.slots is not None:
            settings["slots"] = self.slots
        try:
            return Settings(**settings)
        except TypeError:
            known = ", ".join(one.name for one in fields(Settings))
            raise ValueError(f"sandbox: there are the settings {known}; got {', '.join(map(str, settings))}") from None


def _functions(spec: CodeSpec) -> tuple[str, ...]:
    """The functions, or methods of a class ``Solution``, that the program has to define."""
    if spec.assertions is not None:
        return (spec.assertions.entry_point.rpartition(".")[2],)
    return tuple(dict.fromkeys(test.function for test in spec.tests if test.function is not None))


def _place(result: Result) -> dict[str, Any]:
    """Where it ran, and what that could not guarantee."""
    place: dict[str, Any] = {"sandbox": result.sandbox}
    if result.unsafe:
        place["unsafe"] = True
    if result.memory_limit != "cgroup":
        place["memory_limit"] = result.memory_limit
    return place
