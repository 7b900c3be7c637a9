"""The nodes of a program: typed expressions, statements, functions, and a walk over them. No behaviour, no language.

Values are printable ASCII strings, small non-negative integers, booleans and lists of words: what Python, JavaScript,
Rust and C++ agree on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum

Value = str | int | bool | list[str]


class Type(Enum):
    TEXT = "text"
    INT = "int"
    BOOL = "bool"
    WORDS = "words"


@dataclass(frozen=True, slots=True)
class Var:
    name: str
    type: Type


@dataclass(frozen=True, slots=True)
class Lit:
    value: str | int
    type: Type


@dataclass(frozen=True, slots=True)
class Apply:
    """An operation of ``ops.OPS`` on arguments."""

    op: str
    args: tuple[Expr, ...]
    type: Type


@dataclass(frozen=True, slots=True)
class HelperCall:
    """A call of one of the program's own helper functions."""

    function: str
    args: tuple[Expr, ...]
    type: Type


Expr = Var | Lit | Apply | HelperCall


@dataclass(frozen=True, slots=True)
class Let:
    """Declares a variable; Rust and C++ need to know where that happens."""

    var: Var
    value: Expr


@dataclass(frozen=True, slots=True)
class Assign:
    var: Var
    value: Expr


@dataclass(frozen=True, slots=True)
class Extend:
    """``var += value``: text after text, a word after words, or a number onto a number."""

    var: Var
    value: Expr


@dataclass(frozen=True, slots=True)
class If:
    condition: Expr
    then: Block
    orelse: Block = ()


@dataclass(frozen=True, slots=True)
class ForEach:
    """Over the characters of a text (each a text of length 1) or over words. The iterated value is fixed at entry."""

    var: Var
    over: Expr
    body: Block


@dataclass(frozen=True, slots=True)
class ForRange:
    """``var`` = 0, 1, …, ``count`` - 1; ``count`` is evaluated once."""

    var: Var
    count: Expr
    body: Block


@dataclass(frozen=True, slots=True)
class While:
    condition: Expr
    body: Block


@dataclass(frozen=True, slots=True)
class Return:
    value: Expr


Stmt = Let | Assign | Extend | If | ForEach | ForRange | While | Return
Block = tuple[Stmt, ...]


@dataclass(frozen=True, slots=True)
class Function:
    name: str
    params: tuple[Var, ...]
    result: Type
    body: Block


@dataclass(frozen=True, slots=True)
class SourceProgram:
    """Helpers first, in the order of definition; ``main`` takes one text and returns one text."""

    helpers: tuple[Function, ...]
    main: Function


def walk(node: object) -> Iterator[object]:
    """A node, or each of a block, and all inside it, in the order of the text."""
    if isinstance(node, tuple):
        for part in node:
            yield from walk(part)
    elif is_dataclass(node):
        yield node
        for field in fields(node):
            yield from walk(getattr(node, field.name))


def mentions(block: Block, name: str) -> bool:
    """Does anything in the block use the variable?"""
    return any(isinstance(node, Var) and node.name == name for node in walk(block))
