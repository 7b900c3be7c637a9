r"""Quantities as they are written: ``5cm`` in one, square feet that are not feet."""

from __future__ import annotations

from synthetic1.rewards.math_answers.forms import has_letters
from synthetic1.rewards.math_answers.grammar.spelling import JOINED
from synthetic1.rewards.math_answers.grammar.tree import Measured, Node, Num, Power, Product, Quotient, Sym
from synthetic1.rewards.quantities.units import Unit


def joined_unit(node: Node) -> Measured | None:
    """``5cm``, read as a product of letters, as a quantity; for a gold that can only be a number or quantity."""
    if not isinstance(node, Product) or not isinstance(node.factors[0], Num | Quotient):
        return None
    before = [factor for factor in node.factors if not has_letters(factor)]
    if before != list(node.factors[: len(before)]):
        return None
    *letters, last = node.factors[len(before) :] or (None,)
    if last is None or any(isinstance(letter, Num) for letter in letters):
        return None
    power = ""
    if isinstance(last, Power) and isinstance(last.exponent, Num) and last.exponent.value in (2, 3):
        letters, power = [*letters, last.base], f"^{last.exponent.value}"
    else:
        letters = [*letters, last]
    unit = "".join(letter.name if isinstance(letter, Sym) else "?" for letter in letters)
    size = before[0] if len(before) == 1 else Product(tuple(before))
    return Measured(size, unit + power) if unit in JOINED else None


def is_another_power(one: Unit, other: Unit) -> bool:
    """Whether two units measure powers of one thing, and not the same power."""
    alike = [dimension for dimension, _ in one.dimensions] == [dimension for dimension, _ in other.dimensions]
    return alike and one.dimensions != other.dimensions
