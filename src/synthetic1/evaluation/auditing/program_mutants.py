"""Python programs with one thing changed: a comparison, a constant, a bound, an operator, a branch."""

from __future__ import annotations

import ast
import random
from collections.abc import Callable, Iterator

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
_OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.FloorDiv: ast.Mult, ast.Mod: ast.FloorDiv,
    ast.Div: ast.Mult, ast.LShift: ast.RShift, ast.RShift: ast.LShift, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
_PLACES = 400  # that are looked at, in long programs


def comparison_changed(node: ast.AST) -> Iterator[Callable[[], None]]:
    if isinstance(node, ast.Compare) and type(node.ops[0]) in _COMPARISONS:

        def change() -> None:
            node.ops[0] = _COMPARISONS[type(node.ops[0])]()

        yield change


def operator_changed(node: ast.AST) -> Iterator[Callable[[], None]]:
    if isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in _OPERATORS:

        def change() -> None:
            node.op = _OPERATORS[type(node.op)]()

        yield change


def constant_changed(node: ast.AST) -> Iterator[Callable[[], None]]:
    if isinstance(node, ast.Constant) and isinstance(node.value, int) and not isinstance(node.value, bool):
        for by in (1, -1):

            def change(by: int = by) -> None:
                assert isinstance(node.value, int)
                node.value += by

            yield change


def condition_denied(node: ast.AST) -> Iterator[Callable[[], None]]:
    if isinstance(node, ast.If | ast.While | ast.IfExp):

        def change() -> None:
            node.test = ast.UnaryOp(ast.Not(), node.test)

        yield change


def junction_changed(node: ast.AST) -> Iterator[Callable[[], None]]:
    if isinstance(node, ast.BoolOp):

        def change() -> None:
            node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()

        yield change


def result_dropped(node: ast.AST) -> Iterator[Callable[[], None]]:
    if isinstance(node, ast.Return) and node.value is not None:

        def change() -> None:
            node.value = ast.Constant(None)

        yield change


CHANGES = (comparison_changed, operator_changed, constant_changed, condition_denied, junction_changed, result_dropped)


def mutants(source: str, rng: random.Random, count: int) -> Iterator[tuple[str, str]]:
    """(kind, program) of at most ``count`` changes at random places; none of what Python cannot read."""
    try:
        places = _changes(ast.parse(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for number in sorted(rng.sample(range(len(places)), min(count, len(places)))):
        tree = ast.parse(source)
        kind, change = _changes(tree)[number]
        change()
        yield kind, ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def _changes(tree: ast.AST) -> list[tuple[str, Callable[[], None]]]:
    found = [(kind.__name__, change) for node in ast.walk(tree) for kind in CHANGES for change in kind(node)]
    return found[:_PLACES]
