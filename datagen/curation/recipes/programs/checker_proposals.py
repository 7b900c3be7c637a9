"""Checkers for problems with many right answers: proposed by a model, accepted by what they do."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from synthetic1.datagen.curation.draft import Draft, Quarantined
from synthetic1.datagen.curation.recipe import Tools
from synthetic1.datagen.curation.recipes.programs.mutations import Mutation, mutated
from synthetic1.datagen.curation.recipes.programs.program_problem import ProgramProblem, PublishedProgram
from synthetic1.datagen.curation.recipes.programs.published_solutions import outputs_of
from synthetic1.rewards.program_tests.checker_program import FUNCTION, LIMITS
from synthetic1.rewards.program_tests.spec import TestCase, read_spec
from synthetic1.sandbox.program import Call, Program

STEP = "checker"
PROMPT = "code_checker"
SHOWN_CHARS = 1_500
"""Of a text in the prompt."""
SHOWN_SOLUTIONS = 2
EVIDENCE_PROGRAMS = 32
EVIDENCE_CHARS = 8_000_000
"""Of outputs that differ, from which no further program is asked for its own."""
ANSWERS = """

_proposed = check


def check(input, output, expected):
    try:
        return _proposed(input, output, expected)
    except Exception as error:
        return f"it raised {type(error).__name__}: {error}"
