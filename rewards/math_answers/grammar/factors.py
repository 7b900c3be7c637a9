r"""The grammar of factors: a number, a letter, a bracket, a command, and what stands right behind it."""

from __future__ import annotations

import re
from fractions import Fraction

from synthetic1.rewards.math_answers.grammar.arguments import UNARY, Arguments
from synthetic1.rewards.math_answers.grammar.cursor import RELATIONS, expression, name_of, spelled
from synthetic1.rewards.math_answers.grammar.token import Unreadable
from synthetic1.rewards.math_answers.grammar.tokens import CLOSE
from synthetic1.rewards.math_answers.grammar.tree import (
    Applied,
    Based,
    Bracketed,
    Items,
    Measured,
    Neg,
    Node,
    Num,
    Power,
    Quotient,
    Raw,
    Relation,
    Scaled,
    SetBuilder,
    Sym,
    Text,
)

UNEVALUATED = {r"\sum", r"\prod", r"\int", r"\iint", r"\iiint", r"\oint", r"\lim", r"\limsup", r"\liminf", r"\sup",
               r"\inf", r"\partial", r"\nabla", r"\ldots", r"\forall", r"\exists", r"\to", r"\Set"}  # fmt: skip
DECORATIONS = {r"\overline", r"\bar", r"\vec", r"\hat", r"\widehat", r"\tilde", r"\widetilde", r"\dot", r"\ddot",
               r"\overrightarrow", r"\overleftrightarrow", r"\overset", r"\underset", r"\overarc",
               r"\wideparen"}  # fmt: skip
SETS = {r"\Reals", r"\Integers", r"\Naturals", r"\Rationals", r"\Complexes", r"\emptyset"}
CLOSED_BY = {"(": ")", "[": "]", r"\{": r"\}", r"\langle": r"\rangle", r"\lfloor": r"\rfloor", r"\lceil": r"\rceil"}
BASES = {
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "twelve": 12,
    "sixteen": 16,
}


