"""What JavaScript, Rust and C++ share: operators of C's precedence, templates with arguments, blocks in braces."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar

from synthetic1.tasks.programs.program import (
    Apply,
    Assign,
    Block,
    Expr,
    Extend,
    ForEach,
    ForRange,
    Function,
    If,
    Lit,
    Return,
    SourceProgram,
    Stmt,
    Type,
    While,
)


class Precedence(IntEnum):
    """How tightly an expression holds together: an operand that is looser than its place needs parentheses."""

    ANY = 0
    OR = 1
    AND = 2
    COMPARE = 3
    ADD = 4
    MULTIPLY = 5
    UNARY = 6
    POSTFIX = 7


OPERATORS = {
    "either": Precedence.OR,
    "both": Precedence.AND,
    "equal": Precedence.COMPARE,
    "less": Precedence.COMPARE,
    "more": Precedence.COMPARE,
    "divides": Precedence.COMPARE,
    "same": Precedence.COMPARE,
    "before": Precedence.COMPARE,
    "add": Precedence.ADD,
    "mul": Precedence.MULTIPLY,
    "mod": Precedence.MULTIPLY,
    "negate": Precedence.UNARY,
}
"""Operations that are an operator in all three languages."""

ARITHMETIC = {
    "add": "{0:sum} + {1:product}",
    "mul": "{0:product} * {1}",
    "mod": "{0:product} % {1}",
    "less": "{0:sum} < {1:sum}",
    "more": "{0:sum} > {1:sum}",
    "both": "{0:operand} && {1:operand}",
    "either": "{0:operand} || {1:operand}",
    "negate": "!{0}",
}
"""Templates that are the same in all three."""

PLACES = {
    "": Precedence.POSTFIX,
    "any": Precedence.ANY,
    "operand": Precedence.COMPARE,  # of && and ||: `a && b || c` without parentheses is nobody's friend
    "sum": Precedence.ADD,
    "product": Precedence.MULTIPLY,
}
"""What a place in a template, ``{0:sum}``, wants at least; a language adds places that convert types."""


CALLED = re.compile(r"(?<![\w.:])\w+")  # a name that is neither a method's nor of another scope


@dataclass(frozen=True, slots=True)
class Rendered:
    """A rendered expression."""

    text: str
    level: Precedence = Precedence.POSTFIX
    kind: str = ""
    """What the target language takes it for, where texts come in several types: ``char``, ``String`` …"""

    def at(self, least: Precedence) -> str:
        return self.text if self.level >= least else f"({self.text})"


class Renderer(ABC):
    """Renders one program. A language says what its expressions and the heads of its statements look like."""

    HELPERS: ClassVar[Mapping[str, str]]
    """Functions that the language has no word for, by name; the templates call them, a program shows those it uses."""

    def __init__(self, program: SourceProgram) -> None:
        self.program = program
        functions = (*program.helpers, program.main)
        self.tails = [f.body[-1] for f in functions]
        self.nodes = [node for f in functions for node in statements(f.body)]
        self.assigned = {n.var.name for n in self.nodes if isinstance(n, Assign | Extend) and gives_value(n)}
        """Names of variables that get another value; words that are appended to stay the same list."""
        loops = [node for node in self.nodes if isinstance(node, ForEach) and node.over.type is Type.TEXT]
        self.characters = {node.var.name for node in loops} - self.assigned
        """Names of variables that are one character by their nature."""
        self.used: set[str] = set()

    # -- what a language says

    @abstractmethod
    def expr(self, node: Expr) -> Rendered: ...

    @abstractmethod
    def head(self, function: Function) -> str:
        """The line before a function's body, without its brace."""

    @abstractmethod
    def statement(self, node: Stmt) -> str:
        """A statement on one line, or the line before its block, without the brace."""

    # -- what is the same everywhere

    def place(self, node: Expr, place: str) -> str:
        """The argument of a template, as its place wants it."""
        return self.expr(node).at(PLACES[place])

    def fill(self, template: str, args: tuple[Expr, ...]) -> str:
        self.used.update(name for name in CALLED.findall(template) if name in self.HELPERS)
        return template.format(*(_Argument(self, arg) for arg in args))

    def lines(self, block: Block, indent: str) -> Iterator[str]:
        for node in block:
            if not isinstance(node, If | ForEach | ForRange | While):
                yield indent + self.statement(node)
                continue
            yield f"{indent}{self.statement(node)} {{"
            yield from self.lines(node.then if isinstance(node, If) else node.body, indent + "    ")
            if isinstance(node, If) and node.orelse:
                yield f"{indent}}} else {{"
                yield from self.lines(node.orelse, indent + "    ")
            yield f"{indent}}}"

    def function(self, function: Function) -> str:
        return "\n".join([f"{self.head(function)} {{", *self.lines(function.body, "    "), "}"])

    def source(self) -> str:
        """The helpers it uses, then its functions."""
        functions = [self.function(f) for f in (*self.program.helpers, self.program.main)]
        return "\n\n".join([*(text for name, text in self.HELPERS.items() if name in self.used), *functions])


class _Argument:
    """An argument inside a template: ``format`` hands the place to the language."""

    __slots__ = ("node", "renderer")

    def __init__(self, renderer: Renderer, node: Expr) -> None:
        self.renderer, self.node = renderer, node

    def __format__(self, spec: str) -> str:
        return self.renderer.place(self.node, spec)


def statements(block: Block) -> Iterator[Stmt]:
    """Every statement, those inside others too."""
    for node in block:
        yield node
        if isinstance(node, If):
            yield from statements(node.then)
            yield from statements(node.orelse)
        elif isinstance(node, ForEach | ForRange | While):
            yield from statements(node.body)


def gives_value(node: Assign | Extend) -> bool:
    """Does it give the variable another value (words are appended to in place)?"""
    return isinstance(node, Assign) or node.var.type is not Type.WORDS


def changes(block: Block, name: str) -> bool:
    """Does a statement of the block give the variable another value?"""
    return any(isinstance(n, Assign | Extend) and n.var.name == name for n in statements(block))


def joined(node: Expr) -> list[Expr]:
    """What a concatenation puts side by side, however it nests; of anything else, itself."""
    if isinstance(node, Apply) and node.op == "concat":
        return [part for arg in node.args for part in joined(arg)]
    return [node]


def is_character(node: Expr) -> bool:
    """Is it a literal of one character?"""
    return isinstance(node, Lit) and isinstance(node.value, str) and len(node.value) == 1


def quoted(value: str | int) -> str:
    """A literal. JSON's escapes of printable ASCII are everybody's."""
    return json.dumps(value)


def quoted_character(value: str) -> str:
    return {"'": r"'\''", "\\": r"'\\'"}.get(value, f"'{value}'")


def is_tail(renderer: Renderer, node: Return) -> bool:
    """Is it the last statement of its function?"""
    return any(node is tail for tail in renderer.tails)
