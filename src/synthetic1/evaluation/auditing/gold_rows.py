"""Rows that hold answers alone, ``{"gold": …}`` with an optional ``set``, as tasks of mathematics to audit."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from synthetic1.keys import content_key
from synthetic1.task import Task, TaskError
from synthetic1.tasks.formats.math import TASK_TYPE, compose_prompt
from synthetic1.tasks.formats.readers import register_reader

COLUMNS = ("gold", "set")
STATEMENT = "What is the answer?"


def is_gold_row(columns: Collection[str]) -> bool:
    return "gold" in columns and set(columns) <= set(COLUMNS)


def read_gold_row(fields: Mapping[str, Any], where: str) -> Task:
    """The task of a gold without its problem: nobody can answer it, but its gold can be audited.

    Raises:
        TaskError: ``gold`` is missing or empty, or a column is not a string.
    """
    gold, source = fields.get("gold"), fields.get("set")
    if not isinstance(gold, str) or not gold.strip():
        raise TaskError(f"{where}: field `gold` must be a non-empty string, got {gold!r}")
    if source is not None and not isinstance(source, str):
        raise TaskError(f"{where}: field `set` must be a string, got {source!r}")
    return Task(
        problem_id=f"gold/{content_key([gold, source])[:16]}",
        task_type=TASK_TYPE,
        prompt=compose_prompt(STATEMENT),
        verification_info={"ground_truth": gold},
        gold_standard_solution=gold,
        source=source or "",
    )


register_reader("golds", is_gold_row, read_gold_row, columns=COLUMNS)
