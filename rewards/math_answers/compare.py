r"""Whether an answer says what the gold says.

A verdict by rule needs a complete reading of both sides. Numbers are compared exactly; formulas by
identity testing; collections part by part. What neither side's reading settles is compared as written, in canonical
spelling, never letter by letter.
"""

from __future__ import annotations

import re
from dataclasses import replace
from math import gcd

from synthetic1.rewards.math_answers.collection_rules import CollectionRules
from synthetic1.rewards.math_answers.conditions import (
    bounds_what_is_listed,
    is_bound_of_index,
    is_condition,
    other_domain,
    remarks,
    restricts,
    without_remarks,
)
from synthetic1.rewards.math_answers.exact import rational
from synthetic1.rewards.math_answers.expression_rules import ExpressionRules
from synthetic1.rewards.math_answers.forms import (
    ORDER,
    components,
    has_letters,
    is_finite,
    is_interval,
    value_of,
)
from synthetic1.rewards.math_answers.grammar.cursor import whole_value
from synthetic1.rewards.math_answers.grammar.tree import (
    Applied,
    Bracketed,
    Combined,
    Expression,
    Items,
    Matrix,
    Multiple,
    Node,
    Num,
    Power,
    Product,
    Quotient,
    Raw,
    Relation,
    Sum,
    Sym,
    Text,
)
from synthetic1.rewards.math_answers.idioms.measures import joined_unit
from synthetic1.rewards.math_answers.idioms.multiples import multiplied
from synthetic1.rewards.math_answers.idioms.parameters import renamed
from synthetic1.rewards.math_answers.idioms.wording import CLAUSE, bare, same_words
from synthetic1.rewards.math_answers.progressions import same_progressions
from synthetic1.rewards.math_answers.prompt import Asked, letters_of
from synthetic1.rewards.math_answers.reading import Said, read
from synthetic1.rewards.math_answers.real_sets import real_set, variable
from synthetic1.rewards.math_answers.relation_rules import RelationRules
from synthetic1.rewards.math_answers.rules import Tally
from synthetic1.rewards.math_answers.structure import normal, same_written
from synthetic1.rewards.math_answers.work import (
    factors_with_letters,
    is_scientific,
    is_sum,
    is_unfinished_number,
    products_of_sums,
    terms_left,
)

NOTHING = Asked()


def says_the_gold(gold: Said, answer: Said, asked: Asked = NOTHING, tally: Tally | None = None) -> bool:
    """Whether ``answer`` says what ``gold`` says; ``tally`` is told what it took."""
    if gold.integer is not None and answer.integer is not None:  # no rule makes two of them equal, or one unlike itself
        return gold.integer == answer.integer
    tally = tally or Tally()
    if gold.option is not None and gold.option.value is None:
        return _same_option(gold, answer, asked, tally)
    comparison = _Comparison(gold, answer, asked, tally)
    if gold.option is not None and gold.option.value is not None:  # (C) 5
        if answer.option is not None:
            right = answer.option.letter == gold.option.letter
            return right and (
                answer.option.value is None or says_the_gold(gold.option.value, answer.option.value, asked, tally)
            )
        return says_the_gold(gold.option.value, answer, asked, tally)
    if answer.option is not None and answer.option.value is not None and comparison.gold.node is not None:
        option = asked.options.get(answer.option.letter)
        right = option is None or says_the_gold(gold, read(option), _within(asked), tally)
        return right and says_the_gold(gold, answer.option.value, asked, tally)
    if answer.option is not None and (option := asked.options.get(answer.option.letter)) is not None:
        said = read(option)
        return said.option is None and says_the_gold(gold, said, _within(asked), tally)
    return comparison.decide()


def _same_option(gold: Said, answer: Said, asked: Asked, tally: Tally) -> bool:
    assert gold.option is not None
    letter = gold.option.letter
    option = read(asked.options[letter]) if letter in asked.options else None
    if answer.option is not None:
        said = answer.option.value
        contradicts = said is not None and option is not None and not says_the_gold(option, said, _within(asked), tally)
        return answer.option.letter == letter and not contradicts
    if answer.text.strip(" ().[]$") == letter or answer.spelled == gold.spelled:
        return True
    return option is not None and option.option is None and says_the_gold(option, answer, _within(asked), tally)


def _within(asked: Asked) -> Asked:
    """For the text of an option: a letter in it is not looked up once more, or two options could name each other."""
    return replace(asked, options={})


