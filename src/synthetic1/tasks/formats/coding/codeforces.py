"""open-r1/codeforces rows (columns as on its card): statements in parts, official tests, checkers where needed.

``id``, ``title``, ``description``, ``input_format``, ``output_format``, ``interaction_format``, ``note``, ``examples``
and ``official_tests`` (lists of ``{"input", "output"}``), ``official_tests_complete``, ``time_limit`` (seconds),
``memory_limit`` (MiB), ``input_mode``, ``generated_checker``, ``rating``, ``tags``. The thousands of generated tests
are published apart, and are not read. No solutions are published.

A generated checker is a program: ``python checker.py input.txt correct_output.txt solution_output.txt``, which prints 1
for what is right (as open-r1's ``cf_scoring.py`` has it). Interactive problems, those that read files, and those
without tests are refused.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from synthetic1.task import Task
from synthetic1.tasks.formats.code_rows import Row, compose_prompt, has_columns, shown, stdin_test
from synthetic1.tasks.formats.readers import register_reader

COLUMNS = (
    *("id", "title", "description", "input_format", "output_format", "interaction_format", "note", "examples"),
    *("official_tests", "official_tests_complete", "time_limit", "memory_limit", "input_mode", "generated_checker"),
    *("rating", "tags"),
)
CHECKER = """\
import contextlib, io, os, sys, tempfile

SOURCE = {source!r}


def check(input, output, expected):
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, name) for name in ("input.txt", "correct_output.txt", "solution_output.txt")]
        for path, text in zip(paths, (input, expected, output)):
            with open(path, "w") as file:
                file.write(text)
        sys.argv = ["checker.py", *paths]
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.suppress(SystemExit):
            exec(compile(SOURCE, "checker.py", "exec"), {{"__name__": "__main__"}})
    score = said.getvalue().strip()
    return True if float(score) == 1 else f"the published checker says {{score:.60}}"
"""


def is_codeforces_row(columns: Collection[str]) -> bool:
    return has_columns(columns, ("description", "official_tests"))


def read_codeforces_row(fields: Mapping[str, Any], where: str) -> Task:
    """The task of one row, to be solved in Python.

    Raises:
        TaskError: a field is missing or not what the format says, or the problem cannot be tested here.
    """
    row = Row(fields, where)
    if row.optional_text("interaction_format").strip():
        raise row.error("interaction_format", "says that the problem is interactive, which cannot be tested")
    mode = row.optional_text("input_mode")
    if mode not in ("", "stdio"):
        raise row.error("input_mode", f"is {mode!r:.40}: a program that reads and writes named files cannot be tested")
    tests = [*_tests(row, "examples"), *_tests(row, "official_tests")]
    if not _tests(row, "official_tests"):
        raise row.error("official_tests", "is empty: the examples alone, which the prompt shows, verify nothing")
    checker = row.optional_text("generated_checker")
    return row.task(
        problem_id=f"codeforces/{row.text('id')}",
        id_field="id",
        prompt=compose_prompt(_statement(row)),
        source="codeforces",
        verification_info={
            "test_cases": [test for i, test in enumerate(tests) if test not in tests[:i]],
            "checker": {"program": CHECKER.format(source=checker)} if checker.strip() else None,
            "time_limit_s": row.limit("time_limit", fields.get("time_limit")),
            "memory_limit_mb": row.limit("memory_limit", fields.get("memory_limit")),
        },
        metadata={
            "rating": fields.get("rating"),
            "tags": fields.get("tags"),
            "tests_complete": fields.get("official_tests_complete"),
        },
    )


def _tests(row: Row, name: str) -> list[dict[str, Any]]:
    found = row.json(name) or []
    if not isinstance(found, list):
        raise row.error(name, f"must hold a list of tests, got {shown(found)}")
    for test in found:
        if not isinstance(test, Mapping) or not all(isinstance(test.get(side), str) for side in ("input", "output")):
            raise row.error(name, f"must hold tests with the strings `input` and `output`, one is {shown(test)}")
    return [stdin_test(test["input"], test["output"]) for test in found]


def _statement(row: Row) -> str:
    """The problem as Codeforces shows it."""
    parts = [f"# {row.optional_text('title')}".rstrip("# "), row.text("description").strip()]
    for heading, name in (("Input", "input_format"), ("Output", "output_format")):
        if row.optional_text(name).strip():
            parts.append(f"## {heading}\n\n{row.optional_text(name).strip()}")
    shown_tests = [
        f"Input:\n\n```\n{test['input'].rstrip()}\n```\n\nOutput:\n\n```\n{test['output'].rstrip()}\n```"
        for test in _tests(row, "examples")
    ]
    if shown_tests:
        parts.append("## Examples\n\n" + "\n\n".join(shown_tests))
    if row.optional_text("note").strip():
        parts.append(f"## Note\n\n{row.optional_text('note').strip()}")
    return "\n\n".join(part for part in parts if part)


register_reader("codeforces", is_codeforces_row, read_codeforces_row, columns=COLUMNS)
