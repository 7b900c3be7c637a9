r"""s1K rows (simplescaling/s1K, s1K-1.1; columns as on the card).

``question``, ``solution``, ``cot_type`` (``math``, ``science``, ``crossword``), ``source_type``, ``metadata`` (a Python
literal, as text), ``cot``, ``thinking_trajectories``, ``attempt``; the latter are a model's. A solution is a text whose
last ``\boxed{…}`` is the answer, the answer alone, or a proof.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from synthetic1.task import Task
from synthetic1.tasks.formats.answers.science import science_task
from synthetic1.tasks.formats.code_rows import Row, has_columns
from synthetic1.tasks.formats.math_rows import math_task
from synthetic1.tasks.formats.readers import register_reader

COLUMNS = ("question", "solution", "cot_type", "source_type")
ALONE = 120  # characters of one line: what is longer is an explanation
WORDS = re.compile(r"(?<![\\A-Za-z{])[A-Za-z]{3,}(?:\s+[A-Za-z]{2,}){3,}")
"""Four words in a row: a sentence."""


def is_s1k_row(columns: Collection[str]) -> bool:
    return has_columns(columns, ("question", "solution", "cot_type"))


def read_s1k_row(fields: Mapping[str, Any], where: str) -> Task:
    """The task of one row: of mathematics, or of science, whose reference is the whole solution.

    Raises:
        TaskError: a field is missing, or nothing can compare an answer with the solution.
    """
    row = Row(fields, where)
    question, solution, kind = row.text("question"), row.text("solution"), row.text("cot_type")
    source = row.optional_text("source_type")
    metadata = {"cot_type": kind, "source_type": source}
    if kind == "science":
        return science_task(row, question, solution, "", "s1k", "", metadata)
    if kind != "math":
        raise row.error("cot_type", f"is {kind!r:.40}; only `math` and `science` can be verified")
    if not _has_answer(solution):
        raise row.error("solution", r"is a text without \boxed{…}, such as a proof: it does not say what the answer is")
    boxed = "\\boxed" in solution
    truth = "" if boxed else solution.strip()
    return math_task(row, question, truth=truth, solution=solution, source="s1k", metadata=metadata)


def _has_answer(solution: str) -> bool:
    text = solution.strip()
    return "\\boxed" in text or (len(text) <= ALONE and "\n" not in text and not WORDS.search(text))


register_reader("s1k", is_s1k_row, read_s1k_row, columns=COLUMNS)