class Factors(Arguments):
    """Numbers, letters, brackets, commands, and what stands right behind them."""

    def factor(self) -> Node | None:
        primary = self.primary()
        if primary is None:
            return None
        return self.postfixed(primary)

    def postfixed(self, node: Node) -> Node:
        while self.is_kind("mark", "command"):
            mark = self.peek()
            if mark == "^" and isinstance(node, Sym) and (chosen := re.fullmatch(r"C_\{([A-Za-z0-9]+)\}", node.name)):
                self.at += 1
                below = Num(Fraction(chosen[1])) if chosen[1].isdecimal() else Sym(chosen[1])
                return Applied("binom", (below, expression(self.script())))
            if mark == "^" and (primes := self.primes()) and isinstance(node, Sym):
                node = Sym(node.name + primes)
            elif mark == "^":
                self.at += 1
                node = Power(expression(node), expression(self.script()))
            elif mark == "_":
                self.at += 1
                start = self.at
                script = self.script()
                index = spelled(self.tokens[start : self.at]).strip("{}").strip()
                if isinstance(node, Num):
                    if isinstance(script, Text) and script.words.strip() in BASES:
                        script = Num(Fraction(BASES[script.words.strip()]))
                    if not (isinstance(script, Num) and script.value.denominator == 1 and 2 <= script.value <= 36):
                        raise Unreadable("an index below a number that is not a base")
                    digits, base = str(node.value), int(script.value)
                    if not all(digit.isdecimal() and int(digit) < base for digit in digits):
                        raise Unreadable(f"{digits} is not a whole number of base {base}")
                    node = Based(digits, base)
                else:
                    node = Sym(f"{name_of(node)}_{{{index}}}")
            elif mark == "!":
                self.at += 1
                node = Applied("factorial", (expression(node),))
            elif mark == "%":
                if isinstance(node, Scaled):
                    raise Unreadable("a percentage of a percentage")
                self.at += 1
                node = Scaled(expression(node), "percent")
            elif mark == r"\degree" or (mark == r"\circ" and not isinstance(node, Sym)):
                self.at += 1
                node = Scaled(self.with_minutes(expression(node)), "degree")
            elif mark in ("'", "''") and isinstance(node, Sym):
                self.at += 1
                node = Sym(node.name + mark)
            else:
                break
        return node

    def primes(self) -> str:
        """Primes at this place, as they stand or raised: ``'``, ``^{\\prime}``; taken if there are any."""
        for before, after in (((), ()), (("^",), ()), (("^", "{"), ("}",))):
            taken = 0
            if tuple(self.peek(ahead) for ahead in range(len(before))) != before:
                continue
            while self.peek(len(before) + taken) in ("'", "''"):
                taken += 1
            end = len(before) + taken
            if taken and tuple(self.peek(end + ahead) for ahead in range(len(after))) == after:
                marks = "".join(self.peek(len(before) + place) for place in range(taken))
                self.at += end + len(after)
                return marks
        return ""

    def with_minutes(self, degrees: Node) -> Node:
        """Degrees, and the minutes and seconds of arc after them."""
        for marks, size in (("'", 60), ("''", 3600)):
            start, part = self.at, self.token()
            if not isinstance(degrees, Num) or part is None or part.kind != "number" or "(" in part.text:
                break
            self.at += 1
            if self.primes() != marks:
                self.at = start
                break
            more = Fraction(part.text) / size
            degrees = Num(degrees.value + more if degrees.value >= 0 else degrees.value - more)
        return degrees

    def script(self) -> Node:
        """What stands above or below: a group, or one token."""
        if self.take("{"):
            start = self.at
            self.inside += 1
            try:
                node = self.items(ends=("}",))
                self.need("}")
                return node
            except Unreadable:
                self.at = start
            finally:
                self.inside -= 1
            depth = 1
            while depth:
                if self.token() is None:
                    raise Unreadable("braces do not match")
                depth += (self.peek() == "{") - (self.peek() == "}")
                self.at += 1
            return Raw(spelled(self.tokens[start : self.at - 1]))
        negative = self.take("-")
        token = self.token()
        if token is None:
            raise Unreadable("nothing above or below")
        found = self.primary()
        if found is None:
            raise Unreadable("nothing above or below")
        return Neg(expression(found)) if negative else found

    tex = False

    def primary(self) -> Node | None:
        token = self.token()
        if token is None:
            return None
        if token.kind == "number":
            self.at += 1
            text = token.text
            if "(" in text:  # 0.1(6)
                whole, _, rest = text.partition(".")
                fixed, _, period = rest.rstrip(")").partition("(")
                scale = 10 ** len(fixed)
                return Num(Fraction(int(whole + fixed), scale) + Fraction(int(period), scale * (10 ** len(period) - 1)))
            decimals = len(text.partition(".")[2]) if "." in text else None
            return Num(Fraction(text if text[0] != "." else "0" + text), decimals)
        if token.kind == "letter":
            self.at += 1
            return Sym(token.text)
        if token.kind == "mark":
            return self.bracket(token.text)
        if token.kind == "command":
            return self.command(token.text)
        return None

    def bracket(self, mark: str) -> Node | None:
        if mark == "{":
            self.at += 1
            if self.take("}"):
                return self.primary() or self.prescript()
            node = self.items(ends=("}",))
            self.need("}")
            return node
        if mark in ("_", "^"):
            return self.prescript()
        if mark == "|":
            if self.barred or (self.bars and not self.starts_value(1)):
                return None
            self.at += 1
            self.bars += 1
            try:
                inside = self.sum()
            finally:
                self.bars -= 1
            self.need("|")
            return Applied("abs", (expression(inside),))
        if mark == "]":  # ]a, b[
            if self.at and self.peek(-1) not in (r"\cup", r"\cap", r"\in", "="):
                return None
            self.at += 1
            self.outward = True  # ]a, b[: the next bracket closes
            try:
                node = self.items(ends=("[",))
            finally:
                self.outward = False
            close = self.peek()
            if close not in ("[", "]"):
                raise Unreadable("`]` is not closed")
            self.at += 1
            return Bracketed("]", close, node.items if isinstance(node, Items) else (node,))
        if mark in ("(", "[", r"\{") and not (mark == "[" and self.outward):
            return self.group(mark)
        return None

    def group(self, mark: str) -> Node:
        self.inside += mark == "("
        try:
            return self.grouped(mark)
        finally:
            self.inside -= mark == "("

    def grouped(self, mark: str) -> Node:
        self.deeper()
        self.at += 1
        bars, self.bars = self.bars, 0
        barred, self.barred = self.barred, mark == r"\{"
        close = CLOSED_BY[mark]
        closers = (")", "]") if mark in ("(", "[") else (close,)
        if self.is_kind("mark") and self.peek() in closers:
            self.at += 1
            self.bars, self.barred = bars, barred
            self.depth -= 1
            return Bracketed(mark, close, ())
        node: Node = self.items(ends=("|", ":") if mark == r"\{" else ())
        if mark == r"\{" and self.is_kind("mark") and self.peek() in ("|", ":"):
            self.at += 1
            self.barred = False
            condition = self.items()
            self.need(close)
            self.bars, self.barred = bars, barred
            self.depth -= 1
            return SetBuilder(node, condition)
        closed = next((one for one in closers if self.take(one)), None)
        if closed is None:
            raise Unreadable(f"`{mark}` is not closed")
        self.bars, self.barred = bars, barred
        self.depth -= 1
        if isinstance(node, Items):
            if any(joint not in ("comma", ";", "and") for joint in node.joints):
                raise Unreadable("brackets around alternatives")
            return Bracketed(mark, closed, node.items)
        if (mark, closed) == ("(", ")") and not isinstance(node, Text | Raw | Relation):
            return node
        return Bracketed(mark, closed, (node,))

    def command(self, name: str) -> Node | None:
        if name in RELATIONS or name in (
            r"\cdot",
            r"\cup",
            r"\cap",
            r"\setminus",
            r"\land",
            r"\lor",
            r"\pm",
            r"\mp",
            r"\degree",
            r"\circ",
            r"\over",
            r"\choose",
        ):
            return None
        if name.startswith(r"\begin"):
            return self.environment(name[7:-1])
        if name.startswith(r"\end"):
            return None
        if name in (r"\lfloor", r"\lceil", r"\langle"):
            self.at += 1
            node = self.items()
            self.need(CLOSED_BY[name])
            if name == r"\langle":
                return Bracketed("<", ">", node.items if isinstance(node, Items) else (node,))
            return Applied("floor" if name == r"\lfloor" else "ceil", (expression(node),))
        if name in CLOSE:
            return None
        self.at += 1
        if name == r"\frac":
            above, below = self.argument(), self.argument()
            return Quotient(expression(above), expression(below))
        if name == r"\binom":
            above, below = self.argument(), self.argument()
            return Applied("binom", (expression(above), expression(below)))
        if name in (r"\sqrt", r"\cbrt"):
            degree: Node | None = Num(Fraction(3)) if name == r"\cbrt" else None
            if self.peek() == "[" and name == r"\sqrt":
                self.at += 1
                degree = self.items(ends=("]",))
                self.need("]")
            return Applied("root", (expression(self.argument()),), None if degree is None else expression(degree))
        if name[1:] in UNARY:
            return self.function(name[1:])
        if name in (r"\max", r"\min", r"\gcd", r"\lcm"):
            raise Unreadable("left to be worked out")
        if name in UNEVALUATED:
            raise Unreadable("left to be worked out")
        if name in DECORATIONS:
            start = self.at
            self.argument_tokens()
            return Sym(f"{name}{{{spelled(self.tokens[start : self.at]).strip('{} ')}}}")
        if name in (r"\angle", r"\triangle"):
            start = self.at
            while self.is_kind("letter", "number"):
                self.at += 1
            return Sym(f"{name} {spelled(self.tokens[start : self.at])}")
        if name == r"\celsius":
            raise Unreadable("a unit without a number")
        if name == r"\currency":
            amount = self.factor()
            return None if amount is None else Measured(expression(amount), "dollars")
        if name in (r"\pmod", r"\bmod", r"\mod"):
            raise Unreadable("left to be worked out")
        if name in SETS or name[1:2].isalpha():
            return Sym(name)
        raise Unreadable(f"`{name}` is not known")
