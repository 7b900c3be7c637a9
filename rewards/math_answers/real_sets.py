r"""Sets of real numbers, however they are written: intervals, inequalities, unions, all but a point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import inf

from synthetic1.rewards.math_answers.exact import rational
from synthetic1.rewards.math_answers.forms import (
    INFINITY,
    NEGATIVE_INFINITY,
    ORDER,
    has_letters,
    is_infinite,
    is_interval,
    is_set,
)
from synthetic1.rewards.math_answers.grammar.tree import (
    Applied,
    Bracketed,
    Combined,
    Expression,
    Items,
    Neg,
    Node,
    Num,
    Relation,
    SetBuilder,
    Sum,
    Sym,
)


@dataclass(frozen=True)
class Stretch:
    """An interval or a point."""

    low: Node
    high: Node
    low_closed: bool
    high_closed: bool


RealSet = tuple[Stretch, ...]


def real_set(node: Node) -> RealSet | None:
    """The pieces of a set of real numbers, however it is written; ``None`` where it is not seen to be one."""
    return None if len(bounded_letters(node)) > 1 else _pieces_of(node)


def bounded_letters(node: Node) -> frozenset[str]:
    """The letters that inequalities, and what they are conditions of, speak of: one in a set of numbers."""
    match node:
        case Relation(sides, _):
            names = [side.name for side in sides if isinstance(side, Sym)]
            return frozenset(names) - {r"\pi", "e", "i", r"\infty", r"\Reals", r"\emptyset"}
        case SetBuilder(element, condition):
            inside = frozenset({element.name}) if isinstance(element, Sym) else bounded_letters(element)
            return inside | bounded_letters(condition)
        case Items(parts, _) | Combined(_, parts) | Bracketed(_, _, parts) | Sum(parts):
            return frozenset().union(*map(bounded_letters, parts))
    return frozenset()


def _pieces_of(node: Node) -> RealSet | None:
    if node == Sym(r"\Reals"):
        return (Stretch(NEGATIVE_INFINITY, INFINITY, False, False),)
    match node:
        case Bracketed(open_, close, (low, high)) if open_ in ("(", "[", "]") and close in (")", "]", "["):
            if not (isinstance(low, Expression) and isinstance(high, Expression)):
                return None
            return _pieces(Stretch(low, high, open_ == "[", close == "]"))
        case Bracketed(r"\{", r"\}", items) if len(items) == 1 and isinstance(items[0], Relation):
            return real_set(items[0])
        case Bracketed(r"\{", r"\}", items) if items and all(isinstance(i, Expression) for i in items):
            return None
        case SetBuilder(element, condition):
            if isinstance(element, Relation) and element.signs == (r"\in",):
                element = element.sides[0]
            return real_set(condition) if isinstance(element, Sym) else None
        case Combined(r"\cup", parts):
            return _union([points(part) or real_set(part) for part in parts])
        case Combined(r"\setminus", (whole, taken)) if (removed := points(taken)) is not None:
            return _without(real_set(whole), [piece.low for piece in removed])
        case Combined(r"\setminus", (Sym(r"\Reals"), taken)):
            return complement(real_set(taken))
        case Items((Relation((Sym(), Sym(r"\Reals")), (r"\in",)), *rest), joints) if rest:
            return _pieces_of(rest[0] if len(rest) == 1 else Items(tuple(rest), joints[1:]))
        case Items((Relation((Sym(), first), (r"\ne",)), *rest), joints) if rest and set(joints) <= {"comma", "and"}:
            if all(isinstance(item, Expression) and not has_letters(item) for item in rest):
                return _without((Stretch(NEGATIVE_INFINITY, INFINITY, False, False),), [first, *rest])
            return _both(*node.items) if len(rest) == 1 and isinstance(rest[0], Relation) else None
        case Items(items, joints):
            if set(joints) == {"or"} and all(isinstance(item, Bracketed) and is_interval(item) for item in items):
                return _union([real_set(item) for item in items])
            if any(isinstance(item, Relation) for item in items) and set(joints) <= {"or"}:
                return _union([points(item) or real_set(item) for item in items])
            if (
                set(joints) <= {"and", "comma"}
                and len(items) == 2
                and all(isinstance(item, Relation) for item in items)
            ):
                return _both(*items)
            return None
        case Relation():
            return _of_relation(node)
        case Sum((Bracketed() | SetBuilder() | Sym() as whole, Neg(Bracketed() as taken))) if (
            removed := points(taken)
        ) is not None:
            return _without(real_set(whole), [piece.low for piece in removed])
    return None


def _of_relation(node: Relation) -> RealSet | None:
    if node.signs == (r"\in",) and isinstance(node.sides[0], Sym):
        return real_set(node.sides[1])
    if node.signs == (r"\ne",) and isinstance(node.sides[0], Sym) and not has_letters(node.sides[1]):
        point = node.sides[1]
        return (Stretch(NEGATIVE_INFINITY, point, False, False), Stretch(point, INFINITY, False, False))
    if not set(node.signs) <= set(ORDER):
        return None
    if any(map(_is_distance, node.sides)):
        return _of_distance(node)
    ways = {ORDER[sign][1] for sign in node.signs}
    if len(ways) != 1:
        return None
    sides, signs = node.sides, [ORDER[sign][0] for sign in node.signs]
    if ways == {-1}:
        sides, signs = sides[::-1], signs[::-1]
    names = [
        place
        for place, side in enumerate(sides)
        if (isinstance(side, Sym) and side.name not in (r"\pi", "e", "i", r"\infty")) or _is_call(side)
    ]
    if len(names) != 1 or any(
        has_letters(side) for place, side in enumerate(sides) if place != names[0] and not is_infinite(side)
    ):
        return None
    place = names[0]
    if len(sides) == 2:
        if place == 0:
            return _pieces(
                Stretch(NEGATIVE_INFINITY, sides[1], False, signs[0] == r"\le" and not is_infinite(sides[1]))
            )
        return _pieces(Stretch(sides[0], INFINITY, signs[0] == r"\le" and not is_infinite(sides[0]), False))
    if len(sides) == 3 and place == 1:
        return _pieces(Stretch(sides[0], sides[2], signs[0] == r"\le", signs[1] == r"\le"))
    return None


def _is_distance(node: Node) -> bool:
    """``|x|``, ``|x - 2|``."""
    return isinstance(node, Applied) and node.name == "abs" and _centre(node.args[0]) is not None


def _centre(node: Node) -> Fraction | None:
    """2 of ``x - 2``."""
    if isinstance(node, Sym) and has_letters(node):
        return Fraction(0)
    if isinstance(node, Sum):
        letters = [term for term in node.terms if isinstance(term, Sym) and has_letters(term)]
        rest = [rational(term) for term in node.terms if term not in letters]
        if len(letters) == 1 and all(part is not None for part in rest):
            return -sum((part for part in rest if part is not None), Fraction(0))
    return None


def _of_distance(node: Relation) -> RealSet | None:
    """``|x - 2| \\le 1``, ``1 < |x| < 2``: on both sides of the centre."""
    inside = [side.args[0] for side in node.sides if _is_distance(side) and isinstance(side, Applied)]
    centre = _centre(inside[0]) if len(inside) == 1 else None
    sides = tuple(Sym("x") if _is_distance(side) else side for side in node.sides)
    pieces = None if centre is None else _of_relation(Relation(sides, node.signs))
    if pieces is None or centre is None or len(pieces) != 1:
        return None
    (piece,) = pieces

    def at(distance: Node, way: int) -> Node:
        if is_infinite(distance):
            return INFINITY if way > 0 else NEGATIVE_INFINITY
        exact = rational(distance)
        if exact is not None:
            return Num(centre + way * exact)
        return (
            Sum((Num(centre), distance if way > 0 else Neg(distance)))
            if centre
            else distance
            if way > 0
            else Neg(distance)
        )

    low, high = piece.low, piece.high
    least = None if is_infinite(low) else rational(low)
    if is_infinite(low) and not is_infinite(high):
        return _pieces(Stretch(at(high, -1), at(high, 1), piece.high_closed, piece.high_closed))
    if least is None or least <= 0:
        return None
    return (
        Stretch(at(high, -1), at(low, -1), piece.high_closed, piece.low_closed),
        Stretch(at(low, 1), at(high, 1), piece.low_closed, piece.high_closed),
    )


def _is_call(node: Node) -> bool:
    """``f(x)``, whose values an inequality may bound."""
    return isinstance(node, Applied) and node.name == "apply" and all(isinstance(arg, Sym) for arg in node.args)


def _pieces(piece: Stretch) -> RealSet | None:
    if not (isinstance(piece.low, Expression) and isinstance(piece.high, Expression)):
        return None
    if (piece.low_closed and is_infinite(piece.low)) or (piece.high_closed and is_infinite(piece.high)):
        return None
    return (piece,)


def points(node: Node) -> RealSet | None:
    """Points: ``{1, 2}``, ``x = 1``."""
    if isinstance(node, Relation) and node.signs == ("=",) and isinstance(node.sides[0], Sym):
        return (Stretch(node.sides[1], node.sides[1], True, True),)
    if (
        isinstance(node, Bracketed)
        and is_set(node)
        and node.items
        and all(isinstance(item, Expression) for item in node.items)
    ):
        return tuple(Stretch(item, item, True, True) for item in node.items)
    return None


def _union(parts: Sequence[RealSet | None]) -> RealSet | None:
    if any(part is None for part in parts):
        return None
    return tuple(piece for part in parts for piece in part or ())


def merged(pieces: RealSet) -> RealSet:
    """Pieces in order, those that touch as one; as they are where an end is not a rational number."""

    def place(end: Node, below: float) -> float | Fraction | None:
        return below if is_infinite(end) else rational(end)

    known = []
    for piece in pieces:
        low, high = place(piece.low, -inf), place(piece.high, inf)
        if low is None or high is None:
            return pieces
        known.append((low, not piece.low_closed, high, piece))
    known.sort(key=lambda one: one[:3])
    made: list[tuple[float | Fraction, Stretch]] = []
    for low, _, high, piece in known:
        end, last = made[-1] if made else (-inf, None)
        touches = last is not None and (low < end or (low == end and (piece.low_closed or last.high_closed)))
        if last is None or not touches:
            made.append((high, piece))
        elif high > end or (high == end and piece.high_closed):
            made[-1] = (high, Stretch(last.low, piece.high, last.low_closed, piece.high_closed))
    return tuple(piece for _, piece in made)


def _without(whole: RealSet | None, points: Sequence[Node]) -> RealSet | None:
    """A set of intervals less some points inside them."""
    if whole is None:
        return None
    pieces = list(whole)
    for point in points:
        for place, piece in enumerate(pieces):
            if _inside(piece, point):
                below = Stretch(piece.low, point, piece.low_closed, False)
                pieces[place : place + 1] = [below, Stretch(point, piece.high, False, piece.high_closed)]
                break
        else:
            return None
    return tuple(pieces)


def complement(pieces: RealSet | None) -> RealSet | None:
    """All other real numbers; ``None`` where an end is not a rational number."""
    if pieces is None or any(
        not is_infinite(end) and rational(end) is None for one in pieces for end in (one.low, one.high)
    ):
        return None
    made: list[Stretch] = []
    low: Node = NEGATIVE_INFINITY
    closed = False
    for piece in merged(pieces):
        if not is_infinite(piece.low):
            made.append(Stretch(low, piece.low, closed, not piece.low_closed))
        low, closed = piece.high, not piece.high_closed
    if not pieces or not is_infinite(low):
        made.append(Stretch(low, INFINITY, closed, False))
    return tuple(made)


def _inside(piece: Stretch, point: Node) -> bool:
    p = rational(point)
    low = None if is_infinite(piece.low) else rational(piece.low)
    high = None if is_infinite(piece.high) else rational(piece.high)
    if p is None or (low is None and not is_infinite(piece.low)) or (high is None and not is_infinite(piece.high)):
        return False
    return (low is None or low < p) and (high is None or p < high)


def _both(one: Node, other: Node) -> RealSet | None:
    """``x > 3 and x < 5``; ``k > -2 and k \\ne 0``."""
    assert isinstance(one, Relation)
    assert isinstance(other, Relation)
    if one.signs == (r"\ne",):
        one, other = other, one
    first = real_set(one)
    if first is None or variable(one) != variable(other):
        return None
    if other.signs == (r"\ne",):
        return _without(first, [other.sides[1]])
    second = real_set(other)
    if second is None or len(first) != 1 or len(second) != 1:
        return None
    a, b = first[0], second[0]
    if is_infinite(a.high) and is_infinite(b.low):
        return (Stretch(a.low, b.high, a.low_closed, b.high_closed),)
    if is_infinite(a.low) and is_infinite(b.high):
        return (Stretch(b.low, a.high, b.low_closed, a.high_closed),)
    return None


def variable(node: Node) -> str | None:
    """The letter that an inequality bounds."""
    if not isinstance(node, Relation):
        return None
    return next((side.name for side in node.sides if isinstance(side, Sym) and not is_infinite(side)), None)
