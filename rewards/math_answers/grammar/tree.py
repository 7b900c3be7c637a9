r"""What a mathematical text says, as a typed tree. Made by ``grammar.py``, compared by ``compare.py``."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


class Node:
    """Anything that a text may say."""

    __slots__ = ()


class Expression(Node):
    """A number or formula."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Num(Expression):
    value: Fraction
    decimals: int | None = None
    """Digits after a point, where it was written with one (or with a power of ten); ``None``: written exactly."""


@dataclass(frozen=True, slots=True)
class Sym(Expression):
    """A letter, with what stands below or above it: ``x``, ``\\alpha``, ``x_{1}``, ``S_{\\triangle ABC}``, ``f'``."""

    name: str


@dataclass(frozen=True, slots=True)
class Neg(Expression):
    arg: Node


@dataclass(frozen=True, slots=True)
class PlusMinus(Expression):
    """``\\pm a`` (``sign`` 1) or ``\\mp a`` (-1)."""

    arg: Node
    sign: int = 1


@dataclass(frozen=True, slots=True)
class Sum(Expression):
    terms: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Product(Expression):
    factors: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Quotient(Expression):
    above: Node
    below: Node


@dataclass(frozen=True, slots=True)
class Power(Expression):
    base: Node
    exponent: Node


@dataclass(frozen=True, slots=True)
class Applied(Expression):
    """A function by its name without backslash; ``base`` of a logarithm, degree of a root."""

    name: str
    args: tuple[Node, ...]
    base: Node | None = None


@dataclass(frozen=True, slots=True)
class Based(Expression):
    """A number in another base, ``1011_2``."""

    digits: str
    base: int


@dataclass(frozen=True, slots=True)
class Scaled(Expression):
    """A number with ``%`` (1/100) or in degrees (pi/180) after it."""

    arg: Node
    by: str
    """``percent`` or ``degree``."""


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Text(Node):
    """Words."""

    words: str


@dataclass(frozen=True, slots=True)
class Raw(Node):
    """Not understood: canonical tokens, to be compared as written."""

    text: str


@dataclass(frozen=True, slots=True)
class Relation(Node):
    """``a < b \\le c``: sides and what stands between them."""

    sides: tuple[Node, ...]
    signs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bracketed(Node):
    """``(a, b)``, ``[a, b)``, ``{a, b}``, ``<a, b>`` with its brackets."""

    open: str
    close: str
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class SetBuilder(Node):
    """``{x | condition}``."""

    element: Node
    condition: Node


@dataclass(frozen=True, slots=True)
class Matrix(Node):
    rows: tuple[tuple[Node, ...], ...]
    kind: str = "matrix"
    """``cases`` for a system."""


@dataclass(frozen=True, slots=True)
class Combined(Node):
    """Sets joined by ``\\cup``, ``\\cap`` or ``\\setminus``."""

    sign: str
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Items(Node):
    """Several things side by side at the top: by ``comma``, ``and``, ``or``, ``;`` or a line's end."""

    items: tuple[Node, ...]
    joints: tuple[str, ...]
