r"""What parts of an answer are: a name, a condition, an interval, a vector, two values at once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction

from synthetic1.rewards.math_answers.grammar.tree import (
    Applied,
    Bracketed,
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
    Raw,
    Relation,
    Scaled,
    Sum,
    Sym,
    Text,
)
from synthetic1.rewards.math_answers.structure import children, normal

ORDER = {"<": ("<", 1), ">": ("<", -1), r"\le": (r"\le", 1), r"\ge": (r"\le", -1)}
"""A sign → the sign that opens to the right, and whether it does so itself."""
_DENIAL = re.compile(
    r"(?<![a-z])(?:not|no|never|isn't|cannot|wrong|incorrect|anything but|other than|except|hardly|far from|neither"
    r"|nor)(?![a-z])",
    re.IGNORECASE,
)
INFINITY, NEGATIVE_INFINITY = Sym(r"\infty"), Neg(Sym(r"\infty"))


def is_name(node: Node) -> bool:
    """Whether a side of an equation only names what the other says.

    A letter, ``f(x)``, ``|AB|``, ``S_{ABC}``, ``P(A|B)``, ``\\cos\\theta``, words.
    """
    match node:
        case Sym(name):
            return name not in (r"\pi", r"\infty", r"\emptyset")
        case Text(words):
            return not _DENIAL.search(words)
        case Raw(text):
            return _is_raw_name(text)
        case Applied("apply", (head, *args), _):  # but ``n(n-1)`` is a product
            return is_name(head) and not any(occurs(head, arg) for arg in args)
        case Applied(name, args, _):
            if name in ("abs", "floor", "ceil"):
                return all(map(is_name, args)) or all(
                    isinstance(a, Product) and all(isinstance(f, Sym) for f in a.factors) for a in args
                )
            return name not in ("root", "factorial", "binom") and all(
                is_name(arg) or (isinstance(arg, Product) and all(isinstance(f, Sym) for f in arg.factors))
                for arg in args
            )
        case Power(Sym(name), Sym("c" | "C")):  # A^c
            return re.fullmatch(r"[A-Z]", name) is not None
        case Power(base, Num(value=two)) if two == 2 and isinstance(base, Applied):
            return is_name(base)
        case Product((Sym() as head, *rest)):
            return all(isinstance(f, Sym) and re.fullmatch(r"[A-Z]'?(?:_\{.*\})?", f.name) for f in (head, *rest))  # AB
        case Product((Power(Sym(), Num(value=minus)), _)) if minus == -1:
            return True  # f^{-1}(x)
        case Bracketed(_, _, items):
            return bool(items) and all(isinstance(item, Sym) or is_name(item) for item in items) and not is_set(node)
        case Quotient(above, below):  # dy/dx, AB/CD
            return all(_is_segment(side) for side in (above, below)) or is_derivative(node)
    return False


def is_derivative(node: Node) -> bool:
    """``\\frac{dy}{dx}``."""
    return isinstance(node, Quotient) and all(
        isinstance(side, Product) and isinstance(side.factors[0], Sym) and side.factors[0].name in ("d", r"\partial ")
        for side in (node.above, node.below)
    )


def _is_segment(node: Node) -> bool:
    return isinstance(node, Product) and len(node.factors) == 2 and all(map(_is_capital, node.factors))


def _is_capital(node: Node) -> bool:
    return isinstance(node, Sym) and bool(re.fullmatch(r"[A-Z]'?(?:_\{\w+\})?", node.name))


def occurs(part: Node, node: Node) -> bool:
    return node == part or any(occurs(part, child) for child in children(node))


def denies(node: Node) -> bool:
    """Whether words in ``node`` say what is not so."""
    match node:
        case Text(text) | Raw(text):
            return bool(_DENIAL.search(text))
    return any(map(denies, children(node)))


def _is_raw_name(text: str) -> bool:
    if _DENIAL.search(text) or "\\not" in text:
        return False
    if re.match(r"\\(?:int|sum|lim|iint)", text):
        return True
    bare = re.sub(r"\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}|\|[^|]*\|", "", text)
    bare = re.sub(r"\([^()]*\)|\{[^{}]*\}", "", bare)
    return not re.search(r"[\d+*/=<>]|\\cdot|\\pm|(?<!\^)-", bare) and bool(re.search(r"[A-Za-z]", text))


def is_letter(node: Node) -> bool:
    return isinstance(node, Sym) and len(node.name) == 1


def has_letters(node: Node) -> bool:
    return (isinstance(node, Sym) and node.name not in (r"\pi", "e", "i", r"\infty")) or any(
        map(has_letters, children(node))
    )


def is_infinite(node: Node) -> bool:
    return normal(node) in (INFINITY, normal(NEGATIVE_INFINITY))


def has_i(node: Node) -> bool:
    return node == Sym("i") or any(map(has_i, children(node)))


def with_i(node: Node) -> Node:
    return substituted(node, {"I": "i"})


def substituted(node: Node, names: Mapping[str, str]) -> Node:
    """``node`` with other letters for some of its own, by name."""

    def of(one: Node) -> Node:
        return substituted(one, names)

    match node:
        case Sym(name):
            return Sym(names.get(name, name))
        case Neg(arg):
            return Neg(of(arg))
        case Sum(parts):
            return Sum(tuple(map(of, parts)))
        case Product(parts):
            return Product(tuple(map(of, parts)))
        case Quotient(a, b):
            return Quotient(of(a), of(b))
        case Power(a, b):
            return Power(of(a), of(b))
        case Applied(name, args, base):
            return Applied(name, tuple(map(of, args)), None if base is None else of(base))
        case Scaled(arg, by):
            return Scaled(of(arg), by)
        case Bracketed(open_, close, parts):
            return Bracketed(open_, close, tuple(map(of, parts)))
        case Relation(parts, signs):
            return Relation(tuple(map(of, parts)), signs)
        case Items(parts, joints):
            return Items(tuple(map(of, parts)), joints)
        case Matrix(rows, kind):
            return Matrix(tuple(tuple(map(of, row)) for row in rows), kind)
        case Multiple(size, vector):
            return Multiple(of(size), of(vector))
    return node


def value_of(node: Node) -> Node:
    """The value of ``x = 5``."""
    if isinstance(node, Relation) and set(node.signs) <= {"=", r"\equiv"} and is_name(node.sides[0]):
        return node.sides[-1]
    return node


def is_set(node: Bracketed) -> bool:
    return node.open == r"\{"


def is_finite(node: Node) -> bool:
    """Whether a set is given by its elements."""
    return isinstance(node, Bracketed) and is_set(node) and not any(isinstance(item, Relation) for item in node.items)


def is_interval(node: Bracketed) -> bool:
    """Whether two things in brackets can only be an interval."""
    if len(node.items) != 2 or is_set(node) or node.open == "<":
        return False
    return node.open != {")": "(", "]": "["}.get(node.close) or any(map(is_infinite, node.items)) or node.open == "["


def plus_minus_values(node: Node) -> tuple[Node, ...] | None:
    """The two values of ``1 \\pm \\sqrt{2}``."""
    if not _has_plus_minus(node):
        return None
    return _signed(node, 1), _signed(node, -1)


def _has_plus_minus(node: Node) -> bool:
    return isinstance(node, PlusMinus) or any(map(_has_plus_minus, children(node)))


def _signed(node: Node, sign: int) -> Node:
    match node:
        case PlusMinus(arg, way):
            inner = _signed(arg, sign)
            return inner if way * sign > 0 else Neg(inner)
        case Neg(arg):
            return Neg(_signed(arg, sign))
        case Sum(parts):
            return Sum(tuple(_signed(part, sign) for part in parts))
        case Product(parts):
            return Product(tuple(_signed(part, sign) for part in parts))
        case Quotient(a, b):
            return Quotient(_signed(a, sign), _signed(b, sign))
        case Power(a, b):
            return Power(_signed(a, sign), _signed(b, sign))
        case Applied(name, args, base):
            return Applied(name, tuple(_signed(arg, sign) for arg in args), base)
        case Scaled(arg, by):
            return Scaled(_signed(arg, sign), by)
        case Measured(arg, unit, factors):
            return Measured(_signed(arg, sign), unit, None if factors is None else _signed(factors, sign))
    return node


def expanded(items: Sequence[Node]) -> list[Node]:
    """Items, those with ``\\pm`` as two."""
    made: list[Node] = []
    for item in items:
        values = plus_minus_values(value_of(item))
        if isinstance(item, Relation) and item.signs == (r"\ne",):  # x \ne \pm 5
            values = plus_minus_values(item.sides[1])
            values = None if values is None else tuple(Relation((item.sides[0], one), item.signs) for one in values)
        made += [item] if values is None else list(values)
    return made


def vector_of(node: Matrix) -> tuple[Node, ...] | None:
    if node.kind == "cases":
        return None
    if len(node.rows) == 1:
        return node.rows[0]
    return tuple(row[0] for row in node.rows) if all(len(row) == 1 for row in node.rows) else None


def nested_matrix(node: Bracketed) -> Matrix | None:
    """``[[1, 2], [3, 4]]``."""
    if node.items and all(isinstance(item, Bracketed) and not is_set(item) for item in node.items):
        rows = tuple(item.items for item in node.items if isinstance(item, Bracketed))
        return Matrix(rows) if len({len(row) for row in rows}) == 1 else None
    return None


def named_values(items: Sequence[Node]) -> list[Node] | None:
    """The values of ``x = 1, y = 2`` in the order of their names."""
    found: dict[str, Node] = {}
    for item in items:
        if (
            not (isinstance(item, Relation) and item.signs == ("=",) and isinstance(item.sides[0], Sym))
            or item.sides[0].name in found
        ):
            return None
        found[item.sides[0].name] = item.sides[1]
    return [found[name] for name in sorted(found)]


def named_points(node: Items) -> list[Node] | None:
    """The points of ``p = 5, q = 2; p = 7, q = 2``, by the order of their names; all have to name the same."""
    joints = ["comma" if joint == "and" else ";" if joint in ("or", "line") else joint for joint in node.joints]
    if set(joints) != {"comma", ";"}:
        return None
    groups: list[list[Node]] = [[node.items[0]]]
    for joint, item in zip(joints, node.items[1:], strict=True):
        if joint == ";":
            groups.append([item])
        else:
            groups[-1].append(item)
    named = [named_values(group) for group in groups]
    names = {tuple(sorted(repr(item.sides[0]) for item in group if isinstance(item, Relation))) for group in groups}
    if len(names) != 1 or any(values is None for values in named):
        return None
    return [Bracketed("(", ")", tuple(values or ())) for values in named]


def components(node: Node) -> Bracketed | None:
    """``2\\mathbf{i} - \\mathbf{j}`` as a vector; complex numbers have no j."""
    terms = node.terms if isinstance(node, Sum) else (node,)
    found: dict[str, Node] = {}
    for term in terms:
        sign = 1
        while isinstance(term, Neg):
            sign, term = -sign, term.arg
        factors = term.factors if isinstance(term, Product) else (term,)
        last = factors[-1]
        if (
            not isinstance(last, Sym)
            or (letter := re.sub(r"\\(?:hat|vec|widehat)|[\\{} ]|math", "", last.name)) not in ("i", "j", "k")
            or letter in found
        ):
            return None
        rest = factors[:-1]
        size: Node = Num(Fraction(1)) if not rest else rest[0] if len(rest) == 1 else Product(rest)
        if has_letters(size):
            return None
        found[letter] = size if sign > 0 else Neg(size)
    if "j" not in found or len(found) < 2:
        return None
    return Bracketed(
        "<", ">", tuple(found.get(letter, Num(Fraction(0))) for letter in ("ij" if "k" not in found else "ijk"))
    )


def turned(node: Relation) -> Relation:
    back = {"<": ">", ">": "<", r"\le": r"\ge", r"\ge": r"\le"}
    return Relation(node.sides[::-1], tuple(back[sign] for sign in node.signs[::-1]))


def lifted(node: Node) -> Node:
    """``-(3\\%)`` as ``(-3)\\%``."""
    if isinstance(node, Neg) and isinstance(node.arg, Scaled):
        return Scaled(Neg(node.arg.arg), node.arg.by)
    return node
