"""Programming problems: rows of APPS, TACO, CodeContests, Codeforces become tasks in several languages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, ClassVar, Literal

from pydantic import Field, NonNegativeInt, PositiveInt, field_validator

from synthetic1.datagen.curation.draft import Draft, Dropped, Quarantined
from synthetic1.datagen.curation.raw_rows import RawRow
from synthetic1.datagen.curation.recipe import CurationRecipe, Tools
from synthetic1.datagen.curation.recipes.programs import statements
from synthetic1.datagen.curation.recipes.programs.checker_proposals import evidence_of, find_checker
from synthetic1.datagen.curation.recipes.programs.program_problem import ProgramProblem, taken_apart, with_programs_of
from synthetic1.datagen.curation.recipes.programs.published_solutions import SolutionsRun, drawn, run_solutions
from synthetic1.datagen.curation.recipes.programs.readings import other_readings
from synthetic1.datagen.curation.recipes.programs.same_problem import is_same_problem, merged
from synthetic1.datagen.curation.recipes.programs.test_cases import UnsafeTests, clean_tests, hidden_tests
from synthetic1.datagen.curation.recipes.programs.translations import translate
from synthetic1.jobs.env_settings import Section
from synthetic1.keys import content_key
from synthetic1.sandbox.errors import UnknownLanguage
from synthetic1.sandbox.languages.registry import get_language
from synthetic1.task import Task, TaskError
from synthetic1.tasks.formats.code_contests import cpp_solutions
from synthetic1.tasks.formats.code_rows import TASK_TYPE
from synthetic1.tasks.formats.readers import RowReader, reader_for

SOLUTIONS_KEPT = 64
"""Published programs of a row that are kept: some rows have thousands."""
STATEMENTS = {"apps": "question", "taco": "question", "code_contests": "description", "deepcoder": "problem"}
STATEMENTS |= {"codeforces": "description", "kodcode": "question"}
"""Format → the column of the statement."""
_fenced = re.compile(r"\s*(`{3,})[^\n`]*\n(.*?)\n?\1\s*", re.DOTALL)


class CodeCuration(Section):
    """How programming problems are made into tasks."""

    languages: list[Literal["python", "javascript", "rust", "cpp"]] = Field(default=["python"])
    """Languages of the tasks. That of the published solutions is always among them; in each other one a model writes a
    program, which has to pass all tests."""
    solutions: PositiveInt = 8
    """Published solutions of a problem that are run against all its tests."""
    max_tests: PositiveInt = 100
    """Tests of a problem; of more, those are kept that spread over all sizes of inputs."""
    max_test_chars: PositiveInt = 1_000_000
    """Characters of a test's input, or output; larger tests are left out."""
    max_problem_chars: PositiveInt = 10_000_000
    """Characters of all tests of a problem; the largest are left out."""
    min_hidden_tests: NonNegativeInt = 1
    """Tests that the statement does not show; 0 = its samples alone will do."""
    mutated_tests: PositiveInt = 10
    """Tests whose right outputs are made wrong, to see whether a proposed checker refuses them."""
    attempts: PositiveInt = 2
    """Checkers proposed for a problem, and programs written in a language, until one is accepted."""

    @field_validator("languages")
    @classmethod
    def each_once(cls, languages: list[str]) -> list[str]:
        if len(set(languages)) < len(languages) or not languages:
            raise ValueError("code.languages: name at least one language, and each once")
        return languages


