r"""OpenThoughts-114k, its config ``metadata``, and OpenThoughts-Unverified-173k (columns as on their cards).

``problem``, ``deepseek_reasoning``, ``deepseek_solution``, ``ground_truth_solution``, ``domain`` (``math``, ``code``,
``chemistry``, ``biology``, ``physics``, ``puzzle``), ``source``, ``test_cases`` (JSON text, as APPS has it),
``starter_code``. Mathematics is compared with the last box of the reference, code runs the tests, and science is judged
by the reference where there is one. A model's own solution is never the gold.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from synthetic1.task import Task
from synthetic1.tasks.formats.answers.science import science_task
from synthetic1.tasks.formats.code_rows import Row, compose_prompt, has_columns
from synthetic1.tasks.formats.coding.published_tests import published_tests
from synthetic1.tasks.formats.math_rows import math_task
from synthetic1.tasks.formats.readers import register_reader

COLUMNS = ("problem", "ground_truth_solution", "domain", "source", "test_cases", "starter_code")
SCIENCES = ("chemistry", "biology", "physics", "science")


def is_open_thoughts_row(columns: Collection[str]) -> bool:
    return has_columns(columns, ("problem", "ground_truth_solution", "domain"))


def read_open_thoughts_row(fields: Mapping[str, Any], where: str) -> Task:
    """The task of one row.

    Raises:
        TaskError: a field is missing, or the row has neither a reference with an answer nor tests.
    """
    row = Row(fields, where)
    domain, source = row.text("domain"), f"open_thoughts/{row.optional_text('source')}".rstrip("/")
    if domain == "code":
        return _code(row, source)
    reference = row.optional_text("ground_truth_solution").strip()
    if domain not in ("math", *SCIENCES):
        raise row.error("domain", f"is {domain!r:.40}, which cannot be verified; math, code and sciences can")
    if not reference:
        raise row.error("ground_truth_solution", f"is empty: nothing could verify an answer to this row of {domain}")
    if domain != "math":
        return science_task(row, row.text("problem"), reference, domain, source, "", {})
    if "\\boxed" not in reference:
        raise row.error("ground_truth_solution", r"has no \boxed{…}: it does not say what the answer is")
    return math_task(row, row.text("problem"), truth="", solution=reference, source=source, metadata={})


def _code(row: Row, source: str) -> Task:
    problem, starter = row.text("problem"), row.optional_text("starter_code")
    published = row.fields.get("test_cases")
    tests = published_tests(row, "test_cases", published)
    return row.task(
        problem_id=row.content_id(source, "test_cases", [problem, published]),
        id_field="problem",
        prompt=compose_prompt(problem, function=tests.function, starter=starter),
        source=source,
        verification_info=tests.information,
        metadata={},
        gold=row.optional_text("ground_truth_solution") or None,
    )


register_reader("open_thoughts", is_open_thoughts_row, read_open_thoughts_row, columns=COLUMNS)
