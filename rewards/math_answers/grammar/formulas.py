r"""The grammar of formulas: sums of terms, terms of factors, units behind numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fractions import Fraction

from synthetic1.rewards.math_answers.grammar.cursor import FOR_ALL, expression, negated, product, spelled, whole_value
from synthetic1.rewards.math_answers.grammar.factors import SETS, Factors
from synthetic1.rewards.math_answers.grammar.token import Unreadable
from synthetic1.rewards.math_answers.grammar.tree import (
    Applied,
    Bracketed,
    Measured,
    Neg,
    Node,
    Num,
    PlusMinus,
    Quotient,
    Scaled,
    SetBuilder,
    Sum,
    Sym,
)

_VARIABLES = frozenset("abcdefijknopqrtuvwxyz")
"""Letters after a number that are variables first, though some are symbols of units."""


class Formulas(Factors):
    """Sums of terms, terms of factors, and the unit behind a number."""

    def sum(self) -> Node:
        self.deeper()
        terms = [self.term(self.sign())]
        while self.is_kind("mark", "command") and self.peek() in ("+", "-", r"\pm", r"\mp"):
            if is_a_set(terms[0]) and self.peek(1) == r"\{":
                break
            terms.append(self.term(self.sign()))
        self.depth -= 1
        whole = terms[0] if len(terms) == 1 else self.added(terms)
        for command in (r"\over", r"\choose"):
            if self.peek() == command and self.is_kind("command"):
                self.at += 1
                parts = expression(whole), expression(self.sum())
                return Quotient(*parts) if command == r"\over" else Applied("binom", parts)
        return whole

    def added(self, terms: list[Node]) -> Node:
        # ``3 - 5 y`` has no years in it: what may be a letter is one, unless every term is measured, in one unit.
        if len({term.unit if isinstance(term, Measured) else "" for term in terms}) > 1:
            terms = [as_product(term) for term in terms]
        last = terms[-1]
        if isinstance(last, Measured) and not any(isinstance(term, Measured) for term in terms[:-1]):
            whole = Sum(tuple(expression(term) for term in (*terms[:-1], last.arg)))
            return Measured(whole, last.unit)  # ``18 + 2\pi \text{ cm}``
        return Sum(tuple(expression(term) for term in terms))

    def sign(self) -> Callable[[Node], Node]:
        made: list[str] = []
        while self.is_kind("mark", "command") and self.peek() in ("+", "-", r"\pm", r"\mp"):
            sign = self.peek()
            self.at += 1
            made.append(sign)

        def apply(node: Node) -> Node:
            for sign in reversed(made):
                if sign == "-":
                    node = negated(node)
                elif sign != "+":
                    node = PlusMinus(expression(node), 1 if sign == r"\pm" else -1)
            return node

        return apply

    def term(self, signed: Callable[[Node], Node]) -> Node:
        first = self.factor()
        if first is None:
            raise Unreadable(f"`{self.peek() or 'the end'}` where a number or formula should stand")
        factors: list[Node] = [first]
        while True:
            if self.is_kind("command") and self.peek() == r"\cdot":
                self.at += 1
                factors.append(self.signed_factor())
            elif self.is_kind("mark") and self.peek() == "/":
                self.at += 1
                below = self.signed_factor()
                quotient = expression(factors[-1]), expression(below)
                if isinstance(below, Scaled) and below.by == "percent":  # 3/4% is three quarters of a percent
                    factors[-1] = Scaled(Quotient(quotient[0], below.arg), "percent")
                else:
                    factors[-1] = Quotient(*quotient)
            elif (mixed := self.mixed(factors[-1])) is not None:
                factors[-1] = mixed
            elif self.peek() in (r"\pmod", r"\bmod", r"\mod") and self.is_kind("command"):
                self.at += 1
                modulus = expression(self.argument())
                return Applied("mod", (expression(signed(product(factors))), modulus))
            elif self.peek() == "(" and self.peek(1) in (r"\pmod", r"\bmod", r"\mod"):  # 3 (mod 7)
                self.at += 2
                modulus = expression(self.sum())
                self.need(")")
                return Applied("mod", (expression(signed(product(factors))), modulus))
            elif (unit := self.unit(factors)) is not None:
                return self.measured(signed, factors, *unit)
            elif (following := self.applied(factors[-1])) is not None:
                factors[-1] = following
            elif self.bars and self.peek() == "|" and self.is_kind("mark"):
                return signed(product(factors))  # closes: one that opens stands after an operator
            elif (following := self.factor()) is not None:
                factors.append(following)
            else:
                return signed(product(factors))

    def measured(self, signed: Callable[[Node], Node], factors: Sequence[Node], unit: str, start: int | None) -> Node:
        """A quantity; with ``start``, where its unit begins that may be letters instead, as a product, too."""
        alternative: Node | None = None
        if start is not None:
            end, self.at = self.at, start
            self.inside += 1  # where letters are never units
            try:
                alternative = signed(product([*factors, self.term(lambda node: node)]))
            except Unreadable:
                alternative = None
            finally:
                self.inside -= 1
            if self.at != end:
                self.at, alternative = end, None
        return Measured(expression(signed(product(factors))), unit, alternative)

    def applied(self, before: Node) -> Node | None:
        """``f(x)``: a letter and a bracket right after it. In a formula a product; as a name, a function's value."""
        if (
            isinstance(before, Sym)
            and before.name in ("E", r"\SetE", r"\SetP", "P", "Var")
            and self.peek() == "["
            and self.is_kind("mark")
        ):
            inside = self.group("[")
            return Applied("apply", (before, expression(inside)))
        if not isinstance(before, Sym) or self.peek() != "(" or not self.is_kind("mark") or self.tokens[self.at].spaced:
            return None
        start = self.at
        inside = self.group("(")
        if self.peek() in ("^", "!") and self.is_kind("mark"):
            self.at = start  # ``a(x-5)^2``: a product, as it stands
            return None
        args = inside.items if isinstance(inside, Bracketed) else (inside,)
        if len(args) == 2 and before.name == "C" and _may_be_chosen(*map(whole_value, args)):
            return Applied("binom", (expression(args[0]), expression(args[1])))
        if len(args) != 1:
            raise Unreadable("a function of several arguments")
        return Applied("apply", (before, expression(args[0])))

    def signed_factor(self) -> Node:
        negative = False
        while self.is_kind("mark") and self.peek() in ("-", "+"):
            negative ^= self.peek() == "-"
            self.at += 1
        factor = self.factor()
        if factor is None:
            raise Unreadable("an operator with nothing after it")
        return Neg(expression(factor)) if negative else factor

    def mixed(self, before: Node) -> Node | None:
        """``2\\frac{1}{2}``, ``1 1/2``: a whole number with a fraction after it."""
        if (
            not isinstance(before, Num)
            or before.decimals is not None
            or before.value.denominator != 1
            or before.value < 0
        ):
            return None
        start = self.at
        if self.peek() == r"\frac" and self.is_kind("command"):
            fraction = self.factor()
            if isinstance(fraction, Scaled) and (inner := self.with_whole(before, fraction.arg)) is not None:
                return Scaled(inner, fraction.by)
            if fraction is not None and (mixed := self.with_whole(before, fraction)) is not None:
                return mixed
        elif (
            self.is_kind("number")
            and self.tokens[self.at].spaced
            and self.peek(1) == "/"
            and (after := self.token(2))
            and after.kind == "number"
        ):
            above, below = Fraction(self.peek()), Fraction(after.text)
            if below.denominator == 1 and 0 < above < below:
                self.at += 3
                return Num(before.value + above / below)
        self.at = start
        return None

    @staticmethod
    def with_whole(before: Num, fraction: Node) -> Node | None:
        """``12\\frac{1}{2}`` of ``12\\frac{1}{2}\\%``."""
        if isinstance(fraction, Quotient):
            above, below = whole_value(fraction.above), whole_value(fraction.below)
            if above is not None and below is not None and 0 < above < below:
                return Num(before.value + above / below)
        return None

    def unit(self, factors: Sequence[Node]) -> tuple[str, int | None] | None:
        """The rest of a term, where it is a unit or a noun after a number: ``5 \\text{ cm}^2``, ``5 m/s``.

        Also where it begins, if it is only letters, which may be factors.
        """
        token = self.token()
        if token is None or not factors:
            return None
        if (
            token.kind == "text"
            and not FOR_ALL.match(token.text)
            and token.text.lower() not in ("and", "or", "if", "for", "when", "where")
        ):
            return self.unit_tail(), None
        if (
            token.kind == "letter"
            and token.spaced
            and isinstance(factors[-1], Num)
            and len(factors) == 1
            and not self.inside
        ):
            start = self.at
            text = self.unit_tail()
            if (
                text
                and text[0] not in _VARIABLES
                and self.is_unit(text)
                and not re.search(r"\^ ?\{?[4-9]", text)
                and self.ends_here(())
            ):
                return text, start
            self.at = start
        return None

    def unit_tail(self) -> str:
        start = self.at
        while (token := self.token()) is not None and self.joint() is None:
            if token.kind in ("text", "letter"):
                self.at += 1
            elif token.text in ("/", r"\cdot", "^", "-", "(", ")", "{", "}", ".", r"\degree", "'") and self.at > start:
                if token.text == ")" and "(" not in [t.text for t in self.tokens[start : self.at]]:
                    break
                if token.text == "}" and "{" not in [t.text for t in self.tokens[start : self.at]]:
                    break
                self.at += 1
            elif token.kind == "number" and self.at > start and self.tokens[self.at - 1].text in ("^", "-", "{"):
                self.at += 1
            else:
                break
        return spelled(self.tokens[start : self.at], fold=False)  # mW is not MW


def _may_be_chosen(whole: Fraction | None, part: Fraction | None) -> bool:
    """Whether ``C(n, 2)`` may be a number of combinations, and not a point of that name: ``C(3, 5)``."""
    return whole is None if whole is None or part is None else whole >= part > 0


def is_a_set(node: Node) -> bool:
    return isinstance(node, SetBuilder | Bracketed) or (isinstance(node, Sym) and node.name in SETS)


def as_product(term: Node) -> Node:
    """``term``, in which a unit that may as well be letters is that."""
    return term.factors if isinstance(term, Measured) and term.factors is not None else term
