"""APPS rows, and TACO's, which add limits and tags: ``question``, ``input_output``, ``solutions`` …

Where the published graders guess, this is what is read:

* An output of a call is ``[value]`` if every output of the row is a list of one element, else the value itself.
* The arguments of a call are a list, or text: JSON, one argument a line, or their list.
* A call whose first argument is an object with integers for keys meant a dict with int keys. JSON has none, so the test
  is left out and ``metadata.tests_left_out`` counts it.
* A row without tests (APPS has some) is a task without tests: it is read, and cannot be scored.
* A limit in words that are not a number (TACO) is not a limit; the words are in the metadata.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from synthetic1.keys import content_key
from synthetic1.task import Task
from synthetic1.tasks.formats.code_rows import Row, call_test, compose_prompt, has_columns, shown, stdin_test
from synthetic1.tasks.formats.readers import register_reader

APPS_COLUMNS = ("question", "input_output", "solutions", "starter_code", "difficulty", "problem_id", "id", "url")
TACO_ONLY = ("time_limit", "memory_limit", "tags", "skill_types", "name", "source")
LIMIT = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(s|sec|seconds?|mb|megabytes?)?\s*", re.IGNORECASE)


def is_apps_row(columns: Collection[str]) -> bool:
    return has_columns(columns, ("question", "input_output"))


def is_taco_row(columns: Collection[str]) -> bool:
    return is_apps_row(columns) and bool({"time_limit", "memory_limit", "skill_types"} & set(columns))


def read_apps_row(fields: Mapping[str, Any], where: str) -> Task:
    """The task of one APPS row.

    Raises:
        TaskError: a field is missing or not what the format says.
    """
    return _read(Row(fields, where), "apps", {}, {})


def read_taco_row(fields: Mapping[str, Any], where: str) -> Task:
    """The task of one TACO row. TACO names its problems nowhere: the id is a hash of problem and tests.

    Raises:
        TaskError: a field is missing or not what the format says.
    """
    row = Row(fields, where)
    limits = {"time_limit_s": _limit(row, "time_limit"), "memory_limit_mb": _limit(row, "memory_limit")}
    facts = {name: row.fields.get(name) for name in TACO_ONLY}
    facts |= {name: _listed(row, name) for name in ("tags", "skill_types")}
    return _read(row, "taco", limits, facts)


def _read(row: Row, source: str, limits: Mapping[str, Any], facts: Mapping[str, Any]) -> Task:
    question = row.text("question")
    starter = row.optional_text("starter_code")
    function, tests, left_out = _tests(row)
    solutions = _solutions(row)
    return row.task(
        problem_id=_problem_id(row, source),
        id_field="problem_id",
        prompt=compose_prompt(question, function=function, starter=starter),
        source=source,
        verification_info={"test_cases": tests, **limits},
        metadata={
            "difficulty": row.optional_text("difficulty"),
            "url": row.optional_text("url"),
            "tests_left_out": left_out or None,
            **facts,
        },
        gold=solutions[0] if solutions else None,
        solutions=solutions,
    )


def _problem_id(row: Row, source: str) -> str:
    for name in ("problem_id", "id"):
        value = row.fields.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise row.error(name, f"must be a string or an integer, got {shown(value)}")
        return str(value)
    return f"{source}/{content_key([row.fields['question'], row.fields['input_output']])[:16]}"


def _tests(row: Row) -> tuple[str | None, list[dict[str, Any]], int]:
    """The function that is called (None: a program that reads stdin), the tests, and how many JSON cannot say."""
    name = "input_output"
    found = row.json(name)
    if found is None:
        return None, [], 0
    if not isinstance(found, Mapping):
        raise row.error(name, f"must hold an object with `inputs` and `outputs`, got {shown(found)}")
    return columns_of_tests(row, name, found)


def columns_of_tests(row: Row, name: str, found: Mapping[str, Any]) -> tuple[str | None, list[dict[str, Any]], int]:
    """As :func:`_tests`, of ``inputs``, ``outputs`` and ``fn_name`` that the field ``name`` holds.

    Raises:
        TaskError: they are not two lists of one length, or hold what no test can be made of.
    """
    inputs, outputs, function = found.get("inputs", []), found.get("outputs", []), found.get("fn_name")
    if not isinstance(inputs, list) or not isinstance(outputs, list) or len(inputs) != len(outputs):
        raise row.error(name, "must hold two lists of one length, `inputs` and `outputs`")
    if function is None:
        streams = [[_stream(row, name, i, value) for i, value in enumerate(values)] for values in (inputs, outputs)]
        return None, [stdin_test(given, expected) for given, expected in zip(*streams, strict=True)], 0
    if not isinstance(function, str) or not function:
        raise row.error(name, f"names a function in `fn_name`, got {shown(function)}")
    wrapped = all(isinstance(output, list) and len(output) == 1 for output in outputs)
    tests = []
    for i, (args, output) in enumerate(zip(inputs, outputs, strict=True)):
        if isinstance(args, str):  # JSON texts, which the verifier reads as the task's other tests allow it
            tests.append({**call_test(function, [], output[0] if wrapped else output), "input": args})
            continue
        if not isinstance(args, list):
            raise row.error(name, f"must hold a list of arguments as input {i + 1}, got {shown(args)}")
        if not _has_int_keys(args):
            tests.append(call_test(function, args, output[0] if wrapped else output))
    return function, tests, len(inputs) - len(tests)


def _stream(row: Row, name: str, i: int, value: Any) -> str:
    """What a program reads or writes: a string, or a list of its lines."""
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "\n".join(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and value - value == 0:
        return str(value)  # what a program writes, read as a number on the way
    if not isinstance(value, str):
        raise row.error(name, f"must hold strings or lists of lines, test {i + 1} has {shown(value)}")
    return value


def _has_int_keys(args: list[Any]) -> bool:
    first = args[0] if args else None
    return isinstance(first, dict) and bool(first) and all(re.fullmatch(r"-?[0-9]+", key) for key in first)


def _solutions(row: Row) -> list[Any]:
    """What is published as right; the first is a string."""
    solutions = row.json("solutions")
    if solutions is None or solutions == []:
        return []
    if not isinstance(solutions, list) or not isinstance(solutions[0], str):
        raise row.error("solutions", f"must hold a list of programs, got {shown(solutions)}")
    return solutions


def _limit(row: Row, name: str) -> float | None:
    """``2.0 seconds``, ``256.0 megabytes``, a number, or no limit."""
    value = row.fields.get(name)
    if isinstance(value, str):
        match = LIMIT.fullmatch(value)
        return row.limit(name, float(match[1])) if match else None
    return row.limit(name, value)


def _listed(row: Row, name: str) -> list[Any] | str | None:
    """Tags are lists in tables, and Python literals in the published JSON; the text of one is as good."""
    value = row.fields.get(name)
    return None if value in ("[]", "") else value


register_reader("apps", is_apps_row, read_apps_row, columns=APPS_COLUMNS)
register_reader("taco", is_taco_row, read_taco_row, columns=(*APPS_COLUMNS, *TACO_ONLY))
