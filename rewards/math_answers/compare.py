"""Whether an answer is the gold: decided on structure here, on formulas by asking."""

from __future__ import annotations

import re
from collections.abc import Generator
from collections.abc import Sequence as Items
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from synthetic1.rewards.math_answers.scalars import rounds_to, same_number
from synthetic1.rewards.math_answers.screen import adds_operators, is_unevaluated
from synthetic1.rewards.math_answers.values import (
    Approximation,
    Based,
    Chain,
    ChoiceLetter,
    Formula,
    Interval,
    Matrix,
    Measured,
    Number,
    Sequence,
    Union,
    Value,
    Words,
)
from synthetic1.rewards.quantities.units import Unit

MAX_ITEMS = 60


@dataclass(frozen=True, slots=True)
class SymbolicQuestion:
    """What only a symbolic comparison can tell. ``proportional``: the same equation up to a factor."""

    kind: Literal["parses", "equal", "proportional", "close"]
    gold: str
    answer: str


Comparison = Generator[SymbolicQuestion, bool, bool]
"""Yields what it has to know, is sent the answer, and returns whether the two are equivalent. One that ends without a
question was decided by rules alone. It may ask the same again."""


def is_equivalent(gold: Value, answer: Value) -> Comparison:
    """Whether ``answer`` says what ``gold`` says. It may say more, as long as it says nothing else."""
    answer = _plain(answer)
    if isinstance(answer, Approximation):  # both sides must be one value, or it would be two answers
        return (yield from _approximates(answer)) and (
            (yield from is_equivalent(gold, answer.exact)) or (yield from is_equivalent(gold, answer.decimal))
        )
    if isinstance(gold, Approximation):
        return (yield from is_equivalent(gold.exact, answer)) or (yield from is_equivalent(gold.decimal, answer))
    if isinstance(answer, ChoiceLetter) and not isinstance(gold, ChoiceLetter):
        if answer.value is None:
            return isinstance(gold, Formula) and gold.latex == answer.letter
        return (yield from is_equivalent(gold, answer.value))
    if isinstance(gold, Chain) or isinstance(answer, Chain):
        return (yield from _chain(gold, answer))
    match gold:
        case Number():
            return (yield from _number(gold, answer))
        case Formula():
            return (yield from _formula(gold, answer))
        case Measured():
            return (yield from _measured(gold, answer))
        case Sequence():
            return (yield from _sequence(gold, answer))
        case Interval():
            return (yield from _interval(gold, answer))
        case Union():
            return isinstance(answer, Union) and (yield from _in_any_order(gold.parts, answer.parts))
        case Matrix():
            return (yield from _matrix(gold, answer))
        case ChoiceLetter():
            return (yield from _choice(gold, answer))
        case Words():
            return _words(gold, answer)
        case Based():  # the base has to be said: without it the digits are another number
            return isinstance(answer, Based) and (gold.digits, gold.base) == (answer.digits, answer.base)


def _ask(kind: Literal["equal", "proportional", "close"], gold: str, answer: str) -> Comparison:
    """The answer to a question; formulas that are written alike need none."""
    return gold == answer or (yield SymbolicQuestion(kind, gold, answer))


# The rule for each form of gold ---------------------------------------------------------------------------------------


def _number(gold: Number, answer: Value) -> Comparison:
    match answer:
        case Number():
            return same_number(gold, answer)
        case Measured():
            return _unit_may_be_missing(answer.unit) and (yield from is_equivalent(gold, answer.magnitude))
        case Based():
            return answer.base == "10" and same_number(gold, Number(Fraction(int(answer.digits))))
        case Sequence(kind="bracket", items=(item,)):
            return (yield from is_equivalent(gold, item))
        case Sequence():
            return _decimal_comma(answer) == gold.value and gold.decimals is not None
        case Formula() if not is_unevaluated(answer.latex):
            return (yield from _ask("equal", gold.latex, answer.latex))
    return False


def _formula(gold: Formula, answer: Value) -> Comparison:
    match answer:
        case Words():
            return _letters(gold.latex) == _letters(answer.text) != ""
        case Measured(unit="degree"):
            radians = rf"({answer.magnitude.latex})\cdot\frac{{\pi}}{{180}}"
            return (yield from _ask("equal", gold.latex, radians))
        case Measured():
            return _unit_may_be_missing(answer.unit) and (yield from is_equivalent(gold, answer.magnitude))
        case Sequence(kind="bracket", items=(item,)):
            return (yield from is_equivalent(gold, item))
        case Number():
            return (yield from _ask("equal", gold.latex, answer.latex))
        case Formula() if not adds_operators(gold.latex, answer.latex):
            return not _changes_case(gold.latex, answer.latex) and (yield from _ask("equal", gold.latex, answer.latex))
    return False


