"""The shapes in which tests are published, made into lists of test cases: see ``synthetic1.rewards.code``."""

from __future__ import annotations

import ast
import builtins
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

MAX_LITERAL = 100_000
"""Characters of a Python literal; reading one takes a hundred times the memory of its text."""
_METHOD = re.compile(r"(?:Solution(?:\(\))?\.)?([^\W\d]\w*)")


def function_name(text: Any) -> str | None:
    """``f`` of ``f``, ``Solution().f`` and ``Solution.f``; None for anything else."""
    match = _METHOD.fullmatch(text) if isinstance(text, str) else None
    return None if match is None else match[1]


def listed_cases(published: Any) -> Any:
    """Test cases as a list of mappings, where they are published as one mapping of columns, or as JSON text.

    Columns are ``inputs``, ``outputs`` and ``fn_name`` as APPS has them (outputs of calls that are all lists of one
    element are what is in those), or ``assert_case``, statements. Whatever is neither is given back as it is.
    """
    if isinstance(published, str):
        try:
            published = json.loads(published)
        except (ValueError, RecursionError):
            return published
    if not isinstance(published, Mapping):
        return published
    asserted = published.get("assert_case")
    if isinstance(asserted, (list, tuple)) and asserted:
        return [{"type": "assert_case", "assert_case": one, "fn_name": published.get("fn_name")} for one in asserted]
    inputs, outputs, function = (published.get(name) for name in ("inputs", "outputs", "fn_name"))
    if not (isinstance(inputs, (list, tuple)) and isinstance(outputs, (list, tuple)) and len(inputs) == len(outputs)):
        return published
    if function is None:
        kind: dict[str, Any] = {"type": "stdin_stdout"}
    else:
        kind = {"type": "function_call", "fn_name": function}
        if all(isinstance(output, (list, tuple)) and len(output) == 1 for output in outputs):
            outputs = [output[0] for output in outputs]
    return [{**kind, "input": given, "output": expected} for given, expected in zip(inputs, outputs, strict=True)]


def read_argument_texts(texts: Sequence[str]) -> list[list[Any]]:
    """The arguments of the calls of one task, from texts: an argument a line, as JSON, or one JSON list of them all.

    A list on a single line may be either. It is the list of arguments, unless another call of the task shows that it is
    not: one with several lines, with no list, or with a list of another length.

    Raises:
        ValueError: a text is neither; ``args[0]`` is its index.
    """
    calls = []
    for index, text in enumerate(texts):
        try:
            calls.append(_lines(text))
        except ValueError:
            raise ValueError(index) from None
    lists = [call[0] for call in calls if len(call) == 1 and isinstance(call[0], list)]
    if len(lists) == len(calls) and len({len(one) for one in lists}) == 1:
        return lists
    return calls


def _lines(text: str) -> list[Any]:
    try:
        return [_value(line) for line in text.split("\n") if line.strip()]
    except ValueError:
        return [_value(text)]  # one value over several lines


def _value(text: str) -> Any:
    """The value of a JSON text, or of a Python literal, as rows that Python printed have them.

    Raises:
        ValueError: it is neither.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except ValueError:
        if len(text) > MAX_LITERAL:
            raise
    try:
        return ast.literal_eval(text.strip())
    except (SyntaxError, TypeError, RecursionError, MemoryError):
        raise ValueError("neither JSON nor a literal") from None


def read_value_texts(outputs: Sequence[Any]) -> list[Any]:
    """What calls with arguments as text are to return: values as text too, if all texts among ``outputs`` are such."""
    try:
        return [_value(one) if isinstance(one, str) else one for one in outputs]
    except ValueError:
        return list(outputs)


def assertions_of(statements: Sequence[str]) -> tuple[str, str]:
    """The code of assertions made of statements (``assert f(1) == 2``), and the function that they call first.

    Raises:
        ValueError: they are not Python, or call no function that they do not have themselves. One line.
    """
    code = "\n".join(statements)
    try:
        nodes = list(ast.walk(ast.parse(code)))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"is not Python: {type(error).__name__}") from None
    bound = {node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    bound |= {node.name for node in nodes if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    bound |= {
        (alias.asname or alias.name).partition(".")[0]
        for node in nodes
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }
    called = [node.func for node in nodes if isinstance(node, ast.Call)]
    names = [one.id for one in called if isinstance(one, ast.Name)]
    methods = [one.attr for one in called if isinstance(one, ast.Attribute) and ast.unparse(one.value) == "Solution()"]
    free = [name for name in names if name not in bound and not hasattr(builtins, name) and name != "Solution"]
    if not (methods or free):
        raise ValueError("calls no function of the program's")
    return f"{code}\n\ndef check(candidate):\n    pass\n", (methods or free)[0]
