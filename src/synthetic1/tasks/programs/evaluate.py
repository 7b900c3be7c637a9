"""The evaluator: the ground truth of a program, and the steps that lead to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from synthetic1.tasks.programs.ops import OPS
from synthetic1.tasks.programs.program import (
    Apply,
    Assign,
    Block,
    Expr,
    Extend,
    ForEach,
    ForRange,
    Function,
    HelperCall,
    If,
    Let,
    Lit,
    Return,
    SourceProgram,
    Stmt,
    Type,
    Value,
    Var,
    While,
)

MAX_STEPS = 50_000  # statements; a level-10 program on a paragraph takes about 5,000
MAX_TEXT = 20_000  # characters in any one value

OnStep = Callable[[Stmt, Value], None]
"""Called after every statement that changes a variable (or returns), with the new value."""


class TooLarge(Exception):
    """The program takes more steps, or makes a longer text, than a task may."""


def evaluate(program: SourceProgram, text: str, *, on_step: OnStep | None = None) -> str:
    """What ``program`` returns for ``text``.

    Raises:
        TooLarge: beyond 50,000 statements, a text beyond 20,000 characters, or calls nested too deeply.
    """
    return evaluate_counting(program, text, on_step=on_step)[0]


def evaluate_counting(
    program: SourceProgram, text: str, *, on_step: OnStep | None = None, most: int = MAX_STEPS
) -> tuple[str, int]:
    """What ``program`` returns for ``text``, and how many statements that took.

    Raises:
        TooLarge: beyond ``most`` statements; else as ``evaluate``.
    """
    run = _Run(program, on_step, most)
    try:
        result = run.call(program.main, [text])
    except RecursionError:
        raise TooLarge("calls nest too deeply") from None
    assert isinstance(result, str), f"{program.main.name} returns no text"
    return result, run.steps


class _Run:
    def __init__(self, program: SourceProgram, on_step: OnStep | None, most: int) -> None:
        self.functions = {f.name: f for f in program.helpers}
        self.on_step = on_step
        self.most = most
        self.steps = 0

    def call(self, function: Function, args: list[Value]) -> Value:
        scope: dict[str, Any] = {p.name: arg for p, arg in zip(function.params, args, strict=True)}
        result = self.block(function.body, scope)
        assert result is not None, f"{function.name} ends without a return"
        return result

    # Types are compared, not asked for their kind: this is where the generator spends its time.

    def expr(self, node: Expr, scope: dict[str, Any]) -> Any:
        kind = type(node)
        if kind is Var:
            return scope[node.name]  # type: ignore[union-attr]
        if kind is Lit:
            return node.value  # type: ignore[union-attr]
        expr = self.expr
        if kind is Apply:
            run = OPS[node.op].run  # type: ignore[union-attr]
            args = node.args  # type: ignore[union-attr]
            if len(args) == 1:
                return run(expr(args[0], scope))
            if len(args) == 2:
                return run(expr(args[0], scope), expr(args[1], scope))
            return run(*[expr(arg, scope) for arg in args])
        assert isinstance(node, HelperCall)
        return self.call(self.functions[node.function], [expr(arg, scope) for arg in node.args])

    def block(self, block: Block, scope: dict[str, Any]) -> Value | None:
        """Run statements; the value of a ``Return`` ends them, ``None`` means the end was reached."""
        for node in block:
            self.count_step()
            kind = type(node)
            if kind is Assign or kind is Extend or kind is Let:
                self.store(node, scope)  # type: ignore[arg-type]
                continue
            result: Value | None = None
            if isinstance(node, Return):
                result = _checked(self.expr(node.value, scope))
                if self.on_step is not None:
                    self.on_step(node, result)
            elif isinstance(node, If):
                taken = node.then if self.expr(node.condition, scope) else node.orelse
                result = self.block(taken, scope) if taken else None
            elif isinstance(node, ForEach):
                result = self.loop(node.var.name, list(self.expr(node.over, scope)), node.body, scope)
            elif isinstance(node, ForRange):
                result = self.loop(node.var.name, range(self.expr(node.count, scope)), node.body, scope)
            elif isinstance(node, While):
                while result is None and self.expr(node.condition, scope):
                    result = self.block(node.body, scope)
                    self.count_step()  # an empty body must not run for ever
            if result is not None:
                return result
        return None

    def count_step(self) -> None:
        self.steps += 1
        if self.steps > self.most:
            raise TooLarge(f"more than {self.most} statements")

    def loop(self, name: str, values: list[str] | range, body: Block, scope: dict[str, Any]) -> Value | None:
        for value in values:
            scope[name] = value
            result = self.block(body, scope)
            if result is not None:
                return result
        return None

    def store(self, node: Let | Assign | Extend, scope: dict[str, Any]) -> None:
        value = self.expr(node.value, scope)
        if isinstance(node, Extend):
            old = scope[node.var.name]
            value = [*old, value] if node.var.type is Type.WORDS else old + value
        scope[node.var.name] = _checked(value)
        if self.on_step is not None:
            self.on_step(node, value)


def _checked(value: Value) -> Value:
    if isinstance(value, str) and len(value) > MAX_TEXT:
        raise TooLarge(f"a text of more than {MAX_TEXT} characters")
    return value