def _measured(gold: Measured, answer: Value) -> Comparison:
    match gold.unit, answer:
        case _, Measured() if gold.unit == answer.unit:
            return (yield from is_equivalent(gold.magnitude, answer.magnitude))
        case Unit() as unit, Measured(magnitude, Unit() as its_unit):
            return (yield from _converted(gold.magnitude, unit, magnitude, its_unit))
        case _, Measured():
            return False
        case "degree", Formula() if "\\pi" in answer.latex:
            radians = rf"({gold.magnitude.latex})\cdot\frac{{\pi}}{{180}}"
            return (yield from _ask("equal", radians, answer.latex))
        case "percent", Number() if isinstance(gold.magnitude, Number) and answer.value == gold.magnitude.value / 100:
            return True
    return (yield from is_equivalent(gold.magnitude, answer))


def _converted(gold: Number | Formula, unit: Unit, answer: Number | Formula, its_unit: Unit) -> Comparison:
    if unit.conflicts_with(its_unit):
        return False
    ratio = its_unit.size / unit.size
    if isinstance(gold, Number) and isinstance(answer, Number):
        exact = gold.decimals is None and answer.decimals is None
        return same_number(gold, Number(answer.value * ratio, None if exact else answer.decimals))
    scaled = rf"({answer.latex})\cdot\frac{{{ratio.numerator}}}{{{ratio.denominator}}}"
    return (yield from _ask("equal", gold.latex, scaled))


def _words(gold: Words, answer: Value) -> bool:
    if isinstance(answer, Words):
        return _letters(gold.text) == _letters(answer.text)
    return isinstance(answer, Formula) and _letters(gold.text) == _letters(answer.latex) != ""


def _choice(gold: ChoiceLetter, answer: Value) -> Comparison:
    if isinstance(answer, ChoiceLetter):
        if gold.letter != answer.letter:
            return False
        return gold.value is None or answer.value is None or (yield from is_equivalent(gold.value, answer.value))
    if isinstance(answer, Formula) and answer.latex.upper() == gold.letter:
        return True
    return gold.value is not None and (yield from is_equivalent(gold.value, answer))


def _sequence(gold: Sequence, answer: Value) -> Comparison:
    if gold.kind in ("tuple", "bracket"):
        items = _in_order(answer)
        return items is not None and (yield from _all_equivalent(gold.items, items))
    if not gold.items:
        return isinstance(answer, Sequence) and answer.kind in ("set", "list") and not answer.items
    match answer:
        case Interval():
            is_list = gold.kind == "list" and answer.ambiguous and not answer.left_closed
            return is_list and (yield from _all_equivalent(gold.items, (answer.left, answer.right)))
        case Sequence(kind="set" | "list"):
            return (yield from _in_any_order(gold.items, answer.items))
        case Sequence() if gold.kind == "list":
            return (yield from _all_equivalent(gold.items, answer.items))
    return len(gold.items) == 1 and gold.kind == "set" and (yield from is_equivalent(gold.items[0], answer))


def _interval(gold: Interval, answer: Value) -> Comparison:
    if isinstance(answer, Interval):
        ends = (gold.left_closed, gold.right_closed) == (answer.left_closed, answer.right_closed)
        return ends and (yield from _all_equivalent((gold.left, gold.right), (answer.left, answer.right)))
    if not gold.ambiguous or (gold.left_closed and isinstance(answer, Sequence) and answer.kind == "list"):
        return False  # ``-2, 7`` are two numbers, ``[-2, 7]`` is not
    items = _in_order(answer)
    return items is not None and (yield from _all_equivalent((gold.left, gold.right), items))


def _matrix(gold: Matrix, answer: Value) -> Comparison:
    rows = answer.rows if isinstance(answer, Matrix) else _rows(answer)
    if rows is None:
        flat, items = [cell for row in gold.rows for cell in row], _in_order(answer)
        is_vector = len(gold.rows) == 1 or len(gold.rows[0]) == 1
        return is_vector and items is not None and (yield from _all_equivalent(flat, items))
    if len(rows) != len(gold.rows):
        return False
    for row, other in zip(gold.rows, rows, strict=True):
        if not (yield from _all_equivalent(row, other)):
            return False
    return True