class _Comparison(RelationRules, CollectionRules, ExpressionRules):
    def __init__(self, gold: Said, answer: Said, asked: Asked, tally: Tally) -> None:
        self.gold, self.answer, self.asked, self.tally = gold, answer, asked, tally
        self.gold_node, self.gold_text, self.answer_text = gold.node, gold.text, answer.text
        text = gold.spelled
        self.log_base = 10 if re.search(r"\\lg(?![a-z])|\\log ?_ ?\{?10(?!\d)", text) and r"\ln" not in text else None

    def decide(self) -> bool:
        gold, answer = self.gold, self.answer
        if "?" in answer.text and "?" not in gold.text:
            return False
        if not self.is_as_general(gold, answer):
            return False
        if (yes := re.fullmatch(r"(yes|no)", gold.words.lower())) and (
            clause := CLAUSE.fullmatch(answer.words.lower())
        ):
            return clause[1] == yes[1]
        if (
            gold.node is not None
            and (joined := joined_unit(gold.node)) is not None
            and self.is_unit_of_prompt(joined.unit)
        ):
            return answer.node is not None and self.same(joined, answer.node)
        if gold.number is not None and answer.number is not None:
            return gold.number == answer.number
        if isinstance(gold.node, Text) and same_words(gold.text, answer.text):
            return True
        wordy = answer.words or answer.node is None or isinstance(answer.node, Text)
        if gold.words and wordy and not _is_letters(gold):
            if same_words(gold.words, answer.words or answer.text):
                return True
            if gold.number is None and not isinstance(gold.node, Sym):
                return False
        if gold.node is None or answer.node is None:
            if answer.number is not None and gold.node is not None:
                return self.same(gold.node, Num(answer.number))
            if gold.number is not None and answer.node is not None:
                return self.same(Num(gold.number), answer.node)
            return bool(gold.spelled) and (gold.spelled == answer.spelled or bare(gold.text) == bare(answer.text) != "")
        if answer.number is not None:
            return self.same(gold.node, Num(answer.number))
        if gold.number is not None:
            return self.same(Num(gold.number), answer.node)
        if isinstance(gold.node, Raw) and isinstance(answer.node, Raw) and bare(gold.text) == bare(answer.text):
            return True
        others = renamed(gold.node, answer.node, self.asked)
        return self.agrees(gold.node, answer.node) or any(self.agrees(gold.node, one) for one in others)

    def agrees(self, gold: Node, answer: Node) -> bool:
        """Whether two readings say the same, and the answer is not the question."""
        if other_domain(gold, answer, self.asked.words, self.asked.sets):
            return False
        said = remarks(answer) if self.asked.speaks_of_numbers and not remarks(gold) else []
        if any(restricts(remark, self.asked.text) for remark in said):
            return False
        return self.same(gold, answer) and not self.is_question(gold, answer)

    def is_as_general(self, gold: Said, answer: Said) -> bool:
        """Whether ``no integer solution`` restricts what the gold or the prompt restricts, too."""
        restricted = (
            set(re.findall(r"\b(?:real|integer)\b", answer.words.lower()))
            if answer.node == Sym(r"\emptyset")
            else set()
        )
        return restricted <= set(gold.words.lower().split()) | self.asked.words

    def is_question(self, gold: Node, answer: Node) -> bool:
        """Whether the answer is an expression of the prompt as it stands, up to order and neutral operations."""
        if self.asked.any_form:
            return False
        g, a = normal(value_of(gold)), normal(value_of(answer))
        both = isinstance(answer, Expression) and isinstance(gold, Expression)
        fewer = is_sum(answer) or factors_with_letters(answer) < factors_with_letters(gold)
        if self.asked.factor and both and not is_sum(gold) and fewer:
            return True
        if self.asked.work and terms_left(answer) > terms_left(gold):
            return True
        if both and not self.is_in_form(gold, answer):
            return True
        if a == g:
            return False
        if self.asked.lowest and isinstance(answer, Quotient) and _can_be_reduced(answer):
            return True
        if not self.asked.work or a not in self.asked.formulas:
            return False
        return not isinstance(a, Num | Sym)

    def is_in_form(self, gold: Node, answer: Node) -> bool:
        """Whether the answer has the form that the prompt asks for, where the gold has it."""
        if self.asked.expand and products_of_sums(answer) > products_of_sums(gold):
            return False
        if self.asked.square and products_of_sums(gold) and not products_of_sums(answer):
            return False
        return not (self.asked.scientific and is_scientific(gold)) or is_scientific(answer)

    def same(self, gold: Node, answer: Node) -> bool:
        if self.asked.factor and isinstance(gold, Product | Power) and rational(gold) is not None:
            if isinstance(answer, Relation) and set(answer.signs) == {"="}:  # also 144 = …
                alike = all(self.equal_value(gold, side) for side in answer.sides)
                return alike and any(same_written(gold, side) for side in answer.sides)
            return same_written(gold, answer)  # ``2^3 \\cdot 5``, not 40
        given_gold, given_answer = gold, answer
        for one, other in ((gold, answer), (answer, gold)):
            if isinstance(one, Applied) and one.name == "floor" and isinstance(other, Bracketed) and other.open == "[":
                return len(other.items) == 1 and self.same_as_arguments(gold, answer)
        gold, answer = self.plain(gold), self.plain(answer)
        if gold == Sym(r"\Reals") and answer == Sym("R"):
            return True
        if same_written(gold, answer) and not isinstance(gold, Relation):
            finished = rational(gold) is None or is_unfinished_number(gold)
            return finished or not self.is_unfinished(answer)  # ``5 - 0`` is work, too
        if (periodic := same_progressions(given_gold, given_answer)) is not None:
            return periodic
        if isinstance(gold, Relation) and isinstance(answer, Relation) and set(gold.signs) <= {*ORDER, r"\ne"}:
            several = letters_of(gold) == letters_of(answer) != frozenset()
            if not several and None is not variable(gold) != variable(answer) is not None:
                return False
        if self.same_as_sets(gold, answer):
            return True
        if isinstance(gold, Relation) or isinstance(answer, Relation):
            return self.same_relation(gold, answer)
        if isinstance(gold, Expression):
            return self.same_expression(gold, answer)
        if isinstance(gold, Items):
            return self.same_items(gold, answer)
        if isinstance(gold, Bracketed):
            return self.same_bracketed(gold, answer)
        if isinstance(gold, Matrix):
            return self.same_matrix(gold, answer)
        if isinstance(gold, Combined):
            if isinstance(answer, Combined) and gold.sign == answer.sign:
                if gold.sign == r"\setminus":
                    return self.all_same(gold.parts, answer.parts)
                return self.in_any_order(gold.parts, answer.parts)
            return False
        if isinstance(gold, Text):
            return isinstance(answer, Text) and same_words(gold.words, answer.words)
        return False

    def same_as_arguments(self, gold: Node, answer: Node) -> bool:
        """``[n/2]`` for ``\\lfloor n/2 \\rfloor``, as many write it, either way round."""

        def inside(node: Node) -> Node:
            return node.args[0] if isinstance(node, Applied) else node.items[0] if isinstance(node, Bracketed) else node

        return self.same(inside(gold), inside(answer))

    def same_as_sets(self, gold: Node, answer: Node) -> bool:
        """Whether both are one set of real numbers; ``(1, 2)`` is a point where the answer is in brackets, too."""
        point = isinstance(gold, Bracketed) and not is_interval(gold)
        if point and self.asked.point and not self.asked.interval:
            return False
        if point and isinstance(answer, Bracketed) and not is_interval(answer):
            return False
        if isinstance(answer, Relation) and normal(answer) in self.asked.formulas and not isinstance(gold, Relation):
            return False  # the inequality of the task, not solved
        one, other = real_set(gold), real_set(answer)
        return one is not None and other is not None and self.same_real_sets(one, other)

    def plain(self, node: Node) -> Node:
        """Without remarks that say nothing of the value, and without brackets around one thing."""
        if isinstance(node, Items):
            kept = [item for item in without_remarks(node) if not is_bound_of_index(item, self.gold_node)]
            kept += [item for item in node.items if is_condition(item) and bounds_what_is_listed(item, node)]
            if len(kept) == 1 and len(kept) < len(node.items):
                return self.plain(kept[0])
        if isinstance(node, Bracketed) and len(node.items) == 1:
            if isinstance(node.items[0], Matrix):
                return node.items[0]
            square = node.open == "[" and has_letters(node.items[0])  # [n/2] is another number
            if (node.open, node.close) in (("(", ")"), ("[", "]")) and not square:
                return self.plain(node.items[0])
        if isinstance(node, Combined) and node.sign == r"\cup" and all(map(is_finite, node.parts)):
            items = [item for part in node.parts if isinstance(part, Bracketed) for item in part.items]
            return Bracketed(r"\{", r"\}", tuple({normal(item): item for item in items}.values()))
        if isinstance(node, Multiple):
            return multiplied(node)
        if isinstance(node, Product | Sum) and (vector := components(node)) is not None:
            return vector
        return node


def _can_be_reduced(fraction: Quotient) -> bool:
    above, below = whole_value(fraction.above), whole_value(fraction.below)
    return above is not None and below is not None and gcd(int(above), int(below)) > 1


def _is_letters(said: Said) -> bool:
    if isinstance(said.node, Items) and all(isinstance(item, Sym) and len(item.name) == 1 for item in said.node.items):
        return True
    capitals = len(said.words) <= 3 and said.words.isupper()
    return len(said.words) == 1 or (capitals and isinstance(said.node, Sym | Product))
