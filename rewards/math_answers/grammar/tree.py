r"""What a mathematical text says, as a typed tree. Made by ``grammar.py``, compared by ``compare.py``."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar, dataclass_transform


class Node:
    """Anything that a text may say. Its hash is computed once: trees are looked up, whole, again and again."""

    __slots__ = ("_hash",)
    _hash: int


class Expression(Node):
    """A number or formula."""

    __slots__ = ()


Made = TypeVar("Made", bound=Node)


@dataclass_transform(frozen_default=True)
def _node(cls: type[Made]) -> type[Made]:
    made = dataclass(frozen=True, slots=True)(cls)
    of_fields = made.__hash__

    def once(self: Made) -> int:
        try:
            return self._hash
        except AttributeError:
            object.__setattr__(self, "_hash", of_fields(self))
            return self._hash

    made.__hash__ = once  # type: ignore[assignment]
    return made


@_node
class Num(Expression):
    value: Fraction
    decimals: int | None = None
    """Digits after a point, where it was written with one (or with a power of ten); ``None``: written exactly."""


@_node
class Sym(Expression):
    """A letter, with what stands below or above it: ``x``, ``\\alpha``, ``x_{1}``, ``S_{\\triangle ABC}``, ``f'``."""

    name: str


@_node
class Neg(Expression):
    arg: Node


@_node
class PlusMinus(Expression):
    """``\\pm a`` (``sign`` 1) or ``\\mp a`` (-1)."""

    arg: Node
    sign: int = 1


@_node
class Sum(Expression):
    terms: tuple[Node, ...]


@_node
class Product(Expression):
    factors: tuple[Node, ...]


@_node
class Quotient(Expression):
    above: Node
    below: Node


@_node
class Power(Expression):
    base: Node
    exponent: Node


@_node
class Applied(Expression):
    """A function by its name without backslash; ``base`` of a logarithm, degree of a root."""

    name: str
    args: tuple[Node, ...]
    base: Node | None = None


@_node
class Based(Expression):
    """A number in another base, ``1011_2``."""

    digits: str
    base: int


@_node
class Scaled(Expression):
    """A number with ``%`` (1/100) or in degrees (pi/180) after it."""

    arg: Node
    by: str
    """``percent`` or ``degree``."""


@_node
class Measured(Expression):
    """A number with a unit or a noun after it."""

    arg: Node
    unit: str
    """As written, in canonical spelling."""
    factors: Node | None = None
    """``5 m`` as a product, where the letters may be factors as well; ``None`` where they are a unit for sure."""

    @property
    def sure(self) -> bool:
        return self.factors is None


@_node
class Text(Node):
    """Words."""

    words: str


@_node
class Raw(Node):
    """Not understood: canonical tokens, to be compared as written."""

    text: str


@_node
class Relation(Node):
    """``a < b \\le c``: sides and what stands between them."""

    sides: tuple[Node, ...]
    signs: tuple[str, ...]


@_node
class Bracketed(Node):
    """``(a, b)``, ``[a, b)``, ``{a, b}``, ``<a, b>`` with its brackets."""

    open: str
    close: str
    items: tuple[Node, ...]


@_node
class SetBuilder(Node):
    """``{x | condition}``."""

    element: Node
    condition: Node


@_node
class Matrix(Node):
    rows: tuple[tuple[Node, ...], ...]
    kind: str = "matrix"
    """``cases`` for a system."""


@_node
class Multiple(Node):
    """A vector or matrix times a number or formula."""

    size: Node
    of: Node
    """Itself a ``Multiple``, where a sign stands before one."""


@_node
class Combined(Node):
    """Sets joined by ``\\cup``, ``\\cap`` or ``\\setminus``."""

    sign: str
    parts: tuple[Node, ...]


@_node
class Items(Node):
    """Several things side by side at the top: by ``comma``, ``and``, ``or``, ``;`` or a line's end."""

    items: tuple[Node, ...]
    joints: tuple[str, ...]
