"""The same problem in other languages: kept where a model's program in that language passes all tests."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from synthetic1.datagen.curation.asking import NO_REPLY
from synthetic1.datagen.curation.draft import Draft, Quarantined
from synthetic1.datagen.curation.recipe import Tools
from synthetic1.datagen.curation.recipes.programs.program_problem import WRITTEN, ProgramProblem, completion_of
from synthetic1.evaluation.auditing.solutions import failed
from synthetic1.rewards.program_tests.published_cases import function_name
from synthetic1.task import Task

STEP = "translations"
PROMPT = "code_translate"
CALL_SHOWN = 600
"""Characters of the call that is shown as an example."""
_HEADS = {
    "python": r"^(?:async )?def {name}\s*\(.*$",
    "javascript": r"^(?:async )?function {name}\s*\(.*$|^(?:const|let|var) {name}\s*=.*$",
    "rust": r"^(?:pub )?fn {name}\s*(?:<[^>\n]*>)?\s*\(.*$",
    "cpp": r"^[\w:<>,&* \t]{{1,200}}[ \t&*>]{name}\s*\([^;\n]*$",
}
"""Language → the line that heads the function, at the beginning of a line."""


async def translate(
    tools: Tools, draft: Draft, problem: ProgramProblem, gold: str, languages: Sequence[str], attempts: int
) -> tuple[list[Task], dict[str, str]]:
    """A task for each of ``languages`` in which a program passes, and what became of each language.

    What became of them is ``passes``; else ``no_model``, ``statement_unknown`` (the prompt cannot be taken apart),
    ``assertions`` (tests are code in one language), ``no_signature``, the reason for which a reply could not be read,
    or how the last program failed.

    Raises:
        Quarantined: the server did not answer, or the sandbox has not what the language needs.
    """
    tasks: list[Task] = []
    said: dict[str, str] = {}
    for language in languages:
        if problem.statement is None:
            said[language] = "statement_unknown"
        elif not problem.tests:
            said[language] = "assertions"
        elif not tools.has_model:
            said[language] = "no_model"
        else:
            task, said[language] = await _in(tools, draft, problem, gold, language, attempts)
            tasks += [task] if task is not None else []
    return tasks, said


async def _in(
    tools: Tools, draft: Draft, problem: ProgramProblem, gold: str, language: str, attempts: int
) -> tuple[Task | None, str]:
    outcome = earlier = ""
    for _ in range(attempts):
        try:
            source = await tools.ask(
                PROMPT,
                draft,
                STEP,
                language=WRITTEN[language],
                label=language,
                problem=problem.statement or "",
                reference=WRITTEN[problem.language],
                program=gold.rstrip(),
                contract=_contract(problem, language),
                earlier=earlier,
            )
        except Quarantined as error:
            if error.reason == NO_REPLY:
                raise
            return None, error.reason
        signature = None
        if problem.function is not None:
            signature = signature_of(source, problem.function, language)
            if signature is None:
                outcome = "no_signature"
                earlier = f"\nAn earlier program did not define `{problem.function}` on one line at top level.\n"
                continue
        task = problem.task_in(language, source, signature)
        verdict = await tools.score(task, completion_of(source, language))
        if verdict.score is None:
            why = str(verdict.details.get("why", ""))
            raise Quarantined(STEP, verdict.reason, f"{language}: {why}")
        if verdict.score == 1.0:
            return task, "passes"
        outcome, test, why = failed(verdict)
        place = "" if test is None else f" in test {test + 1}"
        earlier = f"\nAn earlier program failed{place}: {outcome}: {why[:400]}\n"
    return None, outcome


def signature_of(source: str, function: str, language: str) -> str | None:
    """The line that heads a function, without its body; None where there is no such line."""
    name = function_name(function)
    if name is None:
        return None
    found = re.search(_HEADS[language].format(name=re.escape(name)), source, re.MULTILINE)
    if found is None:
        return None
    head = found[0].strip()
    cut = {"python": r":\s*$", "javascript": r"\s*(?:\{|=>).*$", "rust": r"\s*(?:\{|where\b).*$", "cpp": r"\s*\{.*$"}
    head = re.sub(cut[language], "", head).strip()
    return head if head.count("(") == head.count(")") else None


def _contract(problem: ProgramProblem, language: str) -> str:
    if problem.function is None:
        return "The program reads standard input and writes standard output, exactly as the reference does."
    arguments, value = problem.tests[0]
    name = function_name(problem.function)
    call = f"{json.dumps(arguments)[:CALL_SHOWN]} → {json.dumps(value)[:CALL_SHOWN]}"
    return (
        f"Write a function `{name}` at top level, of exactly this name, and no main program. It is called with the "
        f"arguments of the reference in the same order, and returns the answer. Its head stands on one line"
        f"{'' if language in ('python', 'javascript') else ', with the types of all parameters and of the result'}. "
        f"One call, as JSON: arguments {call}"
    )
