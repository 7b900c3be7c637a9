"""The cases of code: the gold program in every wrapping, and, where it may be run, with one thing changed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from synthetic1.evaluation.auditing import program_runs
from synthetic1.evaluation.auditing.case import AuditCase, Certainty, OracleAnswer
from synthetic1.evaluation.auditing.program_mutants import mutants
from synthetic1.evaluation.auditing.program_wrappings import WRAPPINGS, WrappedProgram, usages
from synthetic1.task import Task

MAX_GOLD = 20_000  # characters
WRAPPED = 5  # wrappings of a gold: each is a run of all tests
CHANGED = 4  # mutants of a gold
_NAMES = {
    "python": ("python", "py", "python3"), "javascript": ("javascript", "js", "node"), "rust": ("rust", "rs"),
    "cpp": ("cpp", "c++", "cc", "c++17", "c++20"),
}  # fmt: skip


class ProgramCases:
    """A ``CaseMaker`` for ``verifiable_code``.

    Args:
        run_outside: make mutants, too, of golds in Python. Whether a mutant is wrong, a plain process of this machine
            tells, outside any sandbox: for golds that one trusts.
    """

    def __init__(self, *, run_outside: bool = False) -> None:
        self.run_outside = run_outside

    def gold_text(self, task: Task) -> str:
        gold = task.gold_standard_solution
        return unfenced(gold) if isinstance(gold, str) and len(gold) <= MAX_GOLD else ""

    def cases(self, task: Task, neighbour: Task | None, rng: random.Random) -> Iterator[AuditCase]:
        source, language = self.gold_text(task), _language(task)
        if not source.strip() or language is None:
            return
        program = WrappedProgram(source.rstrip("\n") + "\n", language, function_of(task.verification_info))
        for name in sorted(rng.sample(sorted(WRAPPINGS), WRAPPED)):
            yield AuditCase(f"wrapped: {name}", 1.0, WRAPPINGS[name](program), source)
        if program.function and (shown := usages(program)):
            yield AuditCase("usage behind", 1.0, rng.choice(shown), source)
        if self.run_outside and language == "python":
            for kind, changed in mutants(source, rng, CHANGED):
                yield AuditCase(kind, 0.0, f"```python\n{changed}```\n", changed, Certainty.CHECKED)

    def quick_answers(self, task: Task, cases: Sequence[AuditCase]) -> list[OracleAnswer]:
        """Equivalents hold the same program; of a mutant its own run tells."""
        tests = program_runs.plain_tests(task.verification_info)
        changed = any(case.expected != 1.0 for case in cases)
        if changed and program_runs.compared(self.gold_text(task), tests) is not OracleAnswer.EQUAL:
            tests = None  # where the gold fails outside, for want of a package or a harness, no mutant tells
        return [
            OracleAnswer.EQUAL if case.expected == 1.0 else program_runs.compared(case.answer, tests) for case in cases
        ]

    def patient_answers(self, task: Task, cases: Sequence[AuditCase]) -> list[OracleAnswer]:
        return [OracleAnswer.UNREAD] * len(cases)

    def close(self) -> None:
        pass


def unfenced(gold: str) -> str:
    """A gold without the fence that published rows put around it."""
    lines = gold.strip().split("\n")
    if len(lines) > 2 and lines[0].startswith("```") and lines[-1] == "```":
        return "\n".join(lines[1:-1]) + "\n"
    return gold


def function_of(info: Mapping[str, Any]) -> str:
    """The function that tests call; empty for whole programs."""
    assertions = info.get("assertions")
    if isinstance(assertions, Mapping):
        return str(assertions.get("entry_point") or "").rpartition(".")[2]
    tests = info.get("test_cases") or [{}]
    first = tests[0] if isinstance(tests, Sequence) and isinstance(tests[0], Mapping) else {}
    return str(first.get("fn_name") or "").rpartition(".")[2]


def _language(task: Task) -> str | None:
    wanted = str(task.verification_info.get("language") or "python").lower()
    return next((language for language, names in _NAMES.items() if wanted in names), None)
