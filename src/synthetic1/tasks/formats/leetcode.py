"""LeetCodeDataset rows: HumanEval's assertions about a method of ``Solution``, with the problem beside them.

Its ``prompt`` is not one: it is the code that assertions and completions build upon (imports, ``ListNode`` and the
like). ``query`` is the user message as published; ``completion`` is the gold solution.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from synthetic1.task import Task
from synthetic1.tasks.formats.code_rows import Row, compose_prompt, has_columns
from synthetic1.tasks.formats.readers import register_reader

COLUMNS = (
    *("task_id", "problem_description", "starter_code", "entry_point", "prompt", "test", "query", "completion"),
    *("question_id", "difficulty", "tags", "estimated_date"),
)


def is_leetcode_row(columns: Collection[str]) -> bool:
    return has_columns(columns, ("task_id", "entry_point", "test", "starter_code"))


def read_leetcode_row(fields: Mapping[str, Any], where: str) -> Task:
    """The task of one row.

    Raises:
        TaskError: a field is missing or not a string.
    """
    row = Row(fields, where)
    entry_point = row.text("entry_point")
    return row.task(
        problem_id=row.text("task_id"),
        id_field="task_id",
        prompt=row.optional_text("query").strip() or _composed(row, entry_point),
        source="leetcode",
        verification_info={
            "assertions": {
                "code": row.text("test"),
                "entry_point": entry_point,
                "prelude": row.optional_text("prompt"),
            }
        },
        metadata={
            "difficulty": row.optional_text("difficulty"),
            **{name: fields.get(name) for name in ("question_id", "tags")},
            "estimated_date": str(fields.get("estimated_date") or ""),  # a string, or what a table makes of it
        },
        gold=row.optional_text("completion") or None,
    )


def _composed(row: Row, entry_point: str) -> str:
    function = entry_point.rpartition(".")[2]
    return compose_prompt(row.text("problem_description"), function=function, starter=row.text("starter_code"))


register_reader("leetcode", is_leetcode_row, read_leetcode_row, columns=COLUMNS, id_column="task_id")
