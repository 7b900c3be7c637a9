r"""Functions in pieces, the last of which may be "otherwise"."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from synthetic1.rewards.math_answers.grammar.tree import Matrix, Measured, Node, Raw, Relation, Sym, Text
from synthetic1.rewards.math_answers.real_sets import RealSet, bounded_letters, complement, merged, points, real_set

_OTHERWISE = re.compile(
    r"(?:or )?(?:otherwise|else(?:where)?|(?:in )?(?:all )?other cases"
    r"|(?:for )?(?:all )?other(?: values(?: of)?)? [a-z])",
    re.IGNORECASE,
)
_PARITY = re.compile(r"(?:if )?([a-z]) (?:is )?(?:an )?(even|odd)", re.IGNORECASE)
_OPPOSITE = {"even": "odd", "odd": "even", r"\in": r"\notin", r"\notin": r"\in"}


@dataclass(frozen=True)
class FunctionPiece:
    r"""A value, and where the function has it: a set of numbers, or ``even``, ``odd``, ``\in`` or ``\notin`` of one."""

    value: Node
    where: RealSet | str


def is_otherwise(node: Node) -> bool:
    words = node.words if isinstance(node, Text) else node.text if isinstance(node, Raw) else ""
    return _OTHERWISE.fullmatch(" ".join(words.split()).strip(" .,")) is not None


def has_otherwise(node: Matrix) -> bool:
    return any(len(row) == 2 and is_otherwise(row[1]) for row in node.rows)


def pieces(node: Matrix) -> tuple[FunctionPiece, ...] | None:
    """The pieces, what holds otherwise as all that is left; ``None`` where a condition is not understood."""
    found: list[FunctionPiece] = []
    for place, row in enumerate(node.rows):
        if len(row) != 2:
            return None
        if is_otherwise(row[1]):
            left = _left(found) if place == len(node.rows) - 1 else None
            if left is None:
                return None
            found.append(FunctionPiece(row[0], left))
            continue
        where = _where(row[1])
        if where is None:
            return None
        found.append(FunctionPiece(row[0], where))
    return tuple(found)


def _where(condition: Node) -> RealSet | str | None:
    if isinstance(condition, Text | Measured):  # ``n \\text{ is even}``
        letter = f"{condition.arg.name} " if isinstance(condition, Measured) and isinstance(condition.arg, Sym) else ""
        words = condition.words if isinstance(condition, Text) else letter + condition.unit
        parity = _PARITY.fullmatch(" ".join(words.split()))
        return None if parity is None else parity[2].lower()
    if (found := points(condition) or real_set(condition)) is not None:
        return found
    match condition:
        case Relation((Sym(letter), among), (r"\in" | r"\notin" as sign,)):
            return f"{sign} {letter} {among!r}"
    return None


def _left(found: list[FunctionPiece]) -> RealSet | str | None:
    where = [piece.where for piece in found]
    if len(where) == 1 and isinstance(where[0], str):
        kind, _, of = where[0].partition(" ")
        return f"{_OPPOSITE[kind]} {of}".strip()
    sets = [one for one in where if not isinstance(one, str)]
    return complement(tuple(piece for one in sets for piece in one)) if len(sets) == len(where) > 0 else None


def same_piecewise(
    gold: Matrix,
    answer: Matrix,
    same: Callable[[Node, Node], bool],
    same_sets: Callable[[RealSet, RealSet], bool],
) -> bool:
    """Whether two functions, one of which says "otherwise", have the same values at the same places."""
    one, other = pieces(gold), pieces(answer)
    if one is None or other is None:
        return _same_otherwise(gold, answer, same)
    letters = [frozenset().union(*(bounded_letters(row[1]) for row in node.rows)) for node in (gold, answer)]
    if letters[0] != letters[1]:
        return False
    left = _joined(other, same)
    for piece in _joined(one, same):
        place = next((n for n, found in enumerate(left) if same(piece.value, found.value)), None)
        if place is None or not _same_place(piece.where, left[place].where, same_sets):
            return False
        del left[place]
    return not left


def _joined(found: tuple[FunctionPiece, ...], same: Callable[[Node, Node], bool]) -> list[FunctionPiece]:
    """Pieces of one value as one."""
    made: list[FunctionPiece] = []
    for piece in found:
        place = next((n for n, one in enumerate(made) if same(one.value, piece.value)), None)
        if place is None:
            made.append(piece)
            continue
        before = made[place].where
        if isinstance(before, str) or isinstance(piece.where, str):
            made.append(piece)
        else:
            made[place] = FunctionPiece(made[place].value, merged((*before, *piece.where)))
    return made


def _same_place(one: RealSet | str, other: RealSet | str, same_sets: Callable[[RealSet, RealSet], bool]) -> bool:
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    return same_sets(one, other)


def _same_otherwise(gold: Matrix, answer: Matrix, same: Callable[[Node, Node], bool]) -> bool:
    """Conditions that nobody understands have to be the same, one by one; what holds otherwise comes last in both."""
    if len(gold.rows) != len(answer.rows) or any(len(row) != 2 for row in (*gold.rows, *answer.rows)):
        return False
    if not all(is_otherwise(node.rows[-1][1]) for node in (gold, answer)) or not same(
        gold.rows[-1][0], answer.rows[-1][0]
    ):
        return False
    left = list(answer.rows[:-1])
    for value, condition in gold.rows[:-1]:
        place = next((n for n, row in enumerate(left) if same(value, row[0]) and same(condition, row[1])), None)
        if place is None:
            return False
        del left[place]
    return True
