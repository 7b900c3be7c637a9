"""Whether an answer says what the gold says: decided on structure here, on formulas by asking."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from collections.abc import Sequence as Items
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from synthetic1.rewards.math_answers.finished import adds_operators, is_unevaluated
from synthetic1.rewards.math_answers.rounding import rounds_to, same_number
from synthetic1.rewards.math_answers.values import (
    Approximation,
    Based,
    Chain,
    Choice,
    Formula,
    Interval,
    Matrix,
    Number,
    Quantity,
    Sequence,
    Union,
    Value,
    Words,
)
from synthetic1.rewards.quantities.units import Unit

MAX_ITEMS = 60


@dataclass(frozen=True, slots=True)
class Question:
    """What only a symbolic comparison can tell. ``proportional``: the same equation up to a factor."""

    kind: Literal["parses", "equal", "proportional", "close"]
    gold: str
    answer: str


class Unanswered(Exception):
    """The comparison hangs on a question whose answer is not known yet."""

    def __init__(self, question: Question) -> None:
        super().__init__(question)
        self.question = question


Answers = Mapping[Question, bool]


def says_the_same(gold: Value, answer: Value, answers: Answers) -> bool:
    """Whether ``answer`` says what ``gold`` says.

    Args:
        answers: to the questions asked so far.

    Raises:
        Unanswered: one more question has to be answered first.
    """
    return _Comparison(answers).same(gold, answer)


class _Comparison:
    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def ask(self, kind: Literal["equal", "proportional", "close"], gold: str, answer: str) -> bool:
        if gold == answer:
            return True
        question = Question(kind, gold, answer)
        if question not in self._answers:
            raise Unanswered(question)
        return self._answers[question]

    # The rule for each form of gold. The answer may say more than the gold as long as it says nothing else. -----------

    def same(self, gold: Value, answer: Value) -> bool:
        answer = _plain(answer)
        if isinstance(answer, Approximation):  # both sides must be one value, or it would be two answers
            return self._approximates(answer) and (self.same(gold, answer.exact) or self.same(gold, answer.decimal))
        if isinstance(gold, Approximation):
            return self.same(gold.exact, answer) or self.same(gold.decimal, answer)
        if isinstance(answer, Choice) and not isinstance(gold, Choice):
            if answer.value is None:
                return isinstance(gold, Formula) and gold.latex == answer.letter
            return self.same(gold, answer.value)
        if isinstance(gold, Chain) or isinstance(answer, Chain):
            return self._same_chain(gold, answer)
        rule: Callable[..., bool] = getattr(self, f"_same_{type(gold).__name__.lower()}")
        return rule(gold, answer)

    def _same_number(self, gold: Number, answer: Value) -> bool:
        if isinstance(answer, Number):
            return same_number(gold, answer)
        if isinstance(answer, Quantity):
            return _unit_may_be_missing(answer.unit) and self.same(gold, answer.magnitude)
        if isinstance(answer, Based):
            return answer.base == "10" and self.same(gold, Number(Fraction(int(answer.digits))))
        if isinstance(answer, Sequence):
            if answer.kind == "bracket" and len(answer.items) == 1:
                return self.same(gold, answer.items[0])
            return _decimal_comma(answer) == gold.value and gold.decimals is not None
        if isinstance(answer, Formula) and not is_unevaluated(answer.latex):
            return self.ask("equal", _latex(gold), answer.latex)
        return False

    def _same_formula(self, gold: Formula, answer: Value) -> bool:
        if isinstance(answer, Choice):
            return gold.latex == answer.letter
        if isinstance(answer, Words):
            return _letters(gold.latex) == _letters(answer.text) != ""
        if isinstance(answer, Quantity):
            if answer.unit == "degree":
                return self.ask("equal", gold.latex, rf"({_latex(answer.magnitude)})\cdot\frac{{\pi}}{{180}}")
            return _unit_may_be_missing(answer.unit) and self.same(gold, answer.magnitude)
        if isinstance(answer, Sequence) and answer.kind == "bracket" and len(answer.items) == 1:
            return self.same(gold, answer.items[0])
        if isinstance(answer, Number):
            return self.ask("equal", gold.latex, _latex(answer))
        if isinstance(answer, Formula) and not adds_operators(gold.latex, answer.latex):
            return not _changes_case(gold.latex, answer.latex) and self.ask("equal", gold.latex, answer.latex)
        return False

    def _same_quantity(self, gold: Quantity, answer: Value) -> bool:
        if isinstance(answer, Quantity):
            if gold.unit == answer.unit:
                return self.same(gold.magnitude, answer.magnitude)
            if not isinstance(gold.unit, Unit) or not isinstance(answer.unit, Unit):
                return False
            if gold.unit.conflicts_with(answer.unit):
                return False
            if isinstance(gold.magnitude, Number) and isinstance(answer.magnitude, Number):
                converted = answer.magnitude.value * answer.unit.size / gold.unit.size
                exact = gold.magnitude.decimals is None and answer.magnitude.decimals is None
                return same_number(gold.magnitude, Number(converted, None if exact else answer.magnitude.decimals))
            ratio = answer.unit.size / gold.unit.size
            scaled = rf"({_latex(answer.magnitude)})\cdot\frac{{{ratio.numerator}}}{{{ratio.denominator}}}"
            return self.ask("equal", _latex(gold.magnitude), scaled)
        if gold.unit == "degree" and isinstance(answer, Formula) and "\\pi" in answer.latex:
            return self.ask("equal", rf"({_latex(gold.magnitude)})\cdot\frac{{\pi}}{{180}}", answer.latex)
        if gold.unit == "percent" and isinstance(answer, Number) and isinstance(gold.magnitude, Number):
            hundredth = Number(gold.magnitude.value / 100, None)
            return answer.value == hundredth.value or self.same(gold.magnitude, answer)
        return self.same(gold.magnitude, answer)

    def _same_based(self, gold: Based, answer: Value) -> bool:
        """The base has to be said: without it the digits are another number."""
        return isinstance(answer, Based) and (gold.digits, gold.base) == (answer.digits, answer.base)

    def _same_words(self, gold: Words, answer: Value) -> bool:
        if isinstance(answer, Words):
            return _letters(gold.text) == _letters(answer.text)
        return isinstance(answer, Formula) and _letters(gold.text) == _letters(answer.latex) != ""

    def _same_choice(self, gold: Choice, answer: Value) -> bool:
        if isinstance(answer, Choice):
            if gold.letter != answer.letter:
                return False
            return gold.value is None or answer.value is None or self.same(gold.value, answer.value)
        if isinstance(answer, Formula) and answer.latex.upper() == gold.letter:
            return True
        return gold.value is not None and self.same(gold.value, answer)

    def _same_sequence(self, gold: Sequence, answer: Value) -> bool:
        if gold.kind in ("tuple", "bracket"):
            items = _in_order(answer)
            return items is not None and self._all_same(gold.items, items)
        if not gold.items:
            return isinstance(answer, Sequence) and answer.kind in ("set", "list") and not answer.items
        if isinstance(answer, Interval):
            if gold.kind == "list" and answer.ambiguous and not answer.left_closed:
                return self._all_same(gold.items, (answer.left, answer.right))
            return False
        if isinstance(answer, Sequence) and answer.kind in ("set", "list"):
            return self._same_in_any_order(gold.items, answer.items)
        if gold.kind == "list" and isinstance(answer, Sequence):
            return self._all_same(gold.items, answer.items)
        return len(gold.items) == 1 and gold.kind == "set" and self.same(gold.items[0], answer)

    def _same_interval(self, gold: Interval, answer: Value) -> bool:
        if isinstance(answer, Interval):
            ends = (gold.left_closed, gold.right_closed) == (answer.left_closed, answer.right_closed)
            return ends and self.same(gold.left, answer.left) and self.same(gold.right, answer.right)
        if not gold.ambiguous or (gold.left_closed and isinstance(answer, Sequence) and answer.kind == "list"):
            return False  # ``-2, 7`` are two numbers, ``[-2, 7]`` is not
        items = _in_order(answer)
        return items is not None and self._all_same((gold.left, gold.right), items)

    def _same_union(self, gold: Union, answer: Value) -> bool:
        return isinstance(answer, Union) and self._same_in_any_order(gold.parts, answer.parts)

    def _same_matrix(self, gold: Matrix, answer: Value) -> bool:
        if isinstance(answer, Matrix):
            rows: Items[Items[Value]] | None = answer.rows
        else:
            outer = _in_order(answer)
            inner = [_in_order(row) for row in outer or ()]
            rows = [row for row in inner if row is not None]
            if outer is None or len(rows) != len(outer):
                flat = [cell for row in gold.rows for cell in row]
                is_vector = len(gold.rows) == 1 or len(gold.rows[0]) == 1
                return is_vector and outer is not None and self._all_same(flat, outer)
        return rows is not None and len(rows) == len(gold.rows) and all(map(self._all_same, gold.rows, rows))

    def _same_chain(self, gold: Value, answer: Value) -> bool:
        """Names fall away; what is left must all be the gold. ``7 = 5`` is not 5, and ``2x = 10`` not 10."""
        if isinstance(gold, Chain) and not gold.name and len(gold.sides) == 2:
            if not isinstance(answer, Chain):
                return False
            sides = answer.sides if len(answer.sides) == 2 else (Formula(answer.name), *answer.sides)
            if len(sides) != 2:
                return False
            return self.ask("proportional", _equation(gold.sides), _equation(sides))
        if isinstance(gold, Chain):
            if isinstance(answer, Chain):
                if answer.name and gold.name and len(answer.sides) == 1:
                    return self._same_names(gold, answer) and self.same(gold.sides[-1], answer.sides[0])
                if not answer.name and len(answer.sides) == 2 and re.fullmatch(r"[A-Za-z]", gold.name):
                    return self.ask(
                        "proportional", _equation((Formula(gold.name), gold.sides[-1])), _equation(answer.sides)
                    )
            return self.same(gold.sides[-1], answer)
        assert isinstance(answer, Chain)
        return all(self.same(gold, side) for side in answer.sides)

    def _same_names(self, gold: Chain, answer: Chain) -> bool:
        """``x = 5`` is not ``y = 5``; but words on the left are only a way to speak."""
        one = re.compile(r"\\?[A-Za-z]+(?:\([a-z]\))?")
        letters = [name for name in (gold.name, answer.name) if one.fullmatch(name) and len(name.strip("\\")) == 1]
        return len(letters) < 2 or gold.name == answer.name

    def _approximates(self, answer: Approximation) -> bool:
        if isinstance(answer.exact, Number) and isinstance(answer.decimal, Number):
            return rounds_to(answer.exact.value, answer.decimal)
        if isinstance(answer.exact, Formula) and isinstance(answer.decimal, Number):
            return self.ask("close", answer.exact.latex, _latex(answer.decimal))
        return False

    def _all_same(self, gold: Items[Value], answer: Items[Value]) -> bool:
        return len(gold) == len(answer) and all(map(self.same, gold, answer))

    def _same_in_any_order(self, gold: Items[Value], answer: Items[Value]) -> bool:
        if len(gold) != len(answer) or len(gold) > MAX_ITEMS:
            return False
        left = list(answer)
        for item in gold:
            for index, other in enumerate(left):
                if self.same(item, other):
                    del left[index]
                    break
            else:
                return False
        return True


def _decimal_comma(answer: Sequence) -> Fraction | None:
    """``2,5`` read as a decimal comma."""
    if answer.kind != "list" or len(answer.items) != 2:
        return None
    whole, part = answer.items
    if not isinstance(whole, Number) or not isinstance(part, Number) or part.value < 0:
        return None
    whole_numbers = all(number.decimals is None and number.value.denominator == 1 for number in (whole, part))
    return Fraction(f"{whole.value}.{part.value}") if whole_numbers else None


# Forms ----------------------------------------------------------------------------------------------------------------


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


def _unit_may_be_missing(unit: Unit | str) -> bool:
    """Whether a gold without unit may be answered with this one: not with percent, which is another number."""
    return unit != "percent"


def _latex(value: Number | Formula) -> str:
    if isinstance(value, Formula):
        return value.latex
    number = value.value
    if number.denominator == 1:
        return str(number.numerator)
    if value.decimals is not None and value.decimals <= 60:
        sign, scaled = "-" if number < 0 else "", abs(number) * 10**value.decimals
        if scaled.denominator == 1:
            digits = str(scaled.numerator).rjust(value.decimals + 1, "0")
            return f"{sign}{digits[: -value.decimals] if value.decimals else digits}.{digits[-value.decimals :]}"
    sign = "-" if number < 0 else ""
    return rf"{sign}\frac{{{abs(number.numerator)}}}{{{number.denominator}}}"


def _equation(sides: Items[Value]) -> str:
    left, right = (_latex(side) if isinstance(side, Number | Formula) else "" for side in sides)
    return f"({left})-({right})" if left and right else "\\text{none}"


def _changes_case(gold: str, answer: str) -> bool:
    """Whether the answer has a symbol in place of its other case: ``X`` is not ``x``, but ``I`` may be ``i``."""
    bare = [re.sub(r"\\[A-Za-z]+", "", text) for text in (gold, answer)]
    symbols, others = (set(re.findall(r"[A-Za-z]", text)) for text in bare)
    changed = {symbol for symbol in others - symbols if symbol.swapcase() in symbols - others}
    return bool(changed - {"I", "i"})


def _letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", re.sub(r"\\[A-Za-z]+", "", text).lower())
