"""Rows of any other layout, by saying which of their columns is the prompt, the answer, the tests.

``open_tasks("rows.jsonl", columns={"prompt": "question", "answer": "final_answer"})``, and ``env.columns='{…}'`` of
every environment. Left stand names of ours, right columns of the row; ``reward_model.ground_truth`` is a field within
one, ``prompt.0.content`` an element, also where the column holds JSON text or a Python literal.

==================== ============================================= ====================================================
family               needs                                         may have
==================== ============================================= ====================================================
math                 ``prompt``, ``answer`` or ``solution``        ``id``, ``source``
stem                 ``prompt``, ``answer``                        ``id``, ``source``, ``field``, ``answer_value``
code                 ``prompt``, ``tests``                         ``id``, ``source``, ``solution``, ``function``,
                                                                   ``starter_code``, ``language``
code_understanding   ``prompt``, ``answer``                        ``id``, ``source``
swe                  ``prompt`` (what is to be done), ``path``,    ``id``, ``source``, ``language``
                     ``before``, ``after``
==================== ============================================= ====================================================

An environment is of one family; elsewhere ``tests`` say code, ``before`` says swe, and all else is mathematics. A
prompt that says where the answer goes (``boxed`` for mathematics, ``<answer>`` for science, a fence for code), or is a
list of messages, is the exact user message; to others the family's request is added.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from synthetic1.keys import content_key
from synthetic1.task import Task, TaskError
from synthetic1.tasks.formats import code_rows, math, stem, swe
from synthetic1.tasks.formats.answers.answer_rows import answer_text
from synthetic1.tasks.formats.chats.families import PromptedRow
from synthetic1.tasks.formats.chats.messages import is_message_list, user_message
from synthetic1.tasks.formats.code_rows import Row, shown
from synthetic1.tasks.formats.coding.published_tests import published_tests
from synthetic1.tasks.formats.math_rows import math_task
from synthetic1.tasks.formats.readers import RowReader

EVERYWHERE = ("id", "source")
NEEDS = {
    "math": ("prompt",),
    "stem": ("prompt", "answer"),
    "code": ("prompt", "tests"),
    "code_understanding": ("prompt", "answer"),
    "swe": ("prompt", "path", "before", "after"),
}
MAY_HAVE = {
    "math": ("answer", "solution"),
    "stem": ("field", "answer_value"),
    "code": ("solution", "function", "starter_code", "language"),
    "code_understanding": (),
    "swe": ("language",),
}
EXAMPLE = "columns='{prompt: question, answer: final_answer}'"
MISSING = object()


@dataclass(frozen=True)
class ColumnMapping:
    """Chooses, as ``reader_for`` does, a reader of rows: the one that goes by these columns, whatever else is there.

    Raises:
        TaskError: on construction, if it is not a mapping of names of the family to columns; one line.
    """

    columns: tuple[tuple[str, str], ...]
    family: str

    @classmethod
    def of(cls, columns: Any, family: str | None = None) -> ColumnMapping:
        """The mapping that a configuration or a call says.

        Args:
            family: of the environment that asks; else the names say it.
        """
        if not isinstance(columns, Mapping) or not columns:
            raise TaskError(f"columns must map names to columns of the rows, as in {EXAMPLE}; got {shown(columns)}")
        if family is None:
            family = "code" if "tests" in columns else "swe" if "before" in columns else "math"
        names = (*NEEDS[family], *MAY_HAVE[family], *EVERYWHERE)
        for name, column in columns.items():
            if name not in names:
                raise TaskError(f"columns: {name!r} is not a name of {family} tasks; they are {', '.join(names)}")
            if not isinstance(column, str) or not column:
                raise TaskError(f"columns: {name} must be the name of a column, got {shown(column)}")
        needed = [name for name in NEEDS[family] if name not in columns]
        if family == "math" and not {"answer", "solution"} & set(columns):
            needed.append("answer")
        if needed:
            raise TaskError(f"columns: {family} tasks need {', '.join(needed)} too, as in {EXAMPLE}")
        return cls(tuple(sorted(columns.items())), family)

    def __call__(self, columns: Collection[str], where: str) -> RowReader:
        """The reader of rows with these columns.

        Raises:
            TaskError: one of the mapped columns is not among them.
        """
        for name, column in self.columns:
            if column not in columns and column.partition(".")[0] not in columns:
                there = ", ".join(columns) or "(none)"
                raise TaskError(f"{where}: columns: there is no column `{column}` for {name}; the row has {there}")
        heads = {column if column in columns else column.partition(".")[0] for _, column in self.columns}
        label = ", ".join(f"{name}: {column}" for name, column in self.columns)
        return RowReader(f"{self.family} by {{{label}}}", self.matches, self.read, tuple(sorted(heads)), None)

    def matches(self, columns: Collection[str]) -> bool:
        return all(column in columns or column.partition(".")[0] in columns for _, column in self.columns)

    def read(self, fields: Mapping[str, Any], where: str) -> Task:
        """The task of one row.

        Raises:
            TaskError: a column is missing or holds what the family cannot use.
        """
        found, named = {}, {name for name, _ in self.columns}
        needed = {*NEEDS[self.family], *(() if "solution" in named else ("answer",))}
        for name, column in self.columns:
            value = find(fields, column)
            if value is MISSING and name in needed:
                raise TaskError(f"{where}: columns: the row has no `{column}`, which is the {name}")
            found[name] = None if value is MISSING else value
        row = Row(found, f"{where}: columns")
        try:
            return _READ[self.family](row, self._id(found))
        except TaskError as error:
            message = str(error)
            raise TaskError(message if message.startswith(where) else f"{where}: {message}") from None

    def _id(self, found: Mapping[str, Any]) -> str:
        published = found.get("id")
        return "" if published is None or isinstance(published, bool) else str(published)


def find(fields: Any, path: str) -> Any:
    """What ``path`` names: a column of this very name, else a field within, and within that; or MISSING."""
    if isinstance(fields, Mapping) and path in fields:
        return fields[path]
    head, dot, rest = path.partition(".")
    if isinstance(fields, Mapping):
        value = fields.get(head, MISSING)
    elif isinstance(fields, list) and head.isdecimal() and int(head) < len(fields):
        value = fields[int(head)]
    else:
        return MISSING
    return find(_opened(value), rest) if dot else value


def _opened(value: Any) -> Any:
    """What a text of JSON, or of a Python literal, holds; another value as it is."""
    if not isinstance(value, str):
        return value
    for read in (json.loads, ast.literal_eval):
        try:
            return read(value)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            continue
    return value


def _source(row: Row) -> str:
    return row.optional_text("source") or "rows"


def _prompt(row: Row, answered_in: str) -> tuple[str, bool]:
    """The user message or problem, and whether it is the exact message."""
    text = user_message(row, "prompt")
    return text, is_message_list(row.fields["prompt"]) or answered_in in text


def _math(row: Row, problem_id: str) -> Task:
    text, exact = _prompt(row, "boxed")
    solution = row.optional_text("solution")
    truth = "" if row.fields.get("answer") is None and solution else answer_text(row, "answer", row.fields["answer"])
    if not truth and "\\boxed" not in solution:
        raise row.error("solution", r"has no \boxed{…}, and there is no answer")
    return math_task(
        row,
        text,
        truth=truth,
        solution=solution,
        source=_source(row),
        metadata={},
        problem_id=problem_id,
        prompt=text if exact else math.compose_prompt(text),
    )


def _stem(row: Row, problem_id: str) -> Task:
    text, exact = _prompt(row, "<answer>")
    reference = answer_text(row, "answer", row.fields["answer"])
    if exact:
        return PromptedRow(row, text, "answer", reference, _source(row), problem_id, {}).task("stem")
    value = row.fields.get("answer_value")
    return stem.to_task(
        text,
        reference,
        answer_value=None if value is None else answer_text(row, "answer_value", value),
        field=row.optional_text("field") or None,
        source=_source(row),
        problem_id=problem_id or None,
    )


def _code(row: Row, problem_id: str) -> Task:
    text, exact = _prompt(row, "```")
    function, language = row.optional_text("function") or None, row.optional_text("language") or "python"
    tests = published_tests(row, "tests", row.fields["tests"], function)
    if not exact and language.lower() not in ("python", "python3", "py"):
        raise row.error("prompt", f"must say how to answer, in a ```{language} block: only Python's request is known")
    starter = row.optional_text("starter_code")
    solution = row.optional_text("solution")
    return row.task(
        problem_id=problem_id or row.content_id(_source(row), "tests", [text, row.fields["tests"]]),
        id_field="id",
        prompt=text if exact else code_rows.compose_prompt(text, function=tests.function or function, starter=starter),
        source=_source(row),
        verification_info={"language": language, **tests.information},
        metadata={"language": language},
        gold=solution or None,
    )


def _output(row: Row, problem_id: str) -> Task:
    text, _ = _prompt(row, "output")
    answer = row.text("answer")
    return Task(
        problem_id=problem_id or row.content_id(_source(row), "answer", [text, answer]),
        task_type="code_output_prediction",
        prompt=text,
        verification_info={"ground_truth": answer},
        gold_standard_solution=answer,
        source=_source(row),
    )


def _swe(row: Row, problem_id: str) -> Task:
    path, before, after = row.text("path"), row.optional_text("before"), row.text("after")
    return swe.to_task(
        problem_id or f"{content_key([path, before, after])}/{path}",
        path=path,
        language=row.optional_text("language"),
        instruction=row.text("prompt"),
        before=before,
        after=after,
        source=_source(row),
    )


_READ = {"math": _math, "stem": _stem, "code": _code, "code_understanding": _output, "swe": _swe}