class CodeRecipe(CurationRecipe):
    """One record a problem, its tests cleaned, its published solutions run against them, then in other languages.

    ==================== ==============================================================================================
    step                 reasons
    ==================== ==============================================================================================
    row                  dropped: ``another_family``; quarantined: ``unknown_layout``, ``unreadable``,
                         ``unknown_language``
    statement            dropped: ``no_statement``, ``interactive``, ``needs_image``, ``named_files``
    tests                dropped: ``no_tests``, ``empty_tests``, ``huge_tests``, ``binary_tests``, ``cut_off_tests``
                         (each where no other test is left), ``conflicting_tests``, ``mixed_tests``, ``only_samples``;
                         quarantined: ``unreadable_tests``
    solutions            dropped: ``no_solution`` (after duplicates, which may bring one); quarantined:
                         ``no_solution_passes``, or why the verifier could not say
    checker              quarantined: ``published_checker_refuses``, ``assertions_differ``, ``no_model``,
                         ``nothing_to_refuse``, ``checker_fails``, ``checker_refuses_gold``, ``checker_accepts_wrong``,
                         or why there was no reply
    translations         quarantined: why the verifier could not say, or the server did not answer; a program that fails
                         costs one language, not the row
    ==================== ==============================================================================================
    """

    name = "code"
    task_type = TASK_TYPE
    draft_steps = ("row", "statement", "tests")
    finish_steps = ("solutions", "checker", "translations")
    prompts: ClassVar[tuple[str, ...]] = ("code_checker", "code_translate")

    def __init__(self, options: CodeCuration) -> None:
        self.options = options

    def draft(self, row: RawRow) -> Draft:
        task = _read(row)
        language = _language(task)
        info = {name: value for name, value in task.verification_info.items() if name not in ("language", "test_cases")}
        for name in ("input_file", "output_file"):
            if info.pop(name, None) not in (None, "", "stdin", "stdout"):
                raise Dropped("statement", "named_files", f"`{name}` is {task.verification_info[name]!r:.60}")
        found = None if "assertions" in info or _asserts(task) else self._tests(task, info.get("checker"))
        if found is None and "assertions" not in info:
            info["test_cases"] = task.verification_info["test_cases"]
        function = None if found is None else found.function
        parts = taken_apart(task, function)
        statement = task.prompt if parts is None else parts[0]
        _check_statement(statement)
        tests = [] if found is None else found.tests
        least = self.options.min_hidden_tests
        if found is not None and hidden_tests(tests, statement, least) < least:
            raise Dropped("tests", "only_samples", f"the statement shows all but {least - 1} of {len(tests)} tests")
        solutions = _solutions(task)
        problem = ProgramProblem(
            problem=_problem_id(task),
            source=task.source,
            language=language,
            prompt=task.prompt,
            statement=None if parts is None else parts[0],
            starter="" if parts is None else parts[1],
            function=function,
            tests=tests,
            info=info,
            solutions=solutions[:SOLUTIONS_KEPT],
            metadata=dict(task.metadata),
            in_source_id=task.in_source_id,
        )
        draft = Draft(0, row.where, statements.comparable(statement), problem.to_data(), _origin(row, task))
        if found is not None and found.left_out:
            draft.history["tests"] = {"kept": len(tests), "left_out": dict(sorted(found.left_out.items()))}
        if len(solutions) > SOLUTIONS_KEPT:
            draft.history["published_solutions"] = {"kept": SOLUTIONS_KEPT, "published": len(solutions)}
        return draft

    def _tests(self, task: Task, checker: Any) -> Any:
        limits = self.options
        try:
            return clean_tests(
                task.verification_info.get("test_cases"),
                checker=checker,
                max_tests=limits.max_tests,
                max_chars=limits.max_test_chars,
                max_total=limits.max_problem_chars,
            )
        except UnsafeTests as error:
            reason, detail = error.args
            outcome = Quarantined if reason == "unreadable_tests" else Dropped
            raise outcome("tests", reason, detail) from None

    def is_duplicate(self, kept: Draft, other: Draft) -> bool:
        problems = ProgramProblem.of(kept.data), ProgramProblem.of(other.data)
        return is_same_problem((kept.text, other.text), problems)

    def merge(self, kept: Draft, other: Draft) -> Draft:
        """``kept`` with the tests, solutions and origin of ``other``."""
        made = merged(ProgramProblem.of(kept.data), ProgramProblem.of(other.data), self.options.max_tests)
        said = {
            "where": other.where,
            "tests_added": made.tests_added,
            "solutions_added": made.solutions_added,
            "tests_that_differ": made.tests_that_differ,
        }
        return replace(
            kept,
            data=made.problem.to_data(),
            origin={**kept.origin, "duplicates": [*kept.origin.get("duplicates", []), other.origin]},
            history={**kept.history, "duplicates": [*kept.history.get("duplicates", []), said]},
        )

    async def finish(self, draft: Draft, tools: Tools) -> list[Task]:
        problem = ProgramProblem.of(draft.data)
        if not problem.solutions:
            raise Dropped("solutions", "no_solution", "neither the row nor a duplicate of it has a program to run")
        key = content_key([problem.problem, problem.prompt, problem.solutions])
        chosen = drawn(problem.solutions, self.options.solutions, f"{tools.seed}/code/solutions/{key}")
        run = await run_solutions(tools, problem.task(chosen), chosen, "solutions")
        if not run.passing:
            problem, run = await self._read_otherwise(draft, problem, run, chosen, tools)
        draft.history["solutions"] = {"published": len(problem.solutions), **run.counts}
        if not run.passing:
            raise Quarantined("solutions", "no_solution_passes", run.first_failure)
        golds = run.passing
        if run.differing:
            problem, golds = await self._with_checker(draft, problem, run, tools, key)
        others = [one for one in self.options.languages if one != problem.language]
        translated: list[Task] = []
        if others:
            attempts = self.options.attempts
            translated, said = await translate(tools, draft, problem, golds[0], others, attempts)
            draft.history["translations"] = said
        return [problem.task(golds), *translated]

    async def _read_otherwise(
        self, draft: Draft, problem: ProgramProblem, run: SolutionsRun, chosen: list[str], tools: Tools
    ) -> tuple[ProgramProblem, SolutionsRun]:
        """The problem with its tests in the reading that a published program passes; as it is, where none does."""
        for name, other in other_readings(problem):
            tried = await run_solutions(tools, other.task(chosen), chosen, "solutions")
            if tried.passing:
                draft.history["tests_read_as"] = name
                return other, tried
        return problem, run

    async def _with_checker(
        self, draft: Draft, problem: ProgramProblem, run: SolutionsRun, tools: Tools, key: str
    ) -> tuple[ProgramProblem, list[str]]:
        """The problem with a checker that all its solutions pass, and those."""
        if problem.has_checker_program:
            raise Quarantined("checker", "published_checker_refuses", run.first_failure)
        if not problem.tests:
            raise Quarantined("checker", "assertions_differ", run.first_failure)
        solutions = [*run.passing, *run.differing]
        seed = f"{tools.seed}/code/mutations/{key}"
        task = problem.task(solutions)
        evidence = await evidence_of(tools, task, solutions, tests=self.options.mutated_tests, seed=seed)
        found = await find_checker(tools, draft, problem, evidence, solutions, self.options.attempts)
        checked = problem.with_checker(found.source)
        again = await run_solutions(tools, checked.task(solutions), solutions, "checker")
        if again.differing or not again.passing:
            raise Quarantined("checker", "checker_refuses_gold", again.first_failure)
        draft.history["checker"] = {
            "proposals": found.attempts,
            "right_outputs_accepted": found.right_outputs,
            "wrong_outputs_refused": found.wrong_outputs,
        }
        return checked, again.passing

    def many_calls(self, draft: Draft) -> Mapping[str, int]:
        """At most: most problems need no checker."""
        problem = ProgramProblem.of(draft.data)
        several = len(problem.solutions) > 1 and bool(problem.tests) and not problem.has_checker_program
        others = [one for one in self.options.languages if one != problem.language]
        translated = problem.statement is not None and bool(problem.tests) and bool(problem.solutions)
        return {"code_checker": int(several), "code_translate": len(others) if translated else 0}


