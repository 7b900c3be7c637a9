"""HumanEval rows (``task_id``, ``prompt``, ``entry_point``, ``test`` …): the tests are assertions.

HumanEvalPack's rows are of several languages, which their ids begin with. Those of Java and Go are refused, and so are
BigCodeBench's, whose tests are not assertions.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from synthetic1.task import Task
from synthetic1.tasks.formats.code_rows import Row, has_columns
from synthetic1.tasks.formats.readers import register_reader

COLUMNS = ("task_id", "prompt", "entry_point", "test", "canonical_solution")
PACK_COLUMNS = (*COLUMNS, "declaration", "test_setup", "instruction")
BIGCODEBENCH_COLUMNS = ("task_id", "complete_prompt", "instruct_prompt", "canonical_solution", "test", "libs")

PROMPT = """\
Complete this {name} function:

```{fence}
{code}
```

Put the whole function, with its imports and all it needs, in one ```{fence} block.
"""
LANGUAGES = {
    "Python": ("Python", "python"),
    "JavaScript": ("JavaScript", "javascript"),
    "CPP": ("C++", "cpp"),
    "Rust": ("Rust", "rust"),
}
"""How ids of HumanEvalPack begin → the language's name, and what tasks and fences call it."""
# Rust prompts import these crates whether they are of use or not; there is only the standard library.
_CRATES = re.compile(r"^use (?:rand|regex|md5)\b[^\n]*\n", re.MULTILINE)


def is_humaneval_row(columns: Collection[str]) -> bool:
    return has_columns(columns, ("task_id", "entry_point", "test"))


def is_humanevalpack_row(columns: Collection[str]) -> bool:
    return is_humaneval_row(columns) and has_columns(columns, ("declaration", "canonical_solution"))


def is_bigcodebench_row(columns: Collection[str]) -> bool:
    return has_columns(columns, ("task_id", "test")) and bool({"complete_prompt", "instruct_prompt"} & set(columns))


def read_humaneval_row(fields: Mapping[str, Any], where: str) -> Task:
    """The task of one row. The published prompt is also what assertions and completions may build upon.

    Raises:
        TaskError: a field is missing or not a string.
    """
    return _read(Row(fields, where), "humaneval", "Python")


def read_humanevalpack_row(fields: Mapping[str, Any], where: str) -> Task:
    """The task of one row of HumanEvalPack, in the row's own language: to write the function from its description.

    Raises:
        TaskError: a field is missing or not a string, or the row is of a language that cannot be run.
    """
    row = Row(fields, where)
    language = row.text("task_id").partition("/")[0]
    if language not in LANGUAGES:
        raise row.error("task_id", f"says that the row is of {language!r:.40}; only {', '.join(LANGUAGES)} can be run")
    return _read(row, "humanevalpack", language)


def refuse_bigcodebench_row(fields: Mapping[str, Any], where: str) -> Task:
    """Raises TaskError, which says what is missing here."""
    row = Row(fields, where)
    needs = row.optional_text("libs") if isinstance(fields.get("libs"), str) else ""
    raise row.error(
        "test",
        "is a unittest.TestCase of BigCodeBench, which is not supported: only assertions of `check(candidate)` are, "
        f"and no packages are installed for them{f' (it needs {needs})' if needs else ''}",
    )


def _read(row: Row, source: str, language: str) -> Task:
    name, fence = LANGUAGES[language]
    code = _CRATES.sub("", row.text("prompt")) if language == "Rust" else row.text("prompt")
    solution = row.optional_text("canonical_solution")
    assertions = {"code": _setup(row) + row.text("test"), "entry_point": row.text("entry_point")}
    if language == "Python":
        assertions["prelude"] = code  # that of others is the beginning of the function
    return row.task(
        problem_id=row.text("task_id"),
        id_field="task_id",
        prompt=PROMPT.format(name=name, fence=fence, code=code.strip("\n")),
        source=source,
        verification_info={"language": fence, "assertions": assertions},
        metadata={"language": fence},
        gold=code + solution if solution else None,
    )


def _setup(row: Row) -> str:
    setup = row.optional_text("test_setup")
    return f"{setup}\n" if setup.strip() else ""


register_reader("humaneval", is_humaneval_row, read_humaneval_row, columns=COLUMNS, id_column="task_id")
register_reader(
    "humanevalpack", is_humanevalpack_row, read_humanevalpack_row, columns=PACK_COLUMNS, id_column="task_id"
)
register_reader(
    "bigcodebench", is_bigcodebench_row, refuse_bigcodebench_row, columns=BIGCODEBENCH_COLUMNS, id_column="task_id"
)
