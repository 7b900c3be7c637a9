r"""Values that a whole number counts: ``\\frac{\\pi}{4} + k\\pi`` for ``k \\in \\mathbb{Z}``, by whatever letter.

Also intervals and tuples of such values, ``(2k\\pi, 2k\\pi + \\pi)``, all of whose parts one letter counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from synthetic1.rewards.math_answers.conditions import domain, domains
from synthetic1.rewards.math_answers.evaluate import AGREE, MP, NotANumber, Undefined, agree, symbols, value
from synthetic1.rewards.math_answers.exact import rational
from synthetic1.rewards.math_answers.forms import ORDER, turned, value_of
from synthetic1.rewards.math_answers.grammar.tree import (
    Applied,
    Bracketed,
    Expression,
    Items,
    Node,
    Relation,
    SetBuilder,
    Sym,
)

COUNTING = frozenset("knmKNM")
"""Letters that count where nothing says what they are."""
_WHOLE = ("Z", "N")


@dataclass(frozen=True, slots=True)
class Progression:
    """``start + k * step`` for all integers ``k``, of each part."""

    shape: tuple[str, ...]
    """What stands between and around the parts."""
    starts: tuple[Any, ...]
    steps: tuple[Any, ...]


def same_progressions(gold: Node, answer: Node) -> bool | None:
    """Whether both are the same values; ``None`` where the gold does not say that a letter of its counts them."""
    if isinstance(gold, Relation) and (classes := _residues(gold)) is not None:
        return _same_class(classes, gold, answer)
    counts = counted_by(gold)
    one = None if counts is None else progression(_counted(gold), counts[0])
    if one is None or counts is None:
        return None
    letter, among = counts
    named = counted_by(answer)
    counted = _counted(answer)
    if named is None and domains(answer).keys() & (COUNTING | {letter}):
        return False  # counted by something other than a whole number
    if named is None and isinstance(counted, Expression | Bracketed):
        parts = (counted,) if isinstance(counted, Expression) else counted.items
        letters = [symbols_of(part) for part in parts]
        if any(found is None for found in letters):
            return None
        names = frozenset().union(*(found for found in letters if found is not None))
        named = (next(iter(names)), among) if len(names) == 1 and names <= COUNTING | {letter} else None
    other = None if named is None else progression(counted, named[0])
    if other is None or named is None:
        return False if named is not None and isinstance(counted, Expression) else None
    if one.shape != other.shape or named[1] != among:
        return False
    for way in (1, -1):
        if all(agree(a, way * b) for a, b in zip(one.steps, other.steps, strict=True)) and _shifted(one, other, among):
            return True
    return False


def _residues(node: Node) -> Progression | None:
    """All numbers that ``x \\equiv 5 \\pmod{12}`` says."""
    match node:
        case Relation((Sym(), Applied("mod", (first, modulus), None)), (r"\equiv",)):
            start, step = rational(first), rational(modulus)
            if start is not None and step:
                return Progression((), (MP.mpc(int(start)),), (MP.mpc(int(step)),)) if start.denominator == 1 else None
    return None


def _same_class(classes: Progression, gold: Relation, answer: Node) -> bool | None:
    """Whether an answer says the same of all numbers that leave a remainder; ``None`` where it speaks otherwise."""
    other = _residues(answer)
    named = next((one for one in (answer.items if isinstance(answer, Items) else (answer,)) if _is_named(one)), None)
    if isinstance(named, Relation) and named.sides[0] != gold.sides[0]:
        return None
    if other is None:
        counts = counted_by(answer)
        names = symbols_of(value_of(answer)) or frozenset()
        if counts is None and len(names) == 1 and names <= COUNTING:
            counts = (next(iter(names)), "Z")
        other = None if counts is None or counts[1] != "Z" else progression(_counted(answer), counts[0])
    if other is None or other.shape:
        return None
    return any(agree(classes.steps[0], way * other.steps[0]) and _shifted(classes, other, "Z") for way in (1, -1))


def _is_named(node: Node) -> bool:
    return isinstance(node, Relation) and node.signs in (("=",), (r"\equiv",))


def _shifted(one: Progression, other: Progression, among: str) -> bool:
    """Whether all parts begin the same whole number of steps apart; none, where only naturals count."""
    turns = []
    for a, b, step in zip(one.starts, other.starts, one.steps, strict=True):
        if abs(step) <= AGREE:
            if not agree(a, b):
                return False
        else:
            turns.append((a - b) / step)
    first = turns[0]
    if any(abs(turn - first) > AGREE * 10**10 for turn in turns):
        return False
    nearest = MP.nint(first.real)
    return bool(abs(first - nearest) <= AGREE * 10**10) and (among == "Z" or nearest == 0)


def counted_by(node: Node) -> tuple[str, str] | None:
    """The letter of which ``node`` says that it is any integer (``Z``) or natural number (``N``, as written)."""
    match node:
        case Bracketed(r"\{", _, (SetBuilder() as inside,)):
            return counted_by(inside)
        case SetBuilder(_, condition):
            return counted_by(condition)
        case Items(items, _):
            found = [letter for item in items if (letter := counted_by(item)) is not None]
            return found[0] if len(found) == 1 else None
    found_domain = domain(node)
    return found_domain if found_domain is not None and found_domain[1].startswith(_WHOLE) else None


def _counted(node: Node) -> Node:
    """What is counted: without the condition, and without a name before it."""
    match node:
        case SetBuilder(element, condition):
            inside = _counted(condition)
            return inside if isinstance(element, Sym) and isinstance(condition, Items) else _counted(element)
        case Items(items, _):
            kept = [item for item in items if counted_by(item) is None]
            return _counted(kept[0]) if len(kept) == 1 else node
        case Relation((Sym(), values), (r"\in",)):
            return values
    return value_of(node)


def progression(node: Node, letter: str) -> Progression | None:
    """The values of a formula whose only letter counts, if they are evenly spaced; or of each part of an interval."""
    parts, shape = _parts(node, letter)
    if parts is None or all(isinstance(part, Expression) and symbols_of(part) == frozenset() for part in parts):
        return None
    starts, steps = [], []
    for part in parts:
        names = symbols_of(part)
        if names is None or not names <= {letter}:
            return None
        try:
            values = [value(part, {letter: MP.mpf(k)}) for k in range(-3, 4)]
        except (NotANumber, Undefined):
            return None
        between = [after - before for before, after in pairwise(values)]
        if not all(agree(step, between[0]) for step in between):
            return None
        starts.append(MP.mpc(values[3]))
        steps.append(MP.mpc(between[0]))
    if all(abs(step) <= AGREE for step in steps):
        return None
    return Progression(shape, tuple(starts), tuple(steps))


def _parts(node: Node, letter: str) -> tuple[tuple[Node, ...] | None, tuple[str, ...]]:
    """The formulas that a letter counts, and what stands around them."""
    match node:
        case Expression():
            return (node,), ()
        case Bracketed(open_, close, items) if open_ != r"\{":
            return items, (open_, close)
        case Relation(sides, signs) if len(sides) == 3 and isinstance(sides[1], Sym) and sides[1].name != letter:
            way = {ORDER[sign][1] for sign in signs if sign in ORDER}
            if len(way) == 1 and all(sign in ORDER for sign in signs):
                if way == {-1}:
                    return _parts(turned(node), letter)
                return (sides[0], sides[2]), ("[" if signs[0] == r"\le" else "(", "]" if signs[1] == r"\le" else ")")
    return None, ()


def symbols_of(node: Node) -> frozenset[str] | None:
    """The letters of a formula; ``None`` of anything else."""
    try:
        return symbols(node)
    except NotANumber:
        return None
