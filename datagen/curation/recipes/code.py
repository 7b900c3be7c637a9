"""Programming problems: rows of APPS, TACO, CodeContests, Codeforces become tasks in several languages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Literal

from pydantic import Field, NonNegativeInt, PositiveInt, field_validator

from synthetic1.datagen.curation.draft import Draft, Dropped, Quarantined
from synthetic1.datagen.curation.raw_rows import RawRow
from synthetic1.datagen.curation.recipe import CurationRecipe, Tools
from synthetic1.datagen.curation.recipes.programs import statements
from synthetic1.datagen.curation.recipes.programs.checker_proposals import evidence_of, find_checker
from synthetic1.datagen.curation.recipes.programs.program_problem import (
    PROGRAM_CHARS,
    ProgramProblem,
    PublishedProgram,
    taken_apart,
)
from synthetic1.datagen.curation.recipes.programs.published_rows import (
    PublishedRows,
    has_assertions,
    problem_id,
    read_problem,
    solutions_elsewhere,
    solutions_of,
)
from synthetic1.datagen.curation.recipes.programs.published_solutions import (
    OF_THIS_MACHINE,
    SolutionsRun,
    drawn,
    run_solutions,
)
from synthetic1.datagen.curation.recipes.programs.readings import other_readings
from synthetic1.datagen.curation.recipes.programs.same_problem import is_same_problem, merged
from synthetic1.datagen.curation.recipes.programs.test_cases import UnsafeTests, clean_tests, hidden_tests
from synthetic1.datagen.curation.recipes.programs.translations import translate
from synthetic1.jobs.env_settings import Section
from synthetic1.keys import content_key
from synthetic1.sandbox.errors import UnknownLanguage
from synthetic1.sandbox.languages.registry import get_language
from synthetic1.task import Task
from synthetic1.tasks.formats.code_rows import TASK_TYPE


class CodeCuration(Section):
    """How programming problems are made into tasks."""

    languages: list[Literal["python", "javascript", "rust", "cpp"]] = Field(default=["python"])
    """Languages of the tasks. That of the published solutions is always among them; in each other one a model writes a
    program, which has to pass all tests."""
    solutions: PositiveInt | None = None
    """Published solutions of a problem that are run against all its tests; None = all, and some rows have hundreds."""
    failing_solutions: Literal["quarantine", "leave_out"] = "quarantine"
    """A published solution that does not compile, crashes or exceeds a limit, beside one that passes, sets the problem
    aside; or is left out, and the problem goes on with the others."""
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
    solutions            dropped: ``no_solution`` that the sandbox runs (after duplicates, which may bring one);
                         quarantined: ``solution_fails``, ``no_solution_passes``, ``no_solution`` that this machine's
                         sandbox runs, or why the verifier could not say
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

    def __init__(self, options: CodeCuration, *, translates: bool = True) -> None:
        self.options, self._translates = options, translates
        self._rows = PublishedRows()

    def draft(self, row: RawRow) -> Draft:
        task = read_problem(row, self._rows)
        language = _language(task)
        info = {name: value for name, value in task.verification_info.items() if name not in ("language", "test_cases")}
        for name in ("input_file", "output_file"):
            if info.pop(name, None) not in (None, "", "stdin", "stdout"):
                raise Dropped("statement", "named_files", f"`{name}` is {task.verification_info[name]!r:.60}")
        found = None if "assertions" in info or has_assertions(task) else self._tests(task, info.get("checker"))
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
        elsewhere, not_run = solutions_elsewhere(row, task, self._rows.reader(row).name)
        published = ProgramProblem(
            problem=problem_id(task),
            source=task.source,
            language=language,
            prompt=task.prompt,
            statement=None if parts is None else parts[0],
            starter="" if parts is None else parts[1],
            function=function,
            tests=tests,
            info=info,
            solutions=solutions_of(task),
            metadata=dict(task.metadata),
            in_source_id=task.in_source_id,
            elsewhere=elsewhere,
            not_run=not_run,
        )
        problem = published.within(PROGRAM_CHARS)
        draft = Draft(0, row.where, statements.comparable(statement), problem.to_data(), _origin(row, task))
        if found is not None and found.left_out:
            draft.history["tests"] = {"kept": len(tests), "left_out": dict(sorted(found.left_out.items()))}
        kept, many = len(problem.programs), len(published.programs)
        if kept < many:
            draft.history["published_solutions"] = {"kept": kept, "published": many}
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
        programs = problem.programs
        if not programs:
            raise Dropped("solutions", "no_solution", _none_runs(problem.not_run))
        key = content_key([problem.problem, problem.prompt, [one.source for one in programs]])
        chosen = drawn(programs, self.options.solutions, f"{tools.seed}/code/solutions/{key}")
        problem, run = await self._run(draft, problem, chosen, tools)
        not_run = dict(sorted((run.not_run + Counter(problem.not_run)).items()))
        draft.history["solutions"] = {"published": len(programs) + sum(problem.not_run.values()), **run.counts}
        if not_run:
            draft.history["solutions"]["not_run"] = not_run
        if run.first_run not in (None, chosen[0].place):
            draft.history["solutions"]["first_run"] = run.first_run
        if not run.run:
            of_here = any(run.not_run[name] for name in OF_THIS_MACHINE)
            raise (Quarantined if of_here else Dropped)("solutions", "no_solution", _none_runs(not_run))
        if run.failing and not self._leave_out and (run.passing or not run.has_run_all):
            raise Quarantined("solutions", "solution_fails", run.first_failing)
        if not run.passing:
            raise Quarantined("solutions", "no_solution_passes", run.first_failure)
        passing = run.passing
        if run.differing:
            problem, passing = await self._with_checker(draft, problem, run, tools, key)
        if (led := problem.led_by(passing)) is None:
            raise Quarantined("solutions", "no_solution_passes", run.first_failure)
        problem, golds = led
        others = self._others(problem)
        translated: list[Task] = []
        if others:
            attempts = self.options.attempts
            translated, said = await translate(tools, draft, problem, golds[0], others, attempts)
            draft.history["translations"] = said
        return [problem.task(golds), *translated]

    def _others(self, problem: ProgramProblem) -> list[str]:
        """The languages that the problem is translated into."""
        return [one for one in self.options.languages if self._translates and one != problem.language]

    @property
    def _leave_out(self) -> bool:
        return self.options.failing_solutions == "leave_out"

    async def _run(
        self, draft: Draft, problem: ProgramProblem, programs: Sequence[PublishedProgram], tools: Tools
    ) -> tuple[ProgramProblem, SolutionsRun]:
        """The problem with its tests in the reading that a published program passes; as it is, where none does."""
        settles = tools.has_model and bool(problem.tests) and not problem.has_checker_program
        as_it_is: SolutionsRun | None = None
        for name, read in [("", problem), *other_readings(problem)]:
            run = await run_solutions(
                tools, read, programs, "solutions", leave_out=self._leave_out, settles_differing=settles
            )
            if run.passing:
                if name:
                    draft.history["tests_read_as"] = name
                return read, run
            as_it_is = as_it_is or run
        assert as_it_is is not None
        return problem, as_it_is

    async def _with_checker(
        self, draft: Draft, problem: ProgramProblem, run: SolutionsRun, tools: Tools, key: str
    ) -> tuple[ProgramProblem, list[PublishedProgram]]:
        """The problem with a checker that all its solutions pass, and those."""
        if problem.has_checker_program:
            raise Quarantined("checker", "published_checker_refuses", run.first_differing)
        if not problem.tests:
            raise Quarantined("checker", "assertions_differ", run.first_differing)
        programs = [run.passing[0], *run.differing, *run.passing[1:]]
        seed = f"{tools.seed}/code/mutations/{key}"
        if not tools.has_model:
            raise Quarantined("checker", "no_model", f"it needs a checker: {run.first_differing}")
        evidence = await evidence_of(tools, problem, programs, tests=self.options.mutated_tests, seed=seed)
        found = await find_checker(tools, draft, problem, evidence, programs, self.options.attempts)
        checked = problem.with_checker(found.source)
        again = await run_solutions(tools, checked, programs, "checker", leave_out=self._leave_out)
        if again.differing or not again.passing:
            raise Quarantined("checker", "checker_refuses_gold", again.first_failure)
        if again.failing and not self._leave_out:
            raise Quarantined("checker", "solution_fails", again.first_failing)
        draft.history["checker"] = {
            "proposals": found.attempts,
            "right_outputs_accepted": found.right_outputs,
            "wrong_outputs_refused": found.wrong_outputs,
        }
        return checked, again.passing

    def many_calls(self, draft: Draft) -> Mapping[str, int]:
        """At most: most problems need no checker."""
        problem = ProgramProblem.of(draft.data)
        several = len(problem.programs) > 1 and bool(problem.tests) and not problem.has_checker_program
        others = self._others(problem)
        translated = problem.statement is not None and bool(problem.tests) and bool(problem.programs)
        return {"code_checker": int(several), "code_translate": len(others) if translated else 0}


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


def _none_runs(not_run: Mapping[str, int]) -> str:
    said = ", ".join(f"{many} for {name}" for name, many in not_run.items())
    return f"neither the row nor a duplicate has one that the sandbox runs{f': {said}' if said else ''}"


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
