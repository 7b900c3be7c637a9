r"""Comparing equations and inequalities, and values that have a name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from synthetic1.rewards.math_answers.evaluate import NotANumber, Undefined, value
from synthetic1.rewards.math_answers.exact import number, rational
from synthetic1.rewards.math_answers.forms import (
    ORDER,
    denies,
    expanded,
    has_letters,
    is_derivative,
    is_name,
    is_set,
    occurs,
    substituted,
    turned,
    value_of,
)
from synthetic1.rewards.math_answers.grammar.tree import (
    Applied,
    Bracketed,
    Expression,
    Items,
    Matrix,
    Neg,
    Node,
    Power,
    Quotient,
    Raw,
    Relation,
    Sum,
    Sym,
    Text,
)
from synthetic1.rewards.math_answers.identity import proportional
from synthetic1.rewards.math_answers.idioms.given import names_another
from synthetic1.rewards.math_answers.names import says_more
from synthetic1.rewards.math_answers.rules import Rules
from synthetic1.rewards.math_answers.structure import normal, same_written

_INDEXED = re.compile(r"([A-Za-z]|\\[a-z]+)'*(?:_\{(.*)\})?")
"""A letter, perhaps with an index."""
_TIME = re.compile(r":\s*0\d")
_UPRIGHT = re.compile(r"\\(?:triangle|text|mathrm|Delta)|[\s{}$]")


def ratio_of(node: Node) -> Node:
    """``2:3`` of ``x:y = 2:3``."""
    if isinstance(node, Relation) and set(node.signs) == {":", "="} and node.signs.count("=") == 1:
        place = node.signs.index("=") + 1
        if all(map(is_name, node.sides[:place])) and len(node.sides) == 2 * place:
            return Relation(node.sides[place:], node.signs[place:])
    return node


def is_residue(node: Node) -> bool:
    last = node.sides[-1] if isinstance(node, Relation) else node
    return isinstance(last, Applied) and last.name == "mod"


class RelationRules(Rules):
    """Equations, inequalities, names for values."""

    gold_node: Node | None = None
    gold_text = answer_text = ""

    def same_relation(self, gold: Node, answer: Node) -> bool:
        answer = ratio_of(answer)
        if isinstance(gold, Relation) and r"\equiv" in gold.signs and is_residue(gold) and not is_residue(answer):
            return False  # one number for all that leave this remainder
        if isinstance(gold, Relation) and isinstance(answer, Relation):
            return self.same_relations(gold, answer)
        if isinstance(answer, Relation):
            if answer.signs == (":",) and self.asked.ratio and isinstance(gold, Quotient):
                return self.same(gold, Quotient(*answer.sides))
            called = (
                [item.sides[0] for item in gold.items if isinstance(item, Relation)] if isinstance(gold, Items) else []
            )
            values = self.values_of(answer, named=any(same_written(name, answer.sides[0]) for name in called))
            return values is not None and all(self.same(gold, value) for value in values)
        assert isinstance(gold, Relation)
        if gold.signs == (r"\ne",) and isinstance(answer, Items):  # x \ne \pm 5
            return self.in_any_order(expanded([gold]), expanded(answer.items))
        if gold.signs == (":",) and self.asked.ratio and isinstance(answer, Quotient):
            return self.same(Quotient(*gold.sides), answer)
        if gold.signs[-1] == "=" and set(gold.signs[:-1]) == {":"}:  # AB:BC = 2
            return self.same(gold.sides[-1], answer)
        if set(gold.signs) <= {"=", r"\equiv"} and any(map(is_name, gold.sides[:-1])):
            return self.same(gold.sides[-1], answer)
        if gold.signs == ("=",) and isinstance(gold.sides[1], Bracketed | Matrix):
            return self.same(gold.sides[1], answer)
        if gold.signs == (r"\in",):
            return self.same(gold.sides[1], answer)
        if r"\approx" in gold.signs:
            return any(self.same(side, answer) for side in gold.sides if not is_name(side))
        return False

    def values_of(self, answer: Relation, *, named: bool = False) -> Sequence[Node] | None:
        """The values that ``x = 2/4 = 1/2`` gives, all of which must be the gold; ``None`` where it gives none.

        Args:
            named: the gold has a name, which is that of the answer.
        """
        if denies(answer):
            return None
        if answer.signs == (r"\in",) and is_name(answer.sides[0]):
            interval = isinstance(answer.sides[1], Bracketed) and not is_set(answer.sides[1])
            return None if interval and isinstance(self.gold_node, Items) else [answer.sides[1]]
        if set(answer.signs) <= {"=", r"\approx", r"\equiv"}:
            if self.asked.any_form:  # the last side that is not a rounded one
                signs = ("=", *answer.signs)
                exact = [one for one, sign in zip(answer.sides, signs, strict=True) if sign != r"\approx"]
                return [exact[-1] if len(exact) > 1 or not is_name(exact[0]) else answer.sides[-1]]
            answer = self.sorted_by_names(answer)
            sides = [side for side in answer.sides if not (named and is_name(side)) and not self.is_asked_for(side)]
            if not sides and len(answer.sides) == 2:
                return [answer.sides[1]]  # ``m = e``
            if len(sides) == len(answer.sides):
                if any(not isinstance(side, Expression) for side in sides):
                    return None
                if r"\approx" in answer.signs:
                    return self.approximated(sides)
                if r"\equiv" in answer.signs and isinstance(sides[-1], Applied) and sides[-1].name == "mod":
                    return [sides[-1]] if normal(sides[0]) in self.asked.parts else None
                last = sides[-1]  # work, and its result: all of it has to be right
                return (
                    [last]
                    if all(self.equal_value(last, side) for side in sides[:-1]) and not any(map(has_letters, sides))
                    else None
                )
            if len(answer.sides) - len(sides) > 1:
                return None
            if not sides:
                return None
            if r"\approx" in answer.signs and len(sides) > 1:
                return self.approximated(sides)
            if len(sides) > 1 and not all(self.equal_value(sides[-1], side) for side in sides[:-1]):
                return None
            return [sides[-1]]
        return None

    def is_asked_for(self, side: Node) -> bool:
        """A name, or a formula with letters that the prompt has: ``m+n``."""
        if isinstance(side, Sym) and names_another(side.name, self.asked.text):
            return False
        said = self.asked.targets or self.asked.wholes
        if has_letters(side) and normal(side) in map(normal, said):
            return True
        return is_name(side) and not says_more(side, self.asked)

    def sorted_by_names(self, answer: Relation) -> Relation:
        """``(y, x) = (1, 2)`` as ``(x, y) = (2, 1)``, unless the prompt speaks of ``(y, x)``."""
        match answer:
            case Relation((Bracketed(_, _, names) as name, Bracketed(open_, close, values)), ("=",)):
                letters = [one.name for one in names if isinstance(one, Sym) and len(one.name) == 1]
                if len(set(letters)) == len(values) == len(names) and normal(name) not in self.asked.formulas:
                    pairs = sorted(zip(letters, values, strict=True), key=lambda pair: pair[0])
                    right = tuple(value for _, value in pairs)
                    return Relation((name, Bracketed(open_, close, right)), answer.signs)
        return answer

    def approximated(self, sides: Sequence[Node]) -> Sequence[Node] | None:
        """Of ``\\pi \\approx 3.14``, the side that the gold is; both have to be one value."""
        exact, decimal = sides[0], number(sides[-1])
        if decimal is None or decimal.decimals is None or not isinstance(exact, Expression):
            return None
        try:
            a = value(exact, {})
        except (NotANumber, Undefined):
            return None
        half = Fraction(1, 2 * 10 ** (decimal.decimals or 0))
        if abs(a - value(decimal, {})) > float(half) * 1.0000001:
            return None
        gold = self.gold_node
        return [exact] if gold is not None and self.same(value_of(gold), exact) else [sides[-1]]

    def equal_value(self, one: Node, other: Node) -> bool:
        if not isinstance(one, Expression) or not isinstance(other, Expression):
            return False
        a, b = rational(one), rational(other)
        if a is not None and b is not None:
            return a == b
        return self.identical(one, other) is True

    def same_relations(self, gold: Relation, answer: Relation) -> bool:
        if (
            ":" in gold.signs
            and self.asked.ratio
            and _TIME.search(self.answer_text)
            and not _TIME.search(self.gold_text)
        ):
            return False
        if same_written(gold, answer):
            return True
        if set(gold.signs) <= {"=", r"\equiv"} and set(answer.signs) <= {"=", r"\equiv", r"\approx"}:
            return self.same_equations(gold, answer)
        if set(gold.signs) == {":", "="} and gold.signs.count("=") == 1:  # AB : BC = 7 : 32
            place = gold.signs.index("=") + 1
            ratio = Relation(gold.sides[place:], gold.signs[place:]) if gold.signs[place:] else gold.sides[-1]
            return self.same(ratio, answer)
        if gold.signs == (":",) * len(gold.signs) and answer.signs == gold.signs:
            if (
                self.asked.ratio
                and re.search(r":\s*0\d", self.answer_text)
                and not re.search(r":\s*0\d", self.gold_text)
            ):
                return False  # a time
            return len(gold.sides) == len(answer.sides) and all(map(same_written, gold.sides, answer.sides))
        if gold.signs == (r"\in",) and answer.signs == (r"\in",):
            return self.same(gold.sides[1], answer.sides[1]) and same_written(gold.sides[0], answer.sides[0])
        if set(gold.signs) <= set(ORDER) and set(answer.signs) <= set(ORDER):
            return self.same_inequalities(gold, answer)
        if gold.signs == answer.signs == (r"\ne",):
            return self.all_same(gold.sides, answer.sides) or self.all_same(gold.sides, answer.sides[::-1])
        return False

    def same_equations(self, gold: Relation, answer: Relation) -> bool:
        if denies(answer):
            return False
        answer = self.with_argument_of(gold, answer)
        named, answers_name = is_name(gold.sides[0]), is_name(answer.sides[0])
        other_names = named and answers_name and not same_written(gold.sides[0], answer.sides[0])
        solved_otherwise = len(gold.sides) == 2 and not (named and answers_name)
        if (solved_otherwise or other_names) and self.proportional(gold, answer):
            return True
        if named:
            if answers_name and not self.may_be_one(gold.sides[0], answer.sides[0]):
                return False
            if not answers_name:
                if len(answer.sides) == 2 and is_name(answer.sides[1]):
                    return self.may_be_one(gold.sides[0], answer.sides[1]) and self.same(
                        gold.sides[-1], answer.sides[0]
                    )
                values = self.values_of(answer)
                return values is not None and all(self.same(gold.sides[-1], value) for value in values)
            values = self.values_of(answer, named=True)
            said = self.sorted_by_names(gold).sides[-1]
            return values is not None and all(self.same(said, value) for value in values)
        if len(gold.sides) == len(answer.sides) == 2:
            if same_written(gold.sides[0], answer.sides[0]):
                return self.same(gold.sides[1], answer.sides[1])
            one, other = gold.sides[0], answer.sides[0]
            if (
                isinstance(one, Expression)
                and isinstance(other, Expression)
                and self.identical(one, other)
                and has_letters(one)
            ):
                return self.same(gold.sides[1], answer.sides[1])
        return False

    def may_be_one(self, gold: Node, answer: Node) -> bool:
        """``x = 5`` is not ``y = 5``, ``b_0`` not ``b_1``, a sine no cosine; other names are ways to speak."""
        if same_written(gold, answer):
            return True
        if isinstance(gold, Sym) and isinstance(answer, Sym):
            one, other = (_INDEXED.fullmatch(node.name) for node in (gold, answer))
            if one is None or other is None:
                return True
            first, second = (None if index is None else re.sub(_UPRIGHT, "", index) for index in (one[2], other[2]))
            if gold.name.count("'") != answer.name.count("'"):
                return False
            return one[1] == other[1] and (first is None or second is None or first == second)
        if is_derivative(gold) != is_derivative(answer):
            return False
        powers = isinstance(gold, Power), isinstance(answer, Power)
        gold, answer = (node.base if isinstance(node, Power) else node for node in (gold, answer))
        if isinstance(gold, Applied) and isinstance(answer, Applied):
            if "apply" not in (gold.name, answer.name):
                return gold.name == answer.name and powers[0] == powers[1]
            if gold.name == answer.name:
                return same_written(gold.args[0], answer.args[0]) and all(map(same_written, gold.args, answer.args))
        if (isinstance(gold, Applied) and gold.name == "apply") or (
            isinstance(answer, Applied) and answer.name == "apply"
        ):
            return isinstance(gold, Sym | Text | Raw) or isinstance(answer, Sym | Text | Raw)
        return True

    def with_argument_of(self, gold: Relation, answer: Relation) -> Relation:
        """``f(t) = t^2`` as ``f(x) = x^2`` where that is how the gold calls it."""
        one, other = gold.sides[0], answer.sides[0]
        if isinstance(one, Applied) and isinstance(other, Applied) and one.name == other.name == "apply":
            (f, *at), (g, *there) = one.args, other.args
            by_letters = f == g and len(at) == len(there) == 1 and isinstance(at[0], Sym)
            if by_letters and isinstance(there[0], Sym) and at[0] != there[0] and not occurs(at[0], answer):
                names = {there[0].name: at[0].name} if isinstance(at[0], Sym) else {}
                return Relation(tuple(substituted(side, names) for side in answer.sides), answer.signs)
        return answer

    def proportional(self, gold: Relation, answer: Relation) -> bool:
        """The same equation up to a factor: both sides' difference is the other's times a number."""
        if len(gold.sides) != 2 or len(answer.sides) != 2:
            return False
        if not all(isinstance(side, Expression) for side in (*gold.sides, *answer.sides)):
            return False
        one, other = (Sum((r.sides[0], Neg(r.sides[1]))) for r in (gold, answer))
        return proportional(one, other) is not None

    def same_inequalities(self, gold: Relation, answer: Relation) -> bool:
        for candidate in (answer, turned(answer)):
            if (
                len(candidate.sides) == len(gold.sides)
                and candidate.signs == gold.signs
                and self.all_same(gold.sides, candidate.sides)
            ):
                return True
        if len(gold.sides) == len(answer.sides) == 2 and all(
            isinstance(s, Expression) for s in (*gold.sides, *answer.sides)
        ):
            (sign, way), (other_sign, other_way) = ORDER[gold.signs[0]], ORDER[answer.signs[0]]
            one, other = (Sum((r.sides[0], Neg(r.sides[1]))) for r in (gold, answer))
            ratio = proportional(one, other)
            return sign == other_sign and ratio is not None and (ratio > 0) == (way == other_way)
        return False
