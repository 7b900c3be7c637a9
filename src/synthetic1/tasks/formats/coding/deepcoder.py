"""DeepCoder-Preview-Dataset rows (agentica-org): ``problem``, ``tests``, ``solutions``, ``starter_code``, ``metadata``.

Columns and tests as rllm's ``prepare_deepcoder_data.py`` reads them. ``tests`` is JSON text, in another shape in each
of its parts (``primeintellect``, ``taco``, ``lcbv5``, ``codeforces``): see ``coding.published_tests``. The function of
``lcbv5`` is named by ``metadata.func_name``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from synthetic1.task import Task
from synthetic1.tasks.formats.code_rows import Row, compose_prompt, has_columns, shown
from synthetic1.tasks.formats.coding.published_tests import published_tests
from synthetic1.tasks.formats.readers import register_reader

COLUMNS = ("problem", "tests", "solutions", "starter_code", "metadata", "difficulty", "id")


def is_deepcoder_row(columns: Collection[str]) -> bool:
    return has_columns(columns, ("problem", "tests"))


def read_deepcoder_row(fields: Mapping[str, Any], where: str) -> Task:
    """The task of one row; the first published solution is the gold, the others are ``other_solutions``.

    Raises:
        TaskError: a field is missing or not what the format says.
    """
    row = Row(fields, where)
    problem, starter = row.text("problem"), row.optional_text("starter_code")
    metadata = row.structure("metadata")
    function = metadata.get("func_name") if isinstance(metadata, Mapping) else None
    tests = published_tests(row, "tests", fields.get("tests"), function if isinstance(function, str) else None)
    solutions = _solutions(row)
    published = fields.get("id")
    return row.task(
        problem_id=str(published) if published else row.content_id("deepcoder", "tests", [problem, fields["tests"]]),
        id_field="id",
        prompt=compose_prompt(problem, function=tests.function, starter=starter),
        source="deepcoder",
        verification_info=tests.information,
        metadata={"difficulty": row.optional_text("difficulty")},
        gold=solutions[0] if solutions else None,
        solutions=solutions,
    )


def _solutions(row: Row) -> list[str]:
    """Programs, some in a fence; as a list, or JSON text of one."""
    found = row.fields.get("solutions")
    if isinstance(found, str):
        found = row.structure("solutions") if found.lstrip().startswith("[") else [found]
    if found is not None and not isinstance(found, list):
        raise row.error("solutions", f"must hold a list of programs, got {shown(found)}")
    return [one for one in found or [] if isinstance(one, str) and one.strip()]


register_reader("deepcoder", is_deepcoder_row, read_deepcoder_row, columns=COLUMNS)
