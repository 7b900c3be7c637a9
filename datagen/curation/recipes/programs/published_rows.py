"""Rows as they are published, read by the reader that their columns ask for; of programs, with all that is published
as right, in whatever language."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from typing import Any

from synthetic1.datagen.curation.draft import Dropped, Quarantined
from synthetic1.datagen.curation.raw_rows import RawRow
from synthetic1.datagen.curation.recipes.programs.program_problem import with_programs_of
from synthetic1.task import Task, TaskError
from synthetic1.tasks.formats.code_contests import cpp_solutions
from synthetic1.tasks.formats.code_rows import TASK_TYPE
from synthetic1.tasks.formats.readers import RowReader, reader_for

STEP = "row"
STATEMENTS = {"apps": "question", "taco": "question", "code_contests": "description", "deepcoder": "problem"}
STATEMENTS |= {"codeforces": "description", "kodcode": "question"}
"""Format → the column of the statement."""
LABELS = {0: "unknown", 1: "python2", 4: "java"}
"""Languages of CodeContests that the sandbox does not run."""
RUN_HERE = frozenset({2, 3, "CPP", "PYTHON3"})
_fenced = re.compile(r"\s*(`{3,})[^\n`]*\n(.*?)\n?\1\s*", re.DOTALL)


class PublishedRows:
    """Chooses readers, and remembers them: choosing takes longer than reading.

    Args:
        choose: from a row's columns, and where it stands, to its reader; raises TaskError where there is none.
    """

    def __init__(self, choose: Callable[[Collection[str], str], RowReader] = reader_for) -> None:
        self._choose = lru_cache(maxsize=256)(lambda columns: choose(columns, "row"))

    def reader(self, row: RawRow) -> RowReader:
        """Raises Quarantined: ``unknown_layout``."""
        try:
            return self._choose(tuple(row.fields))
        except TaskError as error:
            raise Quarantined(STEP, "unknown_layout", str(error)) from None

    def read(self, row: RawRow) -> Task:
        """The row as its reader has it.

        Raises:
            Quarantined: ``unknown_layout``, or ``unreadable``: the reader does not take this one.
        """
        try:
            return self.reader(row).read(row.fields, row.where)
        except TaskError as error:
            raise Quarantined(STEP, "unreadable", str(error)) from None


def read_problem(row: RawRow, rows: PublishedRows) -> Task:
    """A programming problem; of CodeContests without a program in Python, the one in C++.

    Raises:
        Dropped: it says itself that it is not one to train on.
        Quarantined: nobody reads such rows, or not this one.
    """
    layout = rows.reader(row).name
    _check_fields(layout, row.fields)
    task = rows.read(row)
    if layout == "code_contests" and task.gold_standard_solution is None:
        programs = _in_cpp(row)
        task = with_programs_of("cpp", task, programs) if programs else task
    if task.task_type != TASK_TYPE:
        raise Dropped(STEP, "another_family", f"it is a row of {task.task_type}, read as {layout}")
    return task


def solutions_of(task: Task) -> list[str]:
    """The published programs in the task's language, each once, out of their fences."""
    gold = task.gold_standard_solution
    published = [*([gold] if gold is not None else []), *task.other_solutions]
    found = (fence[2] if (fence := _fenced.fullmatch(one)) else one for one in published)
    return list(dict.fromkeys(one for one in found if one.strip()))


def solutions_elsewhere(row: RawRow, task: Task, layout: str) -> tuple[dict[str, list[str]], dict[str, int]]:
    """The published programs in other languages that the sandbox runs; and of those it does not run, how many each.

    Only CodeContests says which language a program is in.
    """
    if layout != "code_contests":
        return {}, {}
    programs = _in_cpp(row) if task.language != "cpp" else []
    published = row.fields.get("solutions")
    items = published if isinstance(published, list) else []
    labels = published.get("language") if isinstance(published, Mapping) else [one.get("language") for one in items]
    counts = Counter(_label(one) for one in labels or () if not _is_run(one))
    return {"cpp": programs} if programs else {}, dict(sorted(counts.items()))


def _is_run(language: Any) -> bool:
    return isinstance(language, int | float | str) and language in RUN_HERE


def _label(language: Any) -> str:
    if isinstance(language, str):
        return language.lower().removesuffix("_language")[:20]
    return LABELS.get(language, "unknown") if isinstance(language, int) else "unknown"


def _in_cpp(row: RawRow) -> list[str]:
    try:
        return cpp_solutions(row.fields, row.where)
    except TaskError as error:
        raise Quarantined(STEP, "unreadable", str(error)) from None


def has_assertions(task: Task) -> bool:
    """Whether its tests are statements of Python."""
    cases = task.verification_info.get("test_cases")
    if isinstance(cases, Mapping):
        return bool(cases.get("assert_case"))
    first = cases[0] if isinstance(cases, list) and cases else None
    return isinstance(first, Mapping) and first.get("type") == "assert_case"


def problem_id(task: Task) -> str:
    """The task's id, with its source before it."""
    prefix = f"{task.source}/"
    return task.problem_id if not task.source or task.problem_id.startswith(prefix) else prefix + task.problem_id


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
