"""Row readers: which published format a row is in, and how it becomes a task."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

from synthetic1.task import TASK_FIELDS, Task, TaskError
from synthetic1.tasks.formats import code_rows, judged_rows
from synthetic1.tasks.formats.proposals import proposal

Matches = Callable[[Collection[str]], bool]
Read = Callable[[Mapping[str, Any], str], Task]
Choose = Callable[[Collection[str], str], "RowReader"]
"""``choose(column_names, where)`` gives the reader of such rows; ``reader_for`` is one."""


@dataclass(frozen=True)
class RowReader:
    """One published row format. Its functions are module-level, so that sources which hold it can be pickled."""

    name: str
    matches: Matches
    """Given a row's column names: is this the format?"""
    read: Read
    """``read(row, where)`` gives the task; it raises a TaskError whose message starts with ``where``."""
    columns: tuple[str, ...]
    """The columns it reads: shown when no format fits, and all that is fetched from Parquet."""
    id_column: str | None
    """The column whose string is the ``problem_id``; ``None`` if the id has to be computed by reading the row."""


BUILT_IN = tuple(  # a module per format, or for formats that are kin; each registers itself when imported
    f"synthetic1.tasks.formats.{module}"
    for module in (
        # What a later one knows it takes from an earlier one: these first know their rows by few or plain names
        "chats.conversations",
        "answers.answer_rows",
        "answers.reasoning_gym",
        "answers.science",
        "answers.s1k",
        "chats.open_thoughts",
        "coding.deepcoder",
        "coding.codeforces",
        "coding.kodcode",
        "repositories",
        "readers",
        "cruxeval",
        "apps",
        "code_contests",
        "livecodebench",
        "humaneval",
        "leetcode",
        "mbpp",
        "math_rows",
        "swe",
        "chats.rlvr",
        "chats.verl",
        "synthetic2",
    )
)
_readers: dict[str, RowReader] = {}


def register_reader(
    name: str, matches: Matches, read: Read, *, columns: tuple[str, ...], id_column: str | None = None
) -> None:
    """Make rows of one more format readable. Of the readers that match, the one registered last is taken.

    Raises:
        ValueError: the name is taken by another reader.
    """
    reader = RowReader(name, matches, read, columns, id_column)
    if _readers.get(name, reader) != reader:
        raise ValueError(f"a row reader `{name}` is registered already")
    _readers[name] = reader


def reader_for(columns: Collection[str], where: str) -> RowReader:
    """The reader whose format has these columns.

    Raises:
        TaskError: no reader knows them; the message lists the formats, and says which column is probably which.
    """
    for module in BUILT_IN:
        import_module(module)
    ordered = sorted(_readers.values(), key=_precedence)
    for reader in reversed(ordered):
        if reader.matches(columns):
            return reader
    known = ", ".join(reader.name for reader in ordered)
    raise TaskError(
        f"{where}: no row format has the columns {', '.join(columns) or '(none)'}; {proposal(columns)}; "
        f"known by their columns are {known}"
    )


def _precedence(reader: RowReader) -> int:
    """Where its module stands in ``BUILT_IN``; readers of others come behind, and so first."""
    home = getattr(reader.read, "__module__", "")
    return BUILT_IN.index(home) if home in BUILT_IN else len(BUILT_IN)


def is_task_row(columns: Collection[str]) -> bool:
    """GENESYS and SYNTHETIC-1 rows. Half a match is enough, so that the error names the field that is missing."""
    return len({"problem_id", "task_type", "prompt"} & set(columns)) >= 2


def read_task_row(row: Mapping[str, Any], where: str) -> Task:
    dataset = row.get(DATASET) if isinstance(row, Mapping) else None
    task = judged_rows.resolve(Task.from_row(row, where=where), dataset if isinstance(dataset, str) else "")
    others = code_rows.solutions_besides(task.gold_standard_solution, _listed(row.get(SOLUTIONS)))
    # A column of this name may hold anything where programs are not asked for
    return replace(task, other_solutions=others) if others and task.task_type == code_rows.TASK_TYPE else task


def _listed(value: Any) -> list[Any]:
    """A list, or JSON text of one; anything else is another column of the row, and ignored like those."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return []
    return value if isinstance(value, list) else []


SOLUTIONS = "solutions"  # of rows of programming problems: all golds, as APPS and TACO publish them
DATASET = "hf_dataset_name"  # of SYNTHETIC-1's rows: the part of it that a row came from
register_reader(
    "synthetic1", is_task_row, read_task_row, columns=(*TASK_FIELDS, DATASET, SOLUTIONS), id_column="problem_id"
)


def with_parsed_columns(row: Mapping[str, Any]) -> dict[str, Any]:
    """Columns that exports hold as JSON texts, as what they say; one that is not JSON stays, and its reader says so."""
    made = dict(row)
    for name in ("verification_info", "metadata"):
        if isinstance(made.get(name), str):
            try:
                made[name] = json.loads(made[name])
            except (ValueError, RecursionError):
                continue
    return made
