r"""A number times a vector or matrix: ``\\frac12\\begin{pmatrix}1\\\\2\\end{pmatrix}``."""

from __future__ import annotations

from fractions import Fraction

from synthetic1.rewards.math_answers.exact import rational
from synthetic1.rewards.math_answers.grammar.tree import Bracketed, Matrix, Multiple, Neg, Node, Num, Product
from synthetic1.rewards.math_answers.structure import ZERO
from synthetic1.rewards.math_answers.work import is_unfinished_number


def multiplied(node: Multiple) -> Node:
    """The vector or matrix, each entry times the number. What of an entry was left to be worked out, still is."""
    inner = multiplied(node.of) if isinstance(node.of, Multiple) else node.of
    match inner:
        case Matrix(rows, kind):
            return Matrix(tuple(tuple(_times(node.size, cell) for cell in row) for row in rows), kind)
        case Bracketed(_, _, items) if any(isinstance(item, Bracketed) for item in items):
            return Bracketed("[", "]", tuple(multiplied(Multiple(node.size, item)) for item in items))
        case Bracketed(_, _, items):
            return Bracketed("<", ">", tuple(_times(node.size, item) for item in items))  # never an interval
    return node


def _times(size: Node, entry: Node) -> Node:
    a, b = rational(size), rational(entry)
    plain = not is_unfinished_number(size) and not is_unfinished_number(entry)
    if a is not None and b is not None and plain:
        decimals = [one.decimals for one in (size, entry) if isinstance(one, Num) and one.decimals is not None]
        return Num(a * b, max(decimals, default=None))
    if plain or b is None:
        if b == 0:
            return ZERO
        if b == 1:
            return size
        if a == 1:
            return entry
        if a == Fraction(-1):
            return Neg(entry)
    return Product((size, entry))
