"""Sets that people have already: read, held to their verifiers, mended where that is certain, and written anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import cached_property
from typing import Any, ClassVar

from pydantic import Field, NonNegativeInt, PositiveInt

from synthetic1.datagen.curation.draft import Draft, Dropped, Quarantined
from synthetic1.datagen.curation.raw_rows import RawRow
from synthetic1.datagen.curation.recipe import CurationRecipe, Tools, similarity
from synthetic1.datagen.curation.recipes.code import CodeCuration, CodeRecipe
from synthetic1.datagen.curation.recipes.mathematics.golds import same_answer
from synthetic1.datagen.curation.recipes.mathematics.sameness import nearly_same_text, same_text
from synthetic1.datagen.curation.recipes.programs.published_rows import PublishedRows
from synthetic1.datagen.curation.recipes.repairs.answers import CONFLICT, repaired_answer
from synthetic1.datagen.curation.recipes.repairs.outputs import prediction_of, repaired_output
from synthetic1.jobs.env_settings import Section
from synthetic1.rewards.registry import UnknownTaskType, canonical_task_type, get_verifier
from synthetic1.task import Task, TaskError
from synthetic1.tasks.formats.columns import ColumnMapping
from synthetic1.tasks.formats.readers import reader_for

MATH, CODE, OUTPUT = "verifiable_math", "verifiable_code", "code_output_prediction"
AS_IT_IS = "verifiable_code by columns"
"""Programming problems of a layout that only ``columns`` knows: the gold they have is run, nothing else."""
OTHER_TEXT = 0.98
"""Similarity from which prompts of the other families are duplicates: they differ in a file, an input."""


class Repair(Section):
    """How a set is repaired."""

    columns: dict[str, str] = Field(default_factory=dict)
    """For a layout that is not known: names of ours to columns of the rows, ``{prompt: question, answer: label}``."""
    fix: bool = True
    """Put what is certain in place of a gold that is wrong: the output that the program gives, the answer in which the
    solution ends, another published solution. Off: such rows go."""
    rewritings: NonNegativeInt = 8
    """Other forms of an answer of mathematics that have to score 1, too."""
    solutions: PositiveInt | None = None
    """Published solutions of a programming problem that are run against all its tests; None = all."""


class RepairRecipe(CurationRecipe):
    """Tasks of any family, as they are, but for golds that do not hold.

    ==================== ==============================================================================================
    step                 reasons
    ==================== ==============================================================================================
    row                  quarantined: ``unknown_layout``, ``unreadable``, ``unknown_family``; and those of ``code``
    statement, tests     those of the recipe ``code``, for programming problems
    answers              of mathematics; quarantined: ``solution_disagrees``, ``gold_conflict``; dropped:
                         ``answer_is_prose`` (``fix`` is off)
    outputs              of predictions; dropped: ``program_fails``, ``non_deterministic``, ``wrong_gold`` (``fix`` is
                         off), ``not_a_string_function``; quarantined: ``unreadable_output``
    solutions, checker   those of the recipe ``code``; without ``fix`` dropped: ``gold_fails``; quarantined:
                         ``gold_not_run``, where the first solution is for another version or machine
    ==================== ==============================================================================================

    What is mended stands in ``history.repair``: ``gold_from_solution``, ``output_from_program``,
    ``gold_from_other_solution``, ``checker_added``, ``tests_left_out``.
    """

    name = "repair"
    task_type = ""
    draft_steps = ("row", "statement", "tests")
    finish_steps = ("answers", "outputs", "solutions", "checker")
    prompts: ClassVar[tuple[str, ...]] = ("code_checker",)

    def __init__(self, options: Repair) -> None:
        self.options = options
        self._rows = PublishedRows(ColumnMapping.of(options.columns) if options.columns else reader_for)

    @cached_property
    def code(self) -> CodeRecipe:
        """The recipe that programming problems go through."""
        options = CodeCuration(
            solutions=self.options.solutions,
            failing_solutions="leave_out" if self.options.fix else "quarantine",
            min_hidden_tests=0,
        )
        return CodeRecipe(options, translates=False)  # tasks stay as they are: none is added in another language

    def draft(self, row: RawRow) -> Draft:
        task = self._read(row)
        if task.task_type == CODE and not self.options.columns:
            draft = self.code.draft(row)
            draft.data = {"family": CODE, "problem": draft.data}
            return draft
        made = prediction_of(task, row.fields) if task.task_type == OUTPUT else None
        family = AS_IT_IS if task.task_type == CODE else task.task_type
        data: dict[str, Any] = {"family": family, "task": {**task.to_dict(), "task_type": task.task_type}}
        data["prediction"] = None if made is None else asdict(made)
        origin = {"dataset": task.source or row.file.rpartition("/")[2].partition(".")[0], "file": row.file}
        said = {
            name: row.fields[name] for name in ("license", "author", "url") if isinstance(row.fields.get(name), str)
        }
        return Draft(0, row.where, task.prompt, data, {**origin, "row": row.number, **said})

    def _read(self, row: RawRow) -> Task:
        task = self._rows.read(row)
        try:
            task = replace(task, task_type=canonical_task_type(task.task_type))
            get_verifier(task.task_type)
            _ = task.key
        except UnknownTaskType as error:
            raise Quarantined("row", "unknown_family", str(error)) from None
        except TaskError as error:
            raise Quarantined("row", "unreadable", str(error)) from None
        return task

    def is_duplicate(self, kept: Draft, other: Draft) -> bool:
        family = kept.data["family"]
        if family != other.data["family"]:
            return False
        if family == CODE:
            return self.code.is_duplicate(_inner(kept), _inner(other))
        if family == MATH:
            return same_text(kept.text, other.text) or nearly_same_text(kept.text, other.text)
        if family == OUTPUT:
            return kept.text == other.text
        return super().is_duplicate(kept, other) and similarity(kept.text, other.text) >= OTHER_TEXT

    def merge(self, kept: Draft, other: Draft) -> Draft:
        """Programming problems are joined; of mathematics, two golds that differ are remembered."""
        if kept.data["family"] == CODE:
            made = self.code.merge(_inner(kept), _inner(other))
            return replace(made, data={"family": CODE, "problem": made.data})
        if kept.data["family"] != MATH:
            return kept
        mine, theirs = (str(one.data["task"]["verification_info"].get("ground_truth")) for one in (kept, other))
        if same_answer(mine, theirs, kept.text):
            return kept
        said = f"{mine:.100} here, {theirs:.100} in {other.where}"
        return replace(kept, history={**kept.history, CONFLICT: said})

    async def finish(self, draft: Draft, tools: Tools) -> list[Task]:
        if draft.data["family"] == CODE:
            return await self._programs(draft, tools)
        task = Task(**draft.data["task"])
        if task.task_type == MATH:
            return [await repaired_answer(task, draft, tools, self.options.rewritings, fix=self.options.fix)]
        if task.task_type == OUTPUT:
            return [await repaired_output(task, draft, tools, fix=self.options.fix)]
        return [task]

    async def _programs(self, draft: Draft, tools: Tools) -> list[Task]:
        inner = _inner(draft)
        first = inner.data["solutions"][0] if inner.data["solutions"] else None
        tasks = await self.code.finish(inner, tools)
        repair: dict[str, Any] = {}
        gold = tasks[0].gold_standard_solution or ""
        if first is not None and first.strip() not in gold:
            if not self.options.fix and "first_run" in inner.history["solutions"]:
                why = f"the first published solution is not run here: {inner.history['solutions']['not_run']}"
                raise Quarantined("solutions", "gold_not_run", why)
            if not self.options.fix:
                raise Dropped("solutions", "gold_fails", "the first published solution does not pass its own tests")
            repair["gold_from_other_solution"] = f"{first:.200}"
        if "checker" in inner.history:
            repair["checker_added"] = inner.history["checker"]
        if "tests" in inner.history:
            repair["tests_left_out"] = inner.history["tests"]
        draft.history.update(inner.history)
        draft.prompts.update(inner.prompts)
        if repair:
            draft.history["repair"] = repair
        return tasks

    def many_calls(self, draft: Draft) -> Mapping[str, int]:
        if draft.data["family"] != CODE:
            return dict.fromkeys(self.prompts, 0)
        return {"code_checker": self.code.many_calls(_inner(draft))["code_checker"]}


def _inner(draft: Draft) -> Draft:
    """The draft as the recipe of programming problems has it."""
    return replace(draft, data=draft.data["problem"], history=dict(draft.history), prompts=dict(draft.prompts))