@lru_cache(maxsize=256)
def _reader(columns: tuple[str, ...]) -> RowReader:
    return reader_for(columns, "row")


def _read(row: RawRow) -> Task:
    """The row as its reader has it.

    Raises:
        Dropped: it says itself that it is not one to train on.
        Quarantined: nobody reads such rows, or not this one.
    """
    try:
        reader = _reader(tuple(row.fields))
    except TaskError as error:
        raise Quarantined("row", "unknown_layout", str(error)) from None
    _check_fields(reader.name, row.fields)
    try:
        task = reader.read(row.fields, row.where)
        if reader.name == "code_contests" and task.gold_standard_solution is None:
            programs = cpp_solutions(row.fields, row.where)
            task = with_programs_of("cpp", task, programs) if programs else task
    except TaskError as error:
        raise Quarantined("row", "unreadable", str(error)) from None
    if task.task_type != TASK_TYPE:
        raise Dropped("row", "another_family", f"it is a row of {task.task_type}, read as {reader.name}")
    return task


def _check_fields(layout: str, fields: Mapping[str, Any]) -> None:
    """What readers refuse along with what they cannot read, and is no fault of the row's form."""
    column = STATEMENTS.get(layout)
    if column is not None:
        value = fields.get(column)
        if value is None or value != value or (isinstance(value, str) and not value.strip()):
            raise Dropped("statement", "no_statement", f"`{column}` is empty")
    if layout == "deepcoder" and fields.get("tests") in (None, "", "[]", "{}", []):
        raise Dropped("tests", "no_tests", "`tests` is empty")
    if layout != "codeforces":
        return
    if isinstance(said := fields.get("interaction_format"), str) and said.strip():
        raise Dropped("statement", "interactive", "`interaction_format` is not empty")
    if fields.get("input_mode") not in (None, "", "stdio"):
        raise Dropped("statement", "named_files", f"`input_mode` is {fields['input_mode']!r:.40}")
    if fields.get("official_tests") in (None, "", "[]", []):
        some = fields.get("examples") not in (None, "", "[]", [])
        raise Dropped("tests", "only_samples" if some else "no_tests", "`official_tests` is empty")


