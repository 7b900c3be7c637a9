r"""The grammar of what commands take: arguments in braces or without, functions and what they apply to, matrices."""

from __future__ import annotations

from fractions import Fraction

from synthetic1.rewards.math_answers.grammar.cursor import RELATIONS, Cursor, expression, negated, product
from synthetic1.rewards.math_answers.grammar.numerals import arranged
from synthetic1.rewards.math_answers.grammar.token import Token, Unreadable
from synthetic1.rewards.math_answers.grammar.tree import Applied, Matrix, Node, Num, Power, Quotient, Relation

UNARY = frozenset(
    {
        "sin",
        "cos",
        "tan",
        "cot",
        "sec",
        "csc",
        "arcsin",
        "arccos",
        "arctan",
        "arccot",
        "arcsec",
        "arccsc",
        "sinh",
        "cosh",
    }
    | {
        "tanh",
        "coth",
        "sech",
        "csch",
        "arsinh",
        "arcosh",
        "artanh",
        "ln",
        "log",
        "lg",
        "exp",
        "sgn",
        "sign",
        "Re",
        "Im",
    }
    | {"arg", "cis", "det", "tr", "rank", "dim", "ker"}
)
"""Functions of one argument, which needs no brackets."""


class Arguments(Cursor):
    """Arguments of commands and functions."""

    def factor(self) -> Node | None:
        raise NotImplementedError

    def primary(self) -> Node | None:
        raise NotImplementedError

    def group(self, mark: str) -> Node:
        raise NotImplementedError

    def script(self) -> Node:
        raise NotImplementedError

    def starts_value(self, ahead: int) -> bool:
        token = self.token(ahead)
        if token is None:
            return False
        return (
            token.kind in ("number", "letter")
            or (token.kind == "command" and token.text not in RELATIONS and not token.text.startswith(r"\end"))
            or token.text in ("(", "-", "{")
        )

    def argument(self) -> Node:
        """Of ``\\frac`` and ``\\sqrt``: a group, or as TeX has it, one digit or letter."""
        if self.peek() == "{" and self.is_kind("mark"):
            self.at += 1
            self.inside += 1
            try:
                node = self.items(ends=("}",))
            finally:
                self.inside -= 1
            self.need("}")
            return node
        if self.peek() == "(" and self.is_kind("mark"):
            return self.group("(")
        token = self.token()
        if token is None:
            raise Unreadable("a command without its argument")
        if (
            token.kind == "number"
            and len(token.text) > 1
            and "." not in token.text
            and self.at
            and self.tokens[self.at - 1].text == r"\frac"
        ):
            digit, rest = token.text[0], token.text[1:]  # \frac12
            self.tokens = [
                *self.tokens[: self.at],
                Token("number", digit),
                Token("number", rest),
                *self.tokens[self.at + 1 :],
            ]
        found = self.primary()
        if found is None:
            raise Unreadable("a command without its argument")
        return found

    def argument_tokens(self) -> None:
        if self.peek() != "{":
            self.at += 1
            return
        depth = 0
        while self.token() is not None:
            depth += (self.peek() == "{") - (self.peek() == "}")
            self.at += 1
            if depth == 0:
                return
        raise Unreadable("braces do not match")

    def prescript(self) -> Node | None:
        """``{}_{10}C_{3}``, ``^{10}P_3``: combinations or permutations; nothing else has an index before it."""
        start = self.at
        if self.take("_") or self.take("^"):
            whole = self.script()
            name = self.peek()
            if name in ("C", "P") and self.peek(1) == "_":
                self.at += 2
                parts = expression(whole), expression(self.script())
                if (made := Applied("binom", parts) if name == "C" else arranged(*parts)) is not None:
                    return made
        self.at = start
        return None

    def function(self, name: str) -> Node:
        power: Node | None = None
        base: Node | None = None
        for _ in range(2):
            if self.take("^"):
                power = self.script()
            elif self.take("_"):
                number = self.token()
                if (
                    number is not None and number.kind == "number" and len(number.text) > 1 and not self.starts_value(1)
                ):  # \log_23
                    self.tokens = [
                        *self.tokens[: self.at],
                        Token("number", number.text[0]),
                        Token("number", number.text[1:]),
                        *self.tokens[self.at + 1 :],
                    ]
                base = self.script()
        if power == Num(Fraction(-1)) and name in ("sin", "cos", "tan", "cot", "sec", "csc"):
            name, power = f"arc{name}", None
        arg = self.function_argument()
        node: Node = Applied(name, (expression(arg),), None if base is None else expression(base))
        return node if power is None else Power(expression(node), expression(power))

    def function_argument(self) -> Node:
        if self.is_kind("mark") and self.peek() in ("(", "[", "{", "|"):
            primary = self.primary()
            if primary is None:
                raise Unreadable("a function of nothing")
            return primary
        negative = self.take("-")
        factors: list[Node] = []
        while (token := self.token()) is not None:
            if factors and (token.text in ("(", "[", r"\{") or (token.kind == "command" and token.text[1:] in UNARY)):
                break
            if token.kind == "text":
                break
            if factors and token.text in (r"\cdot", "/") and token.kind in ("command", "mark"):
                if token.text == "/" and (after := self.token(1)) and after.kind == "number":
                    self.at += 1
                    below = self.factor()
                    assert below is not None, "a number"
                    factors[-1] = Quotient(expression(factors[-1]), expression(below))
                    continue
                break
            factor = self.factor()
            if factor is None:
                break
            factors.append(factor)
        if not factors:
            raise Unreadable("a function of nothing")
        node = product(factors)
        return negated(expression(node)) if negative else node

    def environment(self, kind: str) -> Node:
        self.at += 1
        rows: list[list[Node]] = [[]]
        while not self.peek().startswith(r"\end"):
            if self.token() is None:
                raise Unreadable("a matrix that does not end")
            if self.take("&") or (self.peek() in (".", ",") and self.take(self.peek())):
                continue
            if kind in ("aligned", "align", "split", "eqnarray"):  # & marks where lines are aligned
                self.tokens = [token for place, token in enumerate(self.tokens) if place < self.at or token.text != "&"]
            if self.take(r"\\"):
                rows.append([])
                continue
            if self.is_kind("text") and self.peek().strip(" ,").lower() in ("if", "for", "when", "where"):
                self.at += 1
            rows[-1].append(self.items(ends=("&",)))
        if self.peek() != rf"\end{{{kind}}}":
            raise Unreadable("a matrix that does not end")
        self.at += 1
        if not rows[-1]:
            rows.pop()
        if not rows:
            raise Unreadable("an empty matrix")
        related = kind == "array" and all(len(row) == 1 and isinstance(row[0], Relation) for row in rows)
        system = related or kind in ("cases", "aligned", "align", "gathered", "split", "gather", "equation")
        if not system and len({len(row) for row in rows}) != 1:
            raise Unreadable("a matrix with rows of several lengths")
        return Matrix(tuple(map(tuple, rows)), "cases" if system else kind)
