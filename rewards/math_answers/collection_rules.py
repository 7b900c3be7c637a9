r"""Comparing collections: lists, sets, tuples, matrices, sets of real numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from synthetic1.rewards.math_answers.conditions import domains, without_remarks
from synthetic1.rewards.math_answers.exact import number
from synthetic1.rewards.math_answers.forms import (
    expanded,
    has_letters,
    is_infinite,
    is_interval,
    is_letter,
    is_name,
    is_set,
    named_points,
    named_values,
    nested_matrix,
    plus_minus_values,
    value_of,
    vector_of,
)
from synthetic1.rewards.math_answers.grammar.tree import (
    Bracketed,
    Expression,
    Items,
    Matrix,
    Node,
    Num,
    Product,
    Relation,
    Sym,
)
from synthetic1.rewards.math_answers.idioms.labels import same_labelled
from synthetic1.rewards.math_answers.idioms.piecewise import has_otherwise, same_piecewise
from synthetic1.rewards.math_answers.real_sets import RealSet, Stretch, merged
from synthetic1.rewards.math_answers.rules import MAX_ITEMS, Rules, pairs_up
from synthetic1.rewards.math_answers.structure import normal

DETERMINANTS = ("vmatrix", "Vmatrix")
_DECIMAL_COMMA = re.compile(r"([+-]?\d+),[ ]?(\d+)")
"""``2,5``, as much of the world writes two and a half."""


def are_roots(items: Sequence[Node]) -> bool:
    """``x_1 = 1, x_2 = -3``: which is the first is nobody's."""
    names = [item.sides[0] for item in items if isinstance(item, Relation) and item.signs == ("=",)]
    roots = [re.fullmatch(r"x_\{\d\}", name.name) for name in names if isinstance(name, Sym)]
    return len(roots) == len(items) > 1 and all(roots)