"""
"""Behind a proposal while it is tried: to raise is to refuse, as the verifier has it, and need not be run again."""


@dataclass(frozen=True)
class Evidence:
    """What a checker is held against."""

    tests: Sequence[TestCase]
    right: list[list[str]]
    """Of each test: the expected output, then those of the programs that are published as right."""
    wrong: list[Mutation]

    @property
    def right_outputs(self) -> int:
        return sum(map(len, self.right))


@dataclass(frozen=True)
class AcceptedChecker:
    """A checker program that has proved itself."""

    source: str
    attempts: int
    right_outputs: int
    wrong_outputs: int


async def evidence_of(
    tools: Tools, problem: ProgramProblem, programs: Sequence[PublishedProgram], *, tests: int, seed: str
) -> Evidence:
    """Run programs once more, for their outputs.

    Of very many programs, or very long outputs, not all are taken: whether the checker accepts those, too, shows when
    all of them are run against it.

    Args:
        programs: those that differ first: they are the ones to learn from.
        tests: of how many tests the outputs are made wrong.
        seed: of how they are.
    """
    cases = read_spec(problem.task_for(programs[:1])).tests
    is_call = cases[0].function is not None
    known = [[json.dumps(case.expected) if is_call else str(case.expected)] for case in cases]
    chars = 0
    for one in programs[:EVIDENCE_PROGRAMS]:
        for place, output in enumerate(await outputs_of(tools, problem, one, cases)):
            if output is not None and output not in known[place]:
                known[place].append(output)
                chars += len(output)
        if chars > EVIDENCE_CHARS:
            break
    return Evidence(cases, known, mutated(known, is_call=is_call, tests=tests, seed=seed))


async def find_checker(
    tools: Tools,
    draft: Draft,
    problem: ProgramProblem,
    evidence: Evidence,
    programs: Sequence[PublishedProgram],
    attempts: int,
) -> AcceptedChecker:
    """Ask for a checker program until one accepts every right output and refuses every wrong one.

    Raises:
        Quarantined: ``no_model``, a reply that cannot be read, ``nothing_to_refuse``, or what the last proposal did:
            ``checker_fails``, ``checker_refuses_gold``, ``checker_accepts_wrong``.
    """
    if not tools.has_model:
        raise Quarantined(STEP, "no_model", "programs that are published as right differ: it needs a checker")
    if not evidence.wrong:
        raise Quarantined(STEP, "nothing_to_refuse", "no output could be made wrong")
    reason = objection = ""
    for attempt in range(1, attempts + 1):
        earlier = f"\nAn earlier program was refused: {objection}\n" if objection else ""
        source = await tools.ask(
            PROMPT,
            draft,
            STEP,
            problem=problem.statement or problem.prompt,
            outputs=_shown_outputs(evidence),
            programs=_shown_programs(programs),
            interface=_interface(problem),
            earlier=earlier,
        )
        refused = await objection_to(tools, source, evidence)
        if refused is None:
            return AcceptedChecker(source, attempt, evidence.right_outputs, len(evidence.wrong))
        reason, objection = refused
    raise Quarantined(STEP, reason, objection)


async def objection_to(tools: Tools, source: str, evidence: Evidence) -> tuple[str, str] | None:
    """Why a checker program is not accepted, as it is counted and in words; None if it is."""
    right = [(place, output) for place, known in enumerate(evidence.right) for output in known]
    wrong = [(one.test, one.output) for one in evidence.wrong]
    for (place, output), said in zip(right, await _answers(tools, source, evidence, right), strict=False):
        about = _about(evidence, place, output)
        if isinstance(said, _Broken):
            return "checker_fails", f"{said.why} on {about}"
        if said is not True:
            return "checker_refuses_gold", f"it must accept {about}; it returned {said!s:.200}"
    answers = await _answers(tools, source, evidence, wrong)
    for mutation, said in zip(evidence.wrong, answers, strict=False):
        about = _about(evidence, mutation.test, mutation.output)
        if isinstance(said, _Broken):
            return "checker_fails", f"{said.why} on {about}"
        if said is True:
            changed = f"it accepted a right output that had been changed by chance ({mutation.kind}): {about}"
            return "checker_accepts_wrong", f"{changed}. If that is right, too, by the problem, it has to stay so"
        if said is not False and not isinstance(said, str):
            return "checker_fails", f"it returned {said!s:.60}, neither a bool nor a string, on {about}"
    if len(answers) < len(wrong):
        return "checker_fails", f"it answered {len(answers)} of {len(wrong)} times"
    return None


@dataclass(frozen=True)
class _Broken:
    """In place of an answer."""

    why: str


async def _answers(tools: Tools, source: str, evidence: Evidence, questions: Sequence[tuple[int, str]]) -> list[Any]:
    """What the checker returns for each (test, output)."""
    calls = []
    for place, output in questions:
        given = evidence.tests[place].input
        text = given.to_json() if isinstance(given, Call) else str(given)
        calls.append(Call(FUNCTION, (text, output, evidence.right[place][0])))
    answers: list[Any] = []
    for result in await tools.run(Program("python", source + ANSWERS), calls, LIMITS):
        if result.status != "ok" or result.returned is None:
            answers.append(_Broken(f"{result.status} ({_last_line(result.stderr) or result.why})"))
            continue
        try:
            answers.append(json.loads(result.returned))
        except (ValueError, RecursionError):  # untrusted
            answers.append(_Broken("what it returned is no JSON"))
    return answers


def _about(evidence: Evidence, place: int, output: str) -> str:
    given = evidence.tests[place].input
    text = given.to_json() if isinstance(given, Call) else str(given)
    return f"the input {_cut(text, 300)!r} and the output {_cut(output, 300)!r}"


def _interface(problem: ProgramProblem) -> str:
    if problem.function is None:
        return "`input` is what the program read, `output` what it wrote, `expected` one right output; all are strings."
    return (
        f"`input` is the JSON text of the list of arguments that `{problem.function}` was called with, `output` the "
        "JSON text of what it returned, `expected` that of one right value; all are strings."
    )


def _shown_outputs(evidence: Evidence) -> str:
    """A test on which right outputs differ; the one with the least text."""
    places = [place for place, known in enumerate(evidence.right) if len({" ".join(one.split()) for one in known}) > 1]
    place = min(places or range(len(evidence.right)), key=lambda one: evidence.tests[one].size)
    given = evidence.tests[place].input
    text = given.to_json() if isinstance(given, Call) else str(given)
    parts = [f"input:\n{_cut(text, SHOWN_CHARS)}"]
    parts += [f"a right output:\n{_cut(one, SHOWN_CHARS)}" for one in evidence.right[place][:4]]
    return "\n\n".join(parts)


def _shown_programs(programs: Sequence[PublishedProgram]) -> str:
    shown = [(one.language, _cut(one.source, 2 * SHOWN_CHARS)) for one in programs[:SHOWN_SOLUTIONS]]
    return "\n\n".join(f"```{language}\n{source.rstrip()}\n```" for language, source in shown)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}…"


def _last_line(stderr: bytes) -> str:
    return (stderr.decode("utf-8", errors="replace").strip().splitlines() or [""])[-1][:200]
