"""CodeContests rows: ``name``, ``description``, three sets of tests, limits, solutions.

Its tests come without the problems' own judges, so a problem with many right answers accepts the published one only:
`synthetic1 audit` runs the gold solutions, and `--quarantine` writes the tasks on which they disagree. A problem that
reads or writes a named file says so in ``verification_info``, and cannot be scored. Pictures are ``<image>`` in the
text.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from synthetic1.task import Task
from synthetic1.tasks.formats.code_rows import Row, compose_prompt, has_columns, shown, stdin_test
from synthetic1.tasks.formats.readers import register_reader

TEST_SETS = ("public_tests", "private_tests", "generated_tests")
COLUMNS = (
    *("name", "description", *TEST_SETS, "solutions", "difficulty", "cf_rating", "cf_tags"),
    *("time_limit", "memory_limit_bytes", "input_file", "output_file"),
)
CPP, PYTHON3 = 2, 3  # of the published enumeration: 0 unknown, 1 Python 2, 2 C++, 3 Python 3, 4 Java
MIB = 2**20


def is_code_contests_row(columns: Collection[str]) -> bool:
    return has_columns(columns, ("name", "description", "public_tests"))


def read_code_contests_row(fields: Mapping[str, Any], where: str) -> Task:
    """The task of one row: public, private and generated tests, in this order; the first Python 3 solution is the gold,
    the others are ``other_solutions``.

    Raises:
        TaskError: a field is missing or not what the format says.
    """
    row = Row(fields, where)
    memory = row.limit("memory_limit_bytes", fields.get("memory_limit_bytes"))
    solutions = _python_solutions(row)
    return row.task(
        problem_id=row.text("name"),
        id_field="name",
        prompt=compose_prompt(row.text("description")),
        source="code_contests",
        verification_info={
            "test_cases": [test for name in TEST_SETS for test in _tests(row, name)],
            "time_limit_s": _seconds(row),
            "memory_limit_mb": memory and memory / MIB,
            "input_file": row.optional_text("input_file") or None,
            "output_file": row.optional_text("output_file") or None,
        },
        metadata={name: fields.get(name) for name in ("difficulty", "cf_rating", "cf_tags")},
        gold=solutions[0] if solutions else None,
        solutions=solutions,
    )


def _columns_of(row: Row, name: str, first: str, second: str) -> list[tuple[Any, Any]]:
    """A struct of two lists of one length, as pairs; also a list of structs, as some tables give it."""
    value = row.fields.get(name)
    if value is None:
        return []
    if isinstance(value, list) and all(isinstance(item, Mapping) for item in value):
        value = {key: [item.get(key) for item in value] for key in (first, second)}
    if isinstance(value, Mapping):
        left, right = value.get(first), value.get(second)
        if isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
            return list(zip(left, right, strict=True))
    raise row.error(name, f"must hold two lists of one length, `{first}` and `{second}`, got {shown(value)}")


def _tests(row: Row, name: str) -> list[dict[str, Any]]:
    pairs = _columns_of(row, name, "input", "output")
    for given, expected in pairs:
        if not isinstance(given, str) or not isinstance(expected, str):
            raise row.error(name, f"must hold strings, got {shown(expected if isinstance(given, str) else given)}")
    return [stdin_test(given, expected) for given, expected in pairs]


def _python_solutions(row: Row) -> list[str]:
    return _solutions_in(row, (PYTHON3, "PYTHON3"))


def cpp_solutions(fields: Mapping[str, Any], where: str) -> list[str]:
    """The published programs in C++, each once: all that about every third problem has.

    Raises:
        TaskError: ``solutions`` is not what the format says.
    """
    return list(dict.fromkeys(one for one in _solutions_in(Row(fields, where), (CPP, "CPP")) if one.strip()))


def _solutions_in(row: Row, languages: Collection[Any]) -> list[str]:
    published = _columns_of(row, "solutions", "language", "solution")
    return [text for language, text in published if language in languages and isinstance(text, str)]


def _seconds(row: Row) -> float | None:
    """``{"seconds": 2, "nanos": 500000000}``, a number of seconds, or null."""
    value = row.fields.get("time_limit")
    if not isinstance(value, Mapping):
        return row.limit("time_limit", value)
    parts = [row.limit("time_limit", value.get(name)) or 0.0 for name in ("seconds", "nanos")]
    return parts[0] + parts[1] / 1e9 or None


register_reader("code_contests", is_code_contests_row, read_code_contests_row, columns=COLUMNS, id_column="name")
