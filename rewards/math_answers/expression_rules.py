r"""Comparing numbers, formulas and quantities."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import permutations

from synthetic1.rewards.math_answers.evaluate import NotANumber, Undefined, symbols, value
from synthetic1.rewards.math_answers.exact import (
    fewest_decimals,
    fewest_digits,
    number,
    rational,
    same_number,
)
from synthetic1.rewards.math_answers.forms import (
    has_i,
    has_letters,
    is_set,
    lifted,
    plus_minus_values,
    substituted,
    with_i,
)
from synthetic1.rewards.math_answers.grammar.phrases import spelled_number
from synthetic1.rewards.math_answers.grammar.spelling import COUNTED, JOINED, LIMITS, MEASURES
from synthetic1.rewards.math_answers.grammar.tree import (
    Applied,
    Based,
    Bracketed,
    Expression,
    Items,
    Matrix,
    Measured,
    Node,
    Num,
    Quotient,
    Relation,
    Scaled,
    Sym,
)
from synthetic1.rewards.math_answers.idioms.counting import is_count
from synthetic1.rewards.math_answers.idioms.measures import is_another_power, joined_unit
from synthetic1.rewards.math_answers.prompt import stands_in
from synthetic1.rewards.math_answers.rules import Rules
from synthetic1.rewards.math_answers.structure import same_written
from synthetic1.rewards.math_answers.work import (
    arithmetic_left,
    complex_work_left,
    functions_left,
    is_decimal_multiple,
    is_unfinished_number,
    kin_of_functions,
)
from synthetic1.rewards.quantities.units import is_unit, read_unit

CONSTANT = re.compile(r"[Cc](?:_\{\d\})?")
CONSTANTS_NAME = re.compile(r"[A-DKa-dk](?:_\{\d\})?|\\lambda")
"""What constants of integration are called, ``C`` in a gold, others in answers."""


class ExpressionRules(Rules):
    """Numbers exactly, formulas by identity testing, units by what they measure."""

    def gold_against_items(self, gold: Node, answer: Items) -> bool:
        """Whether several things are the one value that is asked for, as ``2,5`` may be."""
        raise NotImplementedError

    def same_expression(self, gold: Node, answer: Node) -> bool:
        if isinstance(answer, Items):
            return self.gold_against_items(gold, answer)
        if isinstance(answer, Relation) and self.asked.ratio:
            return answer.signs == (":",) and self.same_expression(gold, Quotient(*answer.sides))
        if isinstance(answer, Bracketed):
            if is_set(answer) and not answer.items and gold == Sym(r"\emptyset"):
                return True
            if gold_set := plus_minus_values(gold):
                return is_set(answer) and self.in_any_order(gold_set, answer.items)
            return False
        if isinstance(answer, Matrix) and isinstance(gold, Applied) and gold.name == "binom":
            return False
        if not isinstance(answer, Expression):
            return False
        gold, answer = lifted(gold), lifted(answer)
        g_values, a_values = plus_minus_values(gold), plus_minus_values(answer)
        if g_values or a_values:
            return bool(g_values and a_values) and self.in_any_order(g_values or (), a_values or ())
        if isinstance(gold, Applied) and gold.name == "mod":
            if isinstance(answer, Applied) and answer.name == "mod":
                return self.all_same(gold.args, answer.args)
            return self.same_expression(gold.args[0], answer)
        if isinstance(answer, Applied) and answer.name == "mod":
            value, modulus = map(rational, answer.args)
            least = value is not None and modulus is not None and 0 <= value < modulus
            return (
                (self.asked.modulus or not self.asked.wholes) and least and self.same_expression(gold, answer.args[0])
            )
        if isinstance(gold, Measured):
            return self.same_measured(gold, answer)
        if isinstance(answer, Measured):
            if answer.factors is not None and has_letters(gold):
                return self.same_expression(gold, answer.factors)
            return self.unit_may_be_added(answer) and self.same_expression(gold, answer.arg)
        if isinstance(gold, Scaled) or isinstance(answer, Scaled):
            return self.same_scaled(gold, answer)
        if not has_letters(gold) and (joined := joined_unit(answer)) is not None:
            return self.same_expression(gold, joined)
        if isinstance(gold, Based) or isinstance(answer, Based):
            if isinstance(gold, Based) and isinstance(answer, Num) and self.asked.base == gold.base:
                return answer.decimals is None and str(answer.value) == gold.digits
            return gold == answer or (
                isinstance(answer, Based) and answer.base == 10 and rational(answer) == rational(gold)
            )
        g, a = number(gold), number(answer)
        if g is not None and a is not None:
            rounded = g.value != a.value and self.asked.exact
            return not rounded and same_number(g, a) and not self.is_unfinished(answer)
        exact_gold = rational(gold)
        if exact_gold is not None and arithmetic_left(gold) == 0 and not is_unfinished_number(gold):
            return self.same_as_rational(gold, exact_gold, answer)
        return self.same_formula(gold, answer)

    def same_as_rational(self, gold: Node, exact: Fraction, answer: Node) -> bool:
        if self.is_unfinished(answer):
            return False
        found = rational(answer)
        if found is not None:
            return found == exact
        a = number(answer)
        if a is not None:
            return same_number(Num(exact), a)
        if (written := number(gold)) is not None and written.decimals is not None:
            return self.identical(gold, answer) is True or self.rounds(answer, written)
        return self.identical(gold, answer) is True

    def is_unfinished(self, answer: Node) -> bool:
        counts = not self.asked.work and is_count(answer)
        return not (self.asked.any_form or counts) and is_unfinished_number(answer)

    def leaves_work(self, gold: Node, answer: Node) -> bool:
        """Whether a formula leaves more to be worked out than the gold does."""
        if self.asked.any_form:
            return False
        if arithmetic_left(answer) > arithmetic_left(gold):
            return True
        if functions_left(answer) - functions_left(gold) - kin_of_functions(gold):
            return True
        return has_i(gold) and not complex_work_left(gold) and complex_work_left(answer)

    def same_formula(self, gold: Node, answer: Node) -> bool:
        if self.leaves_work(gold, answer):
            return False
        try:
            g_names, a_names = symbols(gold), symbols(answer)
            if has_i(gold) and "I" in a_names - g_names:  # the imaginary unit, as some write it
                answer = with_i(answer)
                a_names -= {"I"}
        except NotANumber:
            return False
        if (renamed := self.with_constants_of(gold, answer, g_names, a_names)) is not None:
            return any(self.identical(gold, one) is True for one in renamed)
        constants = sorted(name for name in g_names if CONSTANT.fullmatch(name))
        if g_names == a_names and len(constants) == 2 and self.identical(gold, answer) is not True:
            return self.identical(gold, substituted(answer, dict(zip(constants, constants[::-1], strict=True)))) is True
        if not a_names <= g_names or _changes_case(g_names, a_names):
            return False
        a, g = number(answer), number(gold)
        if not g_names:
            if a is not None and a.decimals is not None and g is None:
                return self.rounds(gold, a)
            if g is not None and g.decimals is not None:
                return self.rounds(answer, g)
        decimals = fewest_decimals(gold), fewest_decimals(answer)
        if decimals[0] is None and not is_decimal_multiple(answer):
            decimals = (None, None)  # what is exact is not rounded
        tolerance = 1e-6 if any(d is not None for d in decimals) and g_names else None
        if not g_names and any(d is not None for d in decimals):
            tolerance = 0.5 * 10.0 ** -(max(4, min(fewest_digits(gold) or 15, fewest_digits(answer) or 15)) - 1)
        verdict = self.identical(gold, answer, tolerance=tolerance)
        if verdict is None:
            return same_written(gold, answer)
        return verdict

    @staticmethod
    def with_constants_of(
        gold: Node, answer: Node, g_names: frozenset[str], a_names: frozenset[str]
    ) -> list[Node] | None:
        """``answer`` with its constants of integration called as in ``gold``; None if none is called otherwise."""
        missing, extra = sorted(g_names - a_names), sorted(a_names - g_names)
        if not missing or len(missing) != len(extra) or len(missing) > 2:
            return None
        constants = sorted(name for name in g_names if CONSTANT.fullmatch(name))
        if constants != missing or not all(map(CONSTANTS_NAME.fullmatch, extra)):
            return None
        return [substituted(answer, dict(zip(extra, order, strict=True))) for order in permutations(missing)]

    def rounds(self, exact: Node, decimal: Num) -> bool:
        """Whether a decimal of at least four significant digits is the formula, rounded."""
        if self.asked.exact:
            return False
        if len(str(abs(decimal.value.numerator * 10 ** (decimal.decimals or 0) // decimal.value.denominator))) < 4:
            return False
        try:
            a, b = value(exact, {}, log_base=self.log_base), value(decimal, {})
        except (NotANumber, Undefined):
            return False
        return bool(abs(a - b) <= 0.5000001 * 10.0 ** -(decimal.decimals or 0))

    def same_measured(self, gold: Measured, answer: Node) -> bool:
        if isinstance(answer, Scaled):
            unit = read_unit(gold.unit)
            return (
                answer.by == "degree"
                and unit is not None
                and "deg" in gold.unit
                and self.same_expression(gold.arg, answer.arg)
            )
        if not isinstance(answer, Measured):
            if gold.factors is not None and has_letters(answer):
                return self.same_formula(gold.factors, answer)
            if (joined := joined_unit(answer)) is not None:
                return self.same_measured(gold, joined)
            return self.same_expression(gold.arg, answer)
        if _spelled_unit(gold.unit) == _spelled_unit(answer.unit):
            return self.same_expression(gold.arg, answer.arg)
        one, other = read_unit(gold.unit), read_unit(answer.unit)
        if one is None or other is None:
            return False
        if one.label or other.label:
            return one.label == other.label and self.same_expression(gold.arg, answer.arg)
        if one.dimensions != other.dimensions:
            return False
        a, g = number(answer.arg), number(gold.arg)
        if a is not None and g is not None:
            factor = other.size / one.size
            return (
                same_number(g, Num(a.value * factor, a.decimals if factor == 1 else None))
                or g.value == a.value * factor
            )
        return one.size == other.size and self.same_expression(gold.arg, answer.arg)

    def unit_may_be_added(self, answer: Measured) -> bool:
        """A gold without unit may be answered with a unit, or with a noun that the prompt has."""
        unit = answer.unit.lower()
        if "percent" in unit or unit.strip() in ("pct", "%"):
            return False
        if is_unit(answer.unit):
            return self.is_unit_asked_for(answer.unit)
        words = re.findall(r"[a-z]+", re.sub(r"\\[a-z]+", " ", unit))
        content = [w for w in words if w not in ("the", "of", "a", "an", "per", "in", "each")]
        if any(word in LIMITS or spelled_number(word) is not None for word in words):
            return False
        if unit.strip() == "years old" or self.asked.any_form:
            return True
        measured = self.asked.units or re.search(r"\$\s?\d", self.asked.text)
        if measured and any(word in MEASURES and word not in self.asked.words for word in words):
            return False
        known = self.asked.words | COUNTED
        return answer.sure and bool(content) and all(stands_in(word, known) for word in content)

    def is_unit_of_prompt(self, unit: str) -> bool:
        """Whether the prompt speaks of this unit, or of a power of it."""
        one = read_unit(unit)
        if one is None or one.label:
            return False
        root = max((abs(power) for _, power in one.dimensions), default=1)
        said = (read_unit(word) for word in (*self.asked.units, *self.asked.asked_units, *(self.asked.words & JOINED)))
        return any(other is not None and not other.label and other.size**root == one.size for other in said)

    def is_unit_asked_for(self, unit: str) -> bool:
        """Whether the prompt speaks of no other unit of what this one measures: metres, where the answer is in km."""
        one = read_unit(unit)
        if one is None or one.label:
            return True
        named = [other for word in self.asked.units if (other := read_unit(word)) is not None and not other.label]
        wanted = [
            other for said in self.asked.asked_units if (other := read_unit(said)) is not None and not other.label
        ]
        if one not in wanted and any(is_another_power(one, other) for other in wanted):
            return False  # feet, where square feet are asked for
        if one in named or one in wanted:
            return True
        if one.dimensions == (("money", 1),):
            return not any(not one.conflicts_with(other) for other in (*named, *wanted))
        if wanted:
            return False
        measured = {dimension for other in named for dimension, _ in other.dimensions}
        alike = any(not one.conflicts_with(other) for other in named)
        return not named or (not alike and {dimension for dimension, _ in one.dimensions} <= measured)

    def same_scaled(self, gold: Node, answer: Node) -> bool:
        if isinstance(gold, Scaled) and isinstance(answer, Scaled):
            return gold.by == answer.by and self.same_expression(gold.arg, answer.arg)
        if isinstance(gold, Scaled):
            if self.same_expression(gold.arg, answer):  # 90 for 90 degrees, 12.5 for 12.5%
                return True
            if gold.by == "degree" and rational(answer) is not None:
                return False
            exact = rational(gold.arg)
            if gold.by == "percent" and exact is not None:
                a = number(answer)
                return (a is not None and a.value == exact / 100) or rational(answer) == exact / 100
            return self.same_formula(gold, answer)
        assert isinstance(answer, Scaled)
        if answer.by == "percent":
            if (self.asked.percent or self.asked.any_form) and self.same_expression(gold, answer.arg):
                return True
            share, written = number(answer.arg), number(gold)
            if share is None or written is None or not self.asked.chance or self.asked.exact:
                return False
            return same_number(written, Num(share.value / 100, None if share.decimals is None else share.decimals + 2))
        if rational(gold) is not None:
            return self.same_expression(gold, answer.arg)
        return self.same_formula(gold, answer)


def _changes_case(gold: frozenset[str], answer: frozenset[str]) -> bool:
    return any(name.swapcase() in gold - answer for name in answer - gold if len(name) == 1)


def _spelled_unit(unit: str) -> str:
    plain = re.sub(r"[{}\s.]|\\cdot", "", unit)
    return plain.lower().rstrip("s") if len(plain) > 3 or plain.lower() in ("am", "pm") else plain