class CollectionRules(Rules):
    """Lists, sets, tuples, matrices, sets of real numbers: part by part."""

    gold_node: Node | None = None
    gold_text = answer_text = ""

    def gold_against_items(self, gold: Node, answer: Items) -> bool:
        g = number(gold)
        if g is not None and g.decimals is not None and (found := _DECIMAL_COMMA.fullmatch(self.answer_text.strip())):
            return Fraction(f"{found[1]}.{found[2]}") == g.value
        if set(answer.joints) == {"or"} and plus_minus_values(gold) is None:
            return all(self.same(gold, item) for item in answer.items)  # one value, in several forms
        kept = [item for item in answer.items if not (isinstance(item, Relation) and item.signs == (r"\ne",))]
        counts = self.gold_node is not None and domains(self.gold_node)
        if len(kept) == 1 and not counts and has_letters(gold) and isinstance(kept[0], Expression):
            return self.same(gold, kept[0])  # 1/x, where x is not 0
        if values := plus_minus_values(gold):
            return self.in_any_order(values, [value_of(item) for item in answer.items])
        if isinstance(gold, Product) and all(is_letter(factor) for factor in (*gold.factors, *answer.items)):  # ACD
            return self.in_any_order(gold.factors, answer.items)
        return False

    def same_items(self, gold: Items, answer: Node) -> bool:
        if isinstance(answer, Num) and (found := _DECIMAL_COMMA.fullmatch(self.gold_text.strip(" $"))):
            unlikely_list = len(found[2]) > 1 and answer.decimals is not None
            return unlikely_list and Fraction(f"{found[1]}.{found[2]}") == answer.value
        items = without_remarks(gold)
        if isinstance(answer, Items):
            if self.names_another_letter(answer):
                return False
            if (by_label := same_labelled(gold, answer, self.same)) is not None:
                return by_label
            if points := named_points(gold):
                return self.same_listed(points, named_points(answer) or expanded(answer.items))
            if "or" in answer.joints and named_values(items) is not None and not are_roots(items):
                return False  # ``a = 1, b = 2`` is not ``a = 1 or b = 2``
            if (points := named_points(answer)) is not None and all(isinstance(item, Bracketed) for item in items):
                return self.same_listed(items, points)
            if are_roots(items) and are_roots(answer.items):
                return self.in_any_order([value_of(item) for item in items], [value_of(item) for item in answer.items])
            others = without_remarks(answer) or list(answer.items)
            return self.same_listed(expanded(items), expanded(others))
        named = named_values(items)
        if isinstance(answer, Bracketed) and is_set(answer):
            return (named is None or len(named) < 2) and self.same_listed(items, expanded(answer.items))
        if isinstance(answer, Bracketed) and "or" in gold.joints:
            return False
        if isinstance(answer, Bracketed) and not is_interval(answer):
            return self.all_same(items, answer.items) if answer.open == "(" else False
        if isinstance(answer, Expression) and (values := plus_minus_values(answer)):
            return self.in_any_order(items, values)
        if isinstance(answer, Matrix) and answer.kind == "cases":
            return self.same_listed(items, [Items(row, ()) if len(row) > 1 else row[0] for row in answer.rows])
        if isinstance(answer, Relation) and answer.signs == ("=",) and is_name(answer.sides[0]):
            return self.same(gold, answer.sides[1])
        if isinstance(answer, Sym | Product) and all(is_letter(item) for item in items):
            letters = [answer] if isinstance(answer, Sym) else list(answer.factors)
            return self.in_any_order(items, letters) if all(map(is_letter, letters)) else False
        return False

    def names_another_letter(self, answer: Items) -> bool:
        """``x = 1, y = 2``, where one letter is to be found."""
        letter = self.asked.letter
        named = [item.sides[0] for item in answer.items if isinstance(item, Relation) and item.signs == ("=",)]
        names = {name.name.split("_")[0] for name in named if isinstance(name, Sym)}
        return letter is not None and len(names) > 1 and not names <= {letter}

    def same_listed(self, gold: Sequence[Node], answer: Sequence[Node]) -> bool:
        """Several answers, in any order; where both sides name them, by name."""
        if len(answer) > len(gold) and all(isinstance(item, Bracketed) for item in answer):
            answer = list({normal(item): item for item in answer}.values())  # a point said twice is said
        if len(gold) != len(answer) or len(gold) > MAX_ITEMS:
            return False
        if self.asked.ordered and not any(isinstance(item, Relation) for item in (*gold, *answer)):
            return self.all_same(gold, answer)
        return self.in_any_order(gold, answer)

    def same_bracketed(self, gold: Bracketed, answer: Node) -> bool:
        if is_set(gold):
            if isinstance(answer, Bracketed):
                return is_set(answer) and self.in_any_order(expanded(gold.items), expanded(answer.items))
            if isinstance(answer, Items):
                return self.in_any_order(expanded(gold.items), [value_of(item) for item in expanded(answer.items)])
            if isinstance(answer, Expression) and (values := plus_minus_values(answer)):
                return self.in_any_order(gold.items, values)
            if not gold.items:
                return answer == Sym(r"\emptyset")
            return len(gold.items) == 1 and isinstance(answer, Expression) and self.same(gold.items[0], answer)
        is_vector = isinstance(answer, Matrix) or (isinstance(answer, Bracketed) and answer.open == "<" != gold.open)
        if is_vector and self.asked.interval and not self.asked.point and len(gold.items) == 2:
            return False
        if isinstance(answer, Bracketed):
            if is_set(answer):
                return (
                    len(answer.items) == 1
                    and isinstance(answer.items[0], Bracketed)
                    and self.same(gold, answer.items[0])
                )
            if is_interval(gold) or is_interval(answer) or gold.open != answer.open:
                pointed = {("(", ")"), ("<", ">")}
                if not (
                    {(gold.open, gold.close), (answer.open, answer.close)} <= pointed
                    or (gold.open, gold.close) == (answer.open, answer.close)
                ):
                    return False
            return self.all_same(gold.items, answer.items)
        if is_interval(gold) and gold.open + gold.close not in ("[]", "()") and not isinstance(answer, Bracketed):
            return False
        if isinstance(answer, Matrix) and answer.kind == "cases" and gold.open == "(":
            named = named_values([row[0] for row in answer.rows if len(row) == 1])
            return named is not None and self.all_same(gold.items, named)
        if isinstance(answer, Matrix) and (vector := vector_of(answer)) is not None and gold.open in ("(", "<", "["):
            return self.all_same(gold.items, vector)
        if isinstance(answer, Matrix):
            return self.same(nested_matrix(gold) or gold, answer) if nested_matrix(gold) else False
        if isinstance(answer, Items) and gold.open in ("(", "<"):
            named = named_values(answer.items)
            if "or" in answer.joints:
                return False
            plain = named is None and not is_interval(gold) and set(answer.joints) == {"comma"}
            plain = plain and not any(isinstance(item, Relation) for item in answer.items)
            if self.asked.interval and len(gold.items) == 2:
                return False  # ends are not a set of numbers
            return self.all_same(gold.items, answer.items if plain else named or ())
        return False

    def same_matrix(self, gold: Matrix, answer: Node) -> bool:
        if isinstance(answer, Matrix) and (gold.kind in DETERMINANTS) != (answer.kind in DETERMINANTS):
            return False
        if isinstance(answer, Matrix) and answer.kind == "cases" != gold.kind and len(answer.rows[0]) > 1:
            return False
        if gold.kind == "cases":
            items = [row[0] if len(row) == 1 else Items(row, ("comma",) * (len(row) - 1)) for row in gold.rows]
            if isinstance(answer, Matrix) and (has_otherwise(gold) or has_otherwise(answer)):
                return same_piecewise(gold, answer, self.same, self.same_real_sets)
            if isinstance(answer, Matrix):
                return pairs_up(gold.rows, answer.rows, self.all_same)
            return self.same_items(Items(tuple(items), ()), answer)
        if isinstance(answer, Matrix):
            return len(answer.rows) == len(gold.rows) and all(map(self.all_same, gold.rows, answer.rows))
        if isinstance(answer, Bracketed) and is_set(answer):
            return False
        if isinstance(answer, Bracketed) and (nested := nested_matrix(answer)) is not None:
            return self.same_matrix(gold, nested)
        pairs = (("(", ")"), ("[", "]"), ("<", ">"))
        if isinstance(answer, Bracketed) and (answer.open, answer.close) not in pairs:
            return False
        if isinstance(answer, Bracketed) and (vector := vector_of(gold)) is not None:
            return self.all_same(vector, answer.items)
        return False

    def same_real_sets(self, gold: RealSet, answer: RealSet) -> bool:
        return pairs_up(gold, answer, self.same_piece) or pairs_up(merged(gold), merged(answer), self.same_piece)

    def same_piece(self, gold: Stretch, answer: Stretch) -> bool:
        if (gold.low_closed, gold.high_closed) != (answer.low_closed, answer.high_closed):
            return False
        return self.same_end(gold.low, answer.low) and self.same_end(gold.high, answer.high)

    def same_end(self, gold: Node, answer: Node) -> bool:
        if is_infinite(gold) or is_infinite(answer):
            return normal(gold) == normal(answer)
        return self.same(gold, answer)