def _check_statement(statement: str) -> None:
    if statements.is_too_short(statement):
        raise Dropped("statement", "no_statement", f"it is {statement!r:.80}")
    if statements.is_interactive(statement):
        raise Dropped("statement", "interactive")
    if statements.needs_picture(statement):
        raise Dropped("statement", "needs_image")


def _language(task: Task) -> str:
    try:
        return get_language(task.language or "").name
    except UnknownLanguage as error:
        raise Quarantined("row", "unknown_language", str(error)) from None


def _asserts(task: Task) -> bool:
    """Whether its tests are statements of Python."""
    cases = task.verification_info.get("test_cases")
    if isinstance(cases, Mapping):
        return bool(cases.get("assert_case"))
    first = cases[0] if isinstance(cases, list) and cases else None
    return isinstance(first, Mapping) and first.get("type") == "assert_case"


def _solutions(task: Task) -> list[str]:
    """The published programs, each once, out of their fences."""
    gold = task.gold_standard_solution
    published = [*([gold] if gold is not None else []), *task.other_solutions]
    found = (fence[2] if (fence := _fenced.fullmatch(one)) else one for one in published)
    return list(dict.fromkeys(one for one in found if one.strip()))


def _problem_id(task: Task) -> str:
    prefix = f"{task.source}/"
    return task.problem_id if not task.source or task.problem_id.startswith(prefix) else prefix + task.problem_id


def _origin(row: RawRow, task: Task) -> dict[str, Any]:
    stem = row.file.rpartition("/")[2].partition(".")[0]
    found = {
        "dataset": task.source or stem,
        "file": row.file,
        "row": row.number,
        "license": row.fields.get("license"),
        "author": row.fields.get("author"),
        "url": row.fields.get("url"),
    }
    return {
        name: value for name, value in found.items() if isinstance(value, int) or (isinstance(value, str) and value)
    }
