r"""Trees up to what changes nothing: order, nesting, neutral operations."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from typing import Any

from synthetic1.rewards.math_answers.grammar.tree import (
    Applied,
    Bracketed,
    Combined,
    Items,
    Matrix,
    Measured,
    Multiple,
    Neg,
    Node,
    Num,
    PlusMinus,
    Power,
    Product,
    Quotient,
    Relation,
    Scaled,
    SetBuilder,
    Sum,
    Sym,
)

ZERO, ONE = Num(Fraction(0)), Num(Fraction(1))


@lru_cache(maxsize=8192)
def normal(node: Node) -> Node:
    """The same tree for formulas that differ in order, nesting and neutral operations alone.

    ``Q/1``, ``1*(Q)``, ``-(-(Q))`` and ``Q+0`` are ``Q``.
    """
    match node:
        case Num(value, _):
            return Num(value)
        case Neg(arg):
            inner = normal(arg)
            if isinstance(inner, Neg):
                return inner.arg
            if isinstance(inner, Num):
                return Num(-inner.value)
            if isinstance(inner, Sum):
                return normal(Sum(tuple(Neg(term) for term in inner.terms)))
            if isinstance(inner, Product) and isinstance(inner.factors[0], Num):
                return normal(Product((Num(-inner.factors[0].value), *inner.factors[1:])))
            return Neg(inner)
        case PlusMinus(arg, sign):
            return PlusMinus(normal(arg), sign)
        case Sum(terms):
            flat: list[Node] = []
            for term in map(normal, terms):
                flat += term.terms if isinstance(term, Sum) else (term,)
            flat = [term for term in flat if term != ZERO]
            if not flat:
                return ZERO
            return flat[0] if len(flat) == 1 else Sum(tuple(sorted(flat, key=repr)))
        case Product(factors):
            return _normal_product(factors)
        case Quotient(above, below):
            a, b = normal(above), normal(below)
            if b == ONE:
                return a
            if isinstance(a, Neg):
                return normal(Neg(Quotient(a.arg, b)))
            if isinstance(b, Neg):
                return normal(Neg(Quotient(a, b.arg)))
            return Quotient(a, b)
        case Power(base, exponent):
            b, e = normal(base), normal(exponent)
            if e == ONE:
                return b
            if isinstance(b, Sym) and b.name == "e":
                return Applied("exp", (e,))
            if isinstance(e, Quotient) and e.above == ONE and isinstance(e.below, Num):
                return Applied("root", (b,), None if e.below.value == 2 else e.below)
            return Power(b, e)
        case Applied("apply", args, _):
            return normal(Product(args))
        case Applied(name, args, base):
            made = tuple(normal(arg) for arg in args)
            index = None if base is None else normal(base)
            if name == "root" and index == Num(Fraction(2)):
                index = None
            if name == "log" and index == Sym("e"):
                name, index = "ln", None
            return Applied(name, made, index)
        case Scaled(arg, by):
            return Scaled(normal(arg), by)
        case Measured(arg, unit, factors):
            return Measured(normal(arg), unit, None if factors is None else normal(factors))
        case Bracketed(open_, close, items):
            return Bracketed(open_, close, tuple(map(normal, items)))
        case Multiple(size, of):
            return Multiple(normal(size), normal(of))
        case Relation(sides, signs):
            return Relation(tuple(map(normal, sides)), signs)
        case Items(items, joints):
            return Items(tuple(map(normal, items)), joints)
        case Combined(sign, parts):
            return Combined(sign, tuple(map(normal, parts)))
        case Matrix(rows, kind):
            made_of = kind if kind in ("vmatrix", "Vmatrix") else "matrix"  # a determinant is not a matrix
            return Matrix(tuple(tuple(map(normal, row)) for row in rows), made_of)
    return node


def _normal_product(factors: tuple[Node, ...]) -> Node:
    flat: list[Node] = []
    negative = False
    for factor in map(normal, factors):
        if isinstance(factor, Neg):
            negative = not negative
            factor = factor.arg
        flat += factor.factors if isinstance(factor, Product) else (factor,)
    number = Fraction(1)
    others: list[Node] = []
    numbers = 0
    for factor in flat:
        if isinstance(factor, Num) and factor.value in (1, -1):
            number *= factor.value
        elif isinstance(factor, Num):
            numbers += 1
            others.append(factor)
        else:
            others.append(factor)
    if number < 0:
        negative = not negative
    powers: dict[Node, int] = {}
    for factor in others:
        base, exponent = (factor.base, factor.exponent) if isinstance(factor, Power) else (factor, ONE)
        if (
            isinstance(exponent, Num)
            and exponent.value.denominator == 1
            and exponent.value > 0
            and not isinstance(base, Num)
        ):
            powers[base] = powers.get(base, 0) + int(exponent.value)
        else:
            powers[factor] = powers.get(factor, 0) + 1
    made: list[Node] = [base if count == 1 else Power(base, Num(Fraction(count))) for base, count in powers.items()]
    if not made:
        return Num(Fraction(-1 if negative else 1))
    made.sort(key=lambda one: (not isinstance(one, Num), repr(one)))
    if negative and isinstance(made[0], Num):
        made[0], negative = Num(-made[0].value), False
    product: Node = made[0] if len(made) == 1 else Product(tuple(made))
    return Neg(product) if negative else product


def same_written(one: Node, other: Node) -> bool:
    return normal(one) == normal(other)


# Exact numbers --------------------------------------------------------------------------------------------------------

MOST_DIGITS = 4000


def children(node: Node) -> tuple[Node, ...]:
    parts = _CHILDREN.get(type(node))
    return () if parts is None else parts(node)


def _one(node: Any) -> tuple[Node, ...]:
    return (node.arg,)


def _items(node: Any) -> tuple[Node, ...]:
    items: tuple[Node, ...] = node.items
    return items


_CHILDREN: dict[type[Node], Callable[[Any], tuple[Node, ...]]] = {  # by type: it is asked of every node, often
    **dict.fromkeys((Neg, PlusMinus, Scaled, Measured), _one),
    **dict.fromkeys((Bracketed, Items), _items),
    Sum: lambda node: node.terms,
    Product: lambda node: node.factors,
    Multiple: lambda node: (node.size, node.of),
    Quotient: lambda node: (node.above, node.below),
    Power: lambda node: (node.base, node.exponent),
    Applied: lambda node: node.args if node.base is None else (*node.args, node.base),
    Relation: lambda node: node.sides,
    Combined: lambda node: node.parts,
    SetBuilder: lambda node: (node.element, node.condition),
    Matrix: lambda node: tuple(cell for row in node.rows for cell in row),
}