def _chain(gold: Value, answer: Value) -> Comparison:
    """Names fall away; what is left must all be the gold. ``7 = 5`` is not 5, and ``2x = 10`` not 10."""
    match gold, answer:
        case Chain(name="", sides=(_, _)), Chain():
            sides = answer.sides if len(answer.sides) == 2 else (Formula(answer.name), *answer.sides)
            if len(sides) != 2:
                return False
            return (yield from _ask("proportional", _equation(gold.sides), _equation(sides)))
        case Chain(name="", sides=(_, _)), _:
            return False
        case Chain(), Chain(sides=(side,)) if answer.name and gold.name:
            return _may_share_value(gold.name, answer.name) and (yield from is_equivalent(gold.sides[-1], side))
        case Chain(), Chain(name="", sides=(_, _)) if re.fullmatch(r"[A-Za-z]", gold.name):
            named = _equation((Formula(gold.name), gold.sides[-1]))
            return (yield from _ask("proportional", named, _equation(answer.sides)))
        case Chain(), _:
            return (yield from is_equivalent(gold.sides[-1], answer))
        case _, Chain():
            for side in answer.sides:
                if not (yield from is_equivalent(gold, side)):
                    return False
            return True
    raise AssertionError("one of the two is a chain")


def _approximates(answer: Approximation) -> Comparison:
    match answer.exact, answer.decimal:
        case Number() as exact, Number() as decimal:
            return rounds_to(exact.value, decimal)
        case Formula() as exact, Number() as decimal:
            return (yield from _ask("close", exact.latex, decimal.latex))
    return False


def _all_equivalent(gold: Items[Value], answer: Items[Value]) -> Comparison:
    if len(gold) != len(answer):
        return False
    for item, other in zip(gold, answer, strict=True):
        if not (yield from is_equivalent(item, other)):
            return False
    return True


def _in_any_order(gold: Items[Value], answer: Items[Value]) -> Comparison:
    if len(gold) != len(answer) or len(gold) > MAX_ITEMS:
        return False
    left = list(answer)
    for item in gold:
        for index, other in enumerate(left):
            if (yield from is_equivalent(item, other)):
                del left[index]
                break
        else:
            return False
    return True


# Forms ----------------------------------------------------------------------------------------------------------------


def _may_share_value(name: str, other: str) -> bool:
    """``x = 5`` is not ``y = 5``; but words on the left are only a way to speak."""
    one = re.compile(r"\\?[A-Za-z]+(?:\([a-z]\))?")
    letters = [name for name in (name, other) if one.fullmatch(name) and len(name.strip("\\")) == 1]
    return len(letters) < 2 or name == other


def _decimal_comma(answer: Sequence) -> Fraction | None:
    """``2,5`` read as a decimal comma."""
    if answer.kind != "list" or len(answer.items) != 2:
        return None
    whole, part = answer.items
    if not isinstance(whole, Number) or not isinstance(part, Number) or part.value < 0:
        return None
    whole_numbers = all(number.decimals is None and number.value.denominator == 1 for number in (whole, part))
    return Fraction(f"{whole.value}.{part.value}") if whole_numbers else None


def _plain(answer: Value) -> Value:
    """The answer without a set or bracket that holds nothing but it."""
    if isinstance(answer, Sequence) and answer.kind == "list" and len(answer.items) == 1:
        return answer.items[0]
    return answer


def _in_order(answer: Value) -> Items[Value] | None:
    """The parts of something ordered."""
    if isinstance(answer, Sequence) and answer.kind != "set":
        return [item.sides[-1] if isinstance(item, Chain) and item.name else item for item in answer.items]
    if isinstance(answer, Interval) and answer.ambiguous:
        return answer.left, answer.right
    if isinstance(answer, Matrix) and (len(answer.rows) == 1 or len(answer.rows[0]) == 1):
        return [cell for row in answer.rows for cell in row]
    return None


def _rows(answer: Value) -> list[Items[Value]] | None:
    """The parts of something ordered whose parts all are."""
    outer = _in_order(answer)
    rows = [row for row in map(_in_order, outer or ()) if row is not None]
    return rows if outer is not None and len(rows) == len(outer) else None


def _unit_may_be_missing(unit: Unit | str) -> bool:
    """Whether a gold without unit may be answered with this one: not with percent, which is another number."""
    return unit != "percent"


def _equation(sides: Items[Value]) -> str:
    left, right = (side.latex if isinstance(side, Number | Formula) else "" for side in sides)
    return f"({left})-({right})" if left and right else "\\text{none}"


def _changes_case(gold: str, answer: str) -> bool:
    """Whether the answer has a symbol in place of its other case: ``X`` is not ``x``, but ``I`` may be ``i``."""
    bare = [re.sub(r"\\[A-Za-z]+", "", text) for text in (gold, answer)]
    symbols, others = (set(re.findall(r"[A-Za-z]", text)) for text in bare)
    changed = {symbol for symbol in others - symbols if symbol.swapcase() in symbols - others}
    return bool(changed - {"I", "i"})


def _letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", re.sub(r"\\[A-Za-z]+", "", text).lower())
