r"""The grammar of formulas: sums of terms, terms of factors, units behind numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fractions import Fraction

from synthetic1.rewards.math_answers.grammar.cursor import FOR_ALL, expression, negated, product, spelled, whole_value
from synthetic1.rewards.math_answers.grammar.factors import Factors
from synthetic1.rewards.math_answers.grammar.tokens import Unreadable
from synthetic1.rewards.math_answers.grammar.tree import (
    Applied,
    Bracketed,
    Measured,
    Neg,
    Node,
    Num,
    PlusMinus,
    Quotient,
    SetBuilder,
    Sum,
    Sym,
)


class Formulas(Factors):
    """Sums of terms, terms of factors, and the unit behind a number."""

    def sum(self) -> Node:
        self.deeper()
        terms = [self.term(self.sign())]
        while self.is_kind("mark", "command") and self.peek() in ("+", "-", r"\pm", r"\mp"):
            if isinstance(terms[0], SetBuilder | Bracketed) and self.peek(1) == r"\{":
                break
            terms.append(self.term(self.sign()))
        self.depth -= 1
        if len(terms) == 1:
            return terms[0]
        # ``3 - 5 y`` has no years in it: what may be a letter is one, unless every term is measured.
        if not all(isinstance(term, Measured) for term in terms):
            terms = [as_letter(term) for term in terms]
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
                    node = negated(expression(node))
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
                factors[-1] = Quotient(expression(factors[-1]), expression(below))
            elif (mixed := self.mixed(factors[-1])) is not None:
                factors[-1] = mixed
            elif self.peek() in (r"\pmod", r"\bmod", r"\mod") and self.is_kind("command"):
                self.at += 1  # the modulus says where the value lives
                self.argument()
                return signed(product(factors))
            elif (unit := self.unit(factors)) is not None:
                text, sure = unit
                return Measured(expression(signed(product(factors))), text, sure)
            elif (following := self.applied(factors[-1])) is not None:
                factors[-1] = following
            elif (following := self.factor()) is not None:
                factors.append(following)
            else:
                return signed(product(factors))

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
        inside = self.group("(")
        args = inside.items if isinstance(inside, Bracketed) else (inside,)
        if len(args) != 1:
            raise Unreadable("a function of several arguments")
        return self.postfixed(Applied("apply", (before, expression(args[0]))))

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
            if isinstance(fraction, Quotient):
                above, below = whole_value(fraction.above), whole_value(fraction.below)
                if above is not None and below is not None and 0 < above < below:
                    return Num(before.value + above / below)
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

    def unit(self, factors: Sequence[Node]) -> tuple[str, bool] | None:
        """The rest of a term, where it is a unit or a noun after a number: ``5 \\text{ cm}^2``, ``5 m/s``."""
        token = self.token()
        if token is None or not factors:
            return None
        if (
            token.kind == "text"
            and not FOR_ALL.match(token.text)
            and token.text.lower() not in ("and", "or", "if", "for", "when", "where")
        ):
            return self.unit_tail(), True
        if (
            token.kind == "letter"
            and token.spaced
            and isinstance(factors[-1], Num)
            and len(factors) == 1
            and not self.inside
        ):
            start = self.at
            text = self.unit_tail()
            if text and self.is_unit(text) and not re.search(r"\^ ?\{?[4-9]", text) and self.ends_here(()):
                return text, False
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
        return spelled(self.tokens[start : self.at])


def as_letter(term: Node) -> Node:
    """``term``, in which a unit of one letter that may as well be a variable is one."""
    if not isinstance(term, Measured) or term.sure or len(term.unit) != 1:
        return term
    return product([term.arg, Sym(term.unit)])
