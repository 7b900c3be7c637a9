"""What the published rows of programming problems share: how fields are read, tests made, prompts composed."""

from __future__ import annotations

import ast
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from synthetic1.keys import content_key
from synthetic1.task import Task, TaskError

TASK_TYPE = "verifiable_code"
MAX_LITERAL = 1_000_000
"""Characters of a Python literal; reading one takes a hundred times the memory of its text."""

STDIN_REQUEST = (
    "Write a Python program that reads the input from standard input and writes the answer to standard output. "
    "Put the whole program in one ```python block."
)
FUNCTION_REQUEST = (
    "Write the Python function `{name}`; it is called with the arguments and must return the answer. "
    "Put the function, and all it needs, in one ```python block."
)
METHOD_REQUEST = (
    "Write the Python class `Solution` with the method `{name}`; it is called with the arguments and must return the "
    "answer. Put the class, and all it needs, in one ```python block."
)
STARTER = "Start from this code:\n\n```python\n{code}\n```"


@dataclass(frozen=True)
class Row:
    """One row of a published format, and the words for what is wrong with it."""

    fields: Mapping[str, Any]
    where: str

    def error(self, field: str, problem: str) -> TaskError:
        return TaskError(f"{self.where}: field `{field}` {' '.join(problem.splitlines())}")  # quotes names out of rows

    def text(self, name: str) -> str:
        """A string that must be there, and not be empty."""
        value = self.fields.get(name)
        if not isinstance(value, str) or not value.strip():
            raise self.error(name, f"must be a non-empty string, got {shown(value)}")
        return value

    def optional_text(self, name: str) -> str:
        """A string; absent, null and NaN (what tables write for it) are ``""``."""
        value = self.fields.get(name)
        if value is None or value != value:
            return ""
        if not isinstance(value, str):
            raise self.error(name, f"must be a string or null, got {shown(value)}")
        return value

    def json(self, name: str) -> Any:
        """What a field holds as JSON text, as Python printed it, or as the value itself; ``None`` where it is absent
        or empty, and of NaN, which tables write for that."""
        value = self.fields.get(name)
        if not isinstance(value, str):
            return None if value != value else value
        if value.lstrip()[:2] in ("['", "{'", '["', "[{", "[[", "[("):
            try:
                return json.loads(value)
            except (ValueError, RecursionError):
                pass
            try:
                if len(value) <= MAX_LITERAL:
                    return ast.literal_eval(value.strip())
            except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
                pass  # the error of JSON says more
        return self.parsed(name, value)

    def parsed(self, name: str, text: str) -> Any:
        """The value of a text of JSON that was found in the field ``name``; ``None`` of an empty one."""
        try:
            return json.loads(text) if text.strip() else None
        except (ValueError, RecursionError) as error:
            raise self.error(name, f"is not JSON: {error}") from None

    def structure(self, name: str) -> Any:
        """What a field holds as JSON text, as a Python literal (rows that Python printed), or as the value itself."""
        value = self.fields.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value.strip() else None
        except (ValueError, RecursionError):
            pass
        try:
            return ast.literal_eval(value.strip())
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            raise self.error(name, f"is neither JSON nor a Python literal: {shown(value)}") from None

    def content_id(self, source: str, name: str, content: Any) -> str:
        """An id for rows that have none, made from what is in them; ``name`` is the field that errors are about."""
        try:
            return f"{source}/{content_key(content)[:16]}"
        except (TypeError, ValueError, RecursionError) as error:
            raise self.error(name, f"holds what JSON cannot: {error}") from None

    def limit(self, name: str, value: Any) -> float | None:
        """A published limit, from a number; ``None`` if it is not above 0, which is how some rows say unknown."""
        if value is None or value != value:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.error(name, f"must be a number or null, got {shown(value)}")
        return float(value) if value > 0 else None

    def task(
        self,
        *,
        problem_id: str,
        id_field: str,
        prompt: str,
        source: str,
        verification_info: Mapping[str, Any],
        metadata: Mapping[str, Any],
        gold: str | None = None,
        solutions: Iterable[Any] = (),
    ) -> Task:
        """The task, in Python unless both mappings say otherwise; of them, what is ``None`` or empty is left out.

        Args:
            solutions: all published programs that are claimed to be right, the gold among them.
        """
        info = {"language": "python", **verification_info}
        try:
            return Task(
                problem_id=problem_id,
                task_type=TASK_TYPE,
                prompt=prompt,
                verification_info={name: value for name, value in info.items() if value is not None},
                gold_standard_solution=gold,
                other_solutions=solutions_besides(gold, solutions),
                source=source,
                in_source_id=problem_id,
                metadata={
                    "language": "python",
                    **{k: v for k, v in metadata.items() if v == v and v not in (None, "", [])},
                },
            )
        except TaskError as error:
            raise TaskError(f"{self.where}: {str(error).replace('problem_id', id_field)}") from None


def compose_prompt(problem: str, *, function: str | None = None, starter: str = "") -> str:
    """The user message: the problem as published, the code to start from, and what is asked for."""
    if function is None:
        request = STDIN_REQUEST
    elif "class Solution" in starter:
        request = METHOD_REQUEST.format(name=function)
    else:
        request = FUNCTION_REQUEST.format(name=function)
    start = [STARTER.format(code=starter.strip("\n").rstrip())] if starter.strip() else []
    problem = problem.replace("\r\n", "\n").replace("\r", "\n")
    return "\n\n".join([problem.strip("\n"), *start, request])


def solutions_besides(gold: str | None, solutions: Iterable[Any]) -> tuple[str, ...]:
    """The programs among ``solutions`` that are another text than the gold: each once, in their order."""
    programs = (one for one in solutions if isinstance(one, str) and one.strip() and one != gold)
    return tuple(dict.fromkeys(programs))


def stdin_test(given: str, expected: str) -> dict[str, Any]:
    return {"type": "stdin_stdout", "input": given, "output": expected}


def call_test(function: str, args: Sequence[Any], expected: Any) -> dict[str, Any]:
    return {"type": "function_call", "fn_name": function, "input": list(args), "output": expected}


def has_columns(columns: Collection[str], needed: Collection[str]) -> bool:
    return set(needed) <= set(columns)


def shown(value: Any) -> str:
    """A value as an error message quotes it."""
    return "nothing" if value is None else f"{type(value).__name__} {value!r:.60}"
