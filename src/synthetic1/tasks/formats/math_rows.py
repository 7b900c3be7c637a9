r"""Published rows of mathematical problems as tasks: GSM8K, MATH and MATH-500, NuminaMath.

The prompt is composed here: the problem as published, and where the answer goes. The gold is the row's answer where it
has one. Otherwise it is the solution, whose last ``\boxed{…}`` the verifier reads; of a solution without one (a proof)
the verdict is ``unscorable_gold``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from synthetic1.keys import content_key
from synthetic1.task import Task, TaskError
from synthetic1.tasks.formats.code_rows import Row
from synthetic1.tasks.formats.math import TASK_TYPE, compose_prompt
from synthetic1.tasks.formats.readers import register_reader

GSM8K_COLUMNS = ("question", "answer")
MATH_COLUMNS = ("problem", "solution", "answer", "level", "type", "subject", "unique_id")
NUMINA_COLUMNS = ("source", "problem", "solution", "answer", "problem_type", "question_type", "uuid")
UNANSWERED = ("proof", "notfound")  # what NuminaMath-1.5 writes where a problem has no short answer


def is_gsm8k_row(columns: Collection[str]) -> bool:
    return set(columns) == set(GSM8K_COLUMNS)


def read_gsm8k_row(fields: Mapping[str, Any], where: str) -> Task:
    """``answer`` holds the solution, with calculations in ``<<…>>``, and after ``####`` the number.

    Raises:
        TaskError: a field is missing or no string, or nothing follows ``####``.
    """
    row = Row(fields, where)
    question, solution = row.text("question"), row.text("answer")
    _, mark, answer = solution.rpartition("####")
    if not mark or not answer.strip():
        raise row.error(
            "answer",
            "must end with `#### ` and the answer, as in GSM8K; for an answer alone say "
            "columns='{prompt: question, answer: answer}'",
        )
    return math_task(row, question, truth=answer.strip(), solution=solution, source="gsm8k", metadata={})


def is_math_row(columns: Collection[str]) -> bool:
    return {"problem", "level"} <= set(columns) and bool({"type", "subject"} & set(columns))


def read_math_row(fields: Mapping[str, Any], where: str) -> Task:
    """A row of MATH (``level`` is ``Level 3``, ``type`` the subject) or MATH-500 (``3``, ``subject``, ``answer``).

    Raises:
        TaskError: the problem, or both answer and solution, are missing or no strings.
    """
    row = Row(fields, where)
    digits = "".join(filter(str.isdigit, str(fields.get("level"))))
    return math_task(
        row,
        row.text("problem"),
        truth=row.optional_text("answer"),
        solution=row.optional_text("solution"),
        source="math",
        problem_id=row.optional_text("unique_id"),
        metadata={
            "subject": row.optional_text("subject") or row.optional_text("type"),
            "level": int(digits) if digits else None,
        },
    )


def is_numina_row(columns: Collection[str]) -> bool:
    return {"problem", "solution", "source"} <= set(columns)


def read_numina_row(fields: Mapping[str, Any], where: str) -> Task:
    """A row of NuminaMath-CoT (``source``, ``problem``, ``solution``) or NuminaMath-1.5 (``answer`` and more).

    Raises:
        TaskError: a field is missing or no string.
    """
    row = Row(fields, where)
    answer = row.optional_text("answer")
    return math_task(
        row,
        row.text("problem"),
        truth="" if answer.strip().lower() in UNANSWERED else answer,
        solution=row.text("solution"),
        source=f"numina_math/{row.text('source')}",
        problem_id=row.optional_text("uuid"),
        metadata={name: row.optional_text(name) for name in ("problem_type", "question_type")},
    )


def math_task(
    row: Row,
    problem: str,
    *,
    truth: str,
    solution: str,
    source: str,
    metadata: Mapping[str, Any],
    problem_id: str = "",
    prompt: str | None = None,
) -> Task:
    """The task of a mathematical problem.

    Args:
        truth: the answer; if it is empty, the last box of the solution is.
        prompt: the exact user message, where it was published; else it is composed of the problem.
    """
    if not truth.strip() and not solution.strip():
        raise row.error("answer", "and `solution` are both empty: one must say the answer")
    problem_id = problem_id or f"{source}/{content_key([problem, truth or solution])[:16]}"
    try:
        return Task(
            problem_id=problem_id,
            task_type=TASK_TYPE,
            prompt=compose_prompt(problem) if prompt is None else prompt,
            verification_info={"ground_truth": truth if truth.strip() else solution if "box" in solution else ""},
            gold_standard_solution=solution or truth,
            source=source,
            in_source_id=problem_id,
            metadata={name: value for name, value in metadata.items() if value == value and value not in (None, "")},
        )
    except TaskError as error:
        raise TaskError(f"{row.where}: {error}") from None


register_reader("gsm8k", is_gsm8k_row, read_gsm8k_row, columns=GSM8K_COLUMNS)
register_reader("numina_math", is_numina_row, read_numina_row, columns=NUMINA_COLUMNS)
register_reader("math", is_math_row, read_math_row, columns=MATH_COLUMNS)
