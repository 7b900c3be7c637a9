"""KodCode rows (KodCode-V1, -SFT-R1; columns as on their cards): pytest files about one function.

``question``, ``solution``, ``test`` (earlier ``test_code``), ``test_info`` (a list of ``function_name``,
``function_declaration``, ``parameter_list``, ``docstring``), ``question_id`` (earlier ``conversation_id``), ``subset``,
``style``, ``gpt_difficulty``, ``gpt_pass_percentage``.

Test functions that take nothing become HumanEval's ``check(candidate)``, which calls them one after the other. What
needs pytest itself (fixtures, parameters, ``pytest.raises``) or imports more than the one function is refused.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from typing import Any

from synthetic1.task import Task
from synthetic1.tasks.formats.code_rows import Row, compose_prompt, has_columns
from synthetic1.tasks.formats.readers import register_reader

COLUMNS = (
    *("question", "solution", "test", "test_code", "test_info", "question_id", "conversation_id", "subset", "style"),
    *("gpt_difficulty", "gpt_pass_percentage"),
)
SOLUTION = "solution"
"""The module that tests import the function from."""


def is_kodcode_row(columns: Collection[str]) -> bool:
    tested = {"test", "test_code"} & set(columns)
    return has_columns(columns, ("question", "solution")) and bool(tested)


def read_kodcode_row(fields: Mapping[str, Any], where: str) -> Task:
    """The task of one row: the question, and the declaration of the function, which the question need not name.

    Raises:
        TaskError: a field is missing or not what the format says, or the tests need pytest.
    """
    row = Row(fields, where)
    field = "test" if fields.get("test") else "test_code"
    question, test = row.text("question"), row.text(field)
    function, check = _check(row, field, test)
    return row.task(
        problem_id=_problem_id(row, question, test),
        id_field="question_id",
        prompt=compose_prompt(question, function=function, starter=_declaration(row, function)),
        source="kodcode",
        verification_info={"assertions": {"code": check, "entry_point": function}},
        metadata={name: row.optional_text(name) for name in ("subset", "style", "gpt_difficulty")},
        gold=row.optional_text("solution") or None,
    )


def _problem_id(row: Row, question: str, test: str) -> str:
    for name in ("question_id", "conversation_id"):
        if row.optional_text(name):
            return row.text(name)
    return row.content_id("kodcode", "test", [question, test])


def _declaration(row: Row, function: str) -> str:
    infos = row.structure("test_info")
    for info in infos if isinstance(infos, list) else []:
        declaration = info.get("function_declaration") if isinstance(info, Mapping) else None
        if isinstance(declaration, str) and f"def {function}(" in declaration:
            return declaration.rstrip().rstrip(":") + ":"
    return ""


def _check(row: Row, field: str, test: str) -> tuple[str, str]:
    """The function that is tested, and ``check(candidate)`` made of the test functions."""
    try:
        module = ast.parse(test)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise row.error(field, f"is not Python: {type(error).__name__}") from None
    names: list[ast.alias] = []
    rest: list[ast.stmt] = []
    tests = []
    for node in module.body:
        if isinstance(node, ast.ImportFrom) and node.module == SOLUTION:
            names += node.names
            continue
        _refuse(row, field, node)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
            tests.append(node.name)
        rest.append(node)
    if len(names) != 1 or names[0].name == "*":
        raise row.error(field, f"must import one function from `{SOLUTION}`, it imports {len(names)} names")
    if not tests:
        raise row.error(field, "has no test functions")
    function, called = names[0].name, names[0].asname or names[0].name
    rest = [node for node in rest if not _is_main(node)]
    begin = ast.parse(f"{called} = candidate").body
    calls = ast.parse("\n".join(f"{name}()" for name in tests)).body
    check = ast.parse("def check(candidate): pass").body[0]
    assert isinstance(check, ast.FunctionDef), "parsed from the line above"
    check.body = [*begin, *rest, *calls]
    return function, ast.unparse(ast.fix_missing_locations(ast.Module([check], []))) + "\n"


def _refuse(row: Row, field: str, node: ast.stmt) -> None:
    """What a test cannot do without pytest, nor within a function."""
    imported = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
    imported += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
    for name in imported:
        if name.partition(".")[0] in ("pytest", "solution", "unittest"):
            raise row.error(field, f"imports {name}: only test functions that assert by themselves can be run")
    if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
        raise row.error(field, f"imports everything from {node.module}")
    if isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
        if node.decorator_list or node.args.args or node.args.kwonlyargs or node.args.posonlyargs:
            raise row.error(field, f"has a test `{node.name}` with parameters or decorators, which needs pytest")
    elif isinstance(node, ast.ClassDef | ast.AsyncFunctionDef):
        raise row.error(field, f"has `{node.name}`: only test functions that assert by themselves can be run")


def _is_main(node: ast.stmt) -> bool:
    """``if __name__ == "__main__": …``."""
    return isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)


register_reader("kodcode", is_kodcode_row, read_kodcode_row, columns=COLUMNS)
