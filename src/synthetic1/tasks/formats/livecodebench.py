"""LiveCodeBench rows (code generation): ``question_content``, public and private tests, ``starter_code``, ``metadata``.

Private tests are published as JSON, or as base64 of zlib of a pickle of it: read here by an unpickler that can make
nothing but a string.
"""

from __future__ import annotations

import base64
import binascii
import io
import pickle
import zlib
from collections.abc import Collection, Mapping
from typing import Any

from synthetic1.task import Task
from synthetic1.tasks.formats.code_rows import Row, call_test, compose_prompt, has_columns, shown, stdin_test
from synthetic1.tasks.formats.readers import register_reader

COLUMNS = (
    *("question_id", "question_content", "question_title", "starter_code", "difficulty"),
    *("public_test_cases", "private_test_cases", "metadata", "platform", "contest_date"),
)
MAX_UNPACKED = 2**30
"""Bytes that private tests may unpack to; the largest published ones are a tenth of that."""


def is_livecodebench_row(columns: Collection[str]) -> bool:
    return has_columns(columns, ("question_content", "public_test_cases"))


def read_livecodebench_row(fields: Mapping[str, Any], where: str) -> Task:
    """The task of one row: public tests, then private ones. A test with arguments has them as JSON, one a line.

    Raises:
        TaskError: a field is missing or not what the format says.
    """
    row = Row(fields, where)
    starter = row.optional_text("starter_code")
    metadata = row.json("metadata") or {}
    if not isinstance(metadata, Mapping):
        raise row.error("metadata", f"must hold an object, got {shown(metadata)}")
    function = metadata.get("func_name")
    if function is not None and (not isinstance(function, str) or not function):
        raise row.error("metadata", f"names a function in `func_name`, got {shown(function)}")
    private = row.fields.get("private_test_cases")
    packed = isinstance(private, str) and not private.lstrip().startswith("[") and private.strip() != ""
    tests = [
        *_tests(row, "public_test_cases", row.json("public_test_cases"), function),
        *_tests(row, "private_test_cases", _unpack(row) if packed else row.json("private_test_cases"), function),
    ]
    calls = any(test["type"] == "function_call" for test in tests)
    return row.task(
        problem_id=row.text("question_id"),
        id_field="question_id",
        prompt=compose_prompt(row.text("question_content"), function=function if calls else None, starter=starter),
        source="livecodebench",
        verification_info={"test_cases": tests},
        metadata={
            "title": row.optional_text("question_title"),
            "difficulty": row.optional_text("difficulty"),
            "platform": row.optional_text("platform"),
            "contest_date": str(fields.get("contest_date") or ""),  # a string, or what a table makes of it
        },
    )


def _tests(row: Row, name: str, tests: Any, function: str | None) -> list[dict[str, Any]]:
    if tests is None:
        return []
    if not isinstance(tests, list):
        raise row.error(name, f"must hold a list of tests, got {shown(tests)}")
    return [_test(row, f"test {i + 1}", name, test, function) for i, test in enumerate(tests)]


def _test(row: Row, which: str, name: str, test: Any, function: str | None) -> dict[str, Any]:
    if (
        not isinstance(test, Mapping)
        or not isinstance(test.get("input"), str)
        or not isinstance(test.get("output"), str)
    ):
        raise row.error(name, f"must hold tests with the strings `input` and `output`, {which} is {shown(test)}")
    kind = test.get("testtype", "stdin")
    if kind == "stdin":
        return stdin_test(test["input"], test["output"])
    if kind != "functional":
        raise row.error(name, f"must have `stdin` or `functional` as `testtype`, {which} has {shown(kind)}")
    if function is None:
        raise row.error("metadata", f"must name the function in `func_name`, which {which} of `{name}` calls")
    args = [row.parsed(name, line) for line in test["input"].split("\n") if line.strip()]
    return call_test(function, args, row.parsed(name, test["output"]))


class _StringUnpickler(pickle.Unpickler):
    """Makes no objects: whatever names a class or function, which is how a pickle runs code, is refused."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"names {module}.{name}")

    def persistent_load(self, pid: Any) -> Any:
        raise pickle.UnpicklingError("names an object outside")


def _unpack(row: Row) -> Any:
    name = "private_test_cases"
    inflater = zlib.decompressobj()
    try:
        unpacked = inflater.decompress(base64.b64decode(row.text(name), validate=True), MAX_UNPACKED)
    except (binascii.Error, zlib.error) as error:
        raise row.error(name, f"is neither JSON nor base64 of zlib of a pickle: {error}") from None
    if not inflater.eof:
        raise row.error(name, f"is cut off, or unpacks to more than {MAX_UNPACKED:,} bytes")
    try:
        text = _StringUnpickler(io.BytesIO(unpacked)).load()
    except Exception as error:  # a broken pickle raises whatever it likes
        raise row.error(name, f"is not a pickle of a string: {error}") from None
    if not isinstance(text, str):
        raise row.error(name, f"is a pickle of {type(text).__name__}, not of a string")
    return row.parsed(name, text)


register_reader("livecodebench", is_livecodebench_row, read_livecodebench_row, columns=COLUMNS, id_column="question_id")
