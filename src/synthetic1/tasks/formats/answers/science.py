"""Rows of questions from all fields of science: WebInstruct-verified, and NaturalReasoning.

WebInstruct-verified (TIGER-Lab; columns as on its card): ``id``, ``question``, ``answer``, ``answer_type`` (Float,
Integer, Expression, Percentage, Fraction, Matrix, List, Boolean, Multiple Choice, String, Other), ``category``,
``difficulty``. What is mathematics with an exact answer is a task of mathematics; all else one of science, whose
verifier compares numbers with units by rule and asks a judge about the rest. NaturalReasoning (facebook): ``question``,
``reference_answer``, ``responses``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from synthetic1.task import Task, TaskError
from synthetic1.tasks.formats import stem
from synthetic1.tasks.formats.answers.answer_rows import answer_text
from synthetic1.tasks.formats.code_rows import Row, has_columns
from synthetic1.tasks.formats.math_rows import math_task
from synthetic1.tasks.formats.readers import register_reader

COLUMNS = ("id", "question", "answer", "answer_type", "category", "difficulty")
NATURAL_COLUMNS = ("question", "reference_answer")
EXACT = {"float", "integer", "expression", "percentage", "fraction", "matrix", "list"}


def is_webinstruct_row(columns: Collection[str]) -> bool:
    return has_columns(columns, ("question", "answer", "answer_type", "category"))


def read_webinstruct_row(fields: Mapping[str, Any], where: str) -> Task:
    """The task of one row.

    Raises:
        TaskError: a field is missing or not a string.
    """
    row = Row(fields, where)
    question, answer = row.text("question"), answer_text(row, "answer", fields.get("answer"))
    kind, category = row.optional_text("answer_type"), row.optional_text("category")
    published = fields.get("id")
    problem_id = f"webinstruct/{published}" if published is not None else ""
    metadata = {"answer_type": kind, "difficulty": row.optional_text("difficulty")}
    if category == "Mathematics" and kind.lower() in EXACT:
        metadata["category"] = category
        return math_task(
            row, question, truth=answer, solution="", source="webinstruct", metadata=metadata, problem_id=problem_id
        )
    return science_task(row, question, answer, category.lower(), "webinstruct", problem_id, metadata)


def is_natural_reasoning_row(columns: Collection[str]) -> bool:
    return has_columns(columns, NATURAL_COLUMNS)


def read_natural_reasoning_row(fields: Mapping[str, Any], where: str) -> Task:
    """The task of one row; a part of them has no reference, and is refused.

    Raises:
        TaskError: a field is missing, empty or not a string.
    """
    row = Row(fields, where)
    answer = answer_text(row, "reference_answer", fields.get("reference_answer"))
    return science_task(row, row.text("question"), answer, "", "natural_reasoning", "", {})


def science_task(
    row: Row, question: str, reference: str, field: str, source: str, problem_id: str, metadata: Mapping[str, str]
) -> Task:
    """``stem.to_task``, with errors that say where, and without metadata that are empty."""
    kept = {name: value for name, value in metadata.items() if value}
    try:
        return stem.to_task(
            question, reference, field=field or None, source=source, problem_id=problem_id or None, metadata=kept
        )
    except TaskError as error:
        raise TaskError(f"{row.where}: {error}") from None


register_reader("natural_reasoning", is_natural_reasoning_row, read_natural_reasoning_row, columns=NATURAL_COLUMNS)
register_reader("webinstruct", is_webinstruct_row, read_webinstruct_row, columns=COLUMNS)
