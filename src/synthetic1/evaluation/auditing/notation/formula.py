r"""Formulas as trees: a strict reading of TeX that refuses whatever people read in two ways.

It reads sums, products, quotients, powers, roots, factorials and elementary functions of numbers and letters. It
refuses rather than guesses: ``1/2x``, ``x^12``, ``f(x)``, ``\sin x (y+1)`` and all words and units are unreadable.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from synthetic1.evaluation.auditing.notation.tex import GREEK, argument, closing, has_words, is_balanced, join, tokens

MAX_LENGTH = 2_000  # characters
MAX_DEPTH = 40  # brackets within brackets
FUNCTIONS = frozenset(
    ["sin", "cos", "tan", "cot", "sec", "csc", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "ln", "log", "exp"]
)  # fmt: skip
_GREEK = frozenset("\\" + name for name in (*GREEK, "varepsilon", "zeta", "eta", "kappa", "nu", "xi", "psi", "chi"))
_TIMES = frozenset({"*", r"\cdot", r"\times"})
_OVER = frozenset({"/", r"\div"})
_CALLED = frozenset("fghFGHPQE")  # letters before a parenthesis: more often functions than factors
_UNICODE = {
    "−": "-", "–": "-", "×": r"\times ", "·": r"\cdot ", "⋅": r"\cdot ", "÷": r"\div ", "√": r"\sqrt ",
    "∞": r"\infty ", "≤": r"\le ", "≥": r"\ge ", "≠": r"\ne ", "±": r"\pm ", "∪": r"\cup ", "∩": r"\cap ",
    "∈": r"\in ", "°": r"^{\circ}", **{sign: f"\\{name} " for name, sign in GREEK.items()},
}  # fmt: skip
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_SPACING = re.compile(r"\\[,;:!> ]|~|\\(?:quad|qquad|displaystyle|limits)(?![A-Za-z])")
_THOUSANDS = re.compile(r"(?<![\d.])(\d{1,3}(?:(?:\{,\}|\\,|\\!,|,\\!)\d{3})+)(?![\d])")


class UnreadableFormula(ValueError):
    """Not a formula, or one that can be read in several ways."""


@dataclass(frozen=True, slots=True)
class NumberNode:
    value: Fraction


@dataclass(frozen=True, slots=True)
class SymbolNode:
    """A variable, or one of the constants ``e``, ``i`` and ``pi``."""

    name: str


@dataclass(frozen=True, slots=True)
class OperationNode:
    """``add mul neg div pow root abs factorial binomial log``, or a function by its name."""

    name: str
    parts: tuple[Node, ...]


Node = NumberNode | SymbolNode | OperationNode


@lru_cache(maxsize=2048)
def plain(text: str) -> str:
    r"""One spelling for what TeX and Unicode spell in many ways: no ``\left``, no spacing, no ``\dfrac``, no ``−``."""
    text = re.sub("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+", lambda found: f"^{{{found[0].translate(_SUPERSCRIPTS)}}}", text)
    text = "".join(_UNICODE.get(char, char) for char in text)
    text = re.sub(r"\\(?:left|right)(?![A-Za-z])\.?", "", text)
    text = re.sub(r"\\[dtc]frac(?![A-Za-z])", r"\\frac", text)
    text = _THOUSANDS.sub(lambda found: re.sub(r"[^\d]", "", found[0]), text)
    text = _SPACING.sub(" ", text)
    for written, read in (("leq", "le"), ("geq", "ge"), ("leqslant", "le"), ("geqslant", "ge"), ("neq", "ne")):
        text = re.sub(rf"\\{written}(?![A-Za-z])", rf"\\{read}", text)
    return text.strip()


def read_formula(text: str) -> Node:
    """The tree of a number or formula.

    Raises:
        UnreadableFormula: it is not wholly understood.
    """
    text = plain(text)
    if not text or len(text) > MAX_LENGTH or has_words(text) or not is_balanced(text):
        raise UnreadableFormula(text)
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", text):
        text = text.replace(",", "")
    if found := re.fullmatch(r"([+-]?\d+(?:\.\d*)?)[eE]([+-]?\d{1,3})", text):
        return NumberNode(Fraction(found[1]) * Fraction(10) ** int(found[2]))
    return _read(text, 0)


def _read(text: str, depth: int) -> Node:
    if depth > MAX_DEPTH:
        raise UnreadableFormula("too deep")
    reader = _Reader(tokens(text), depth)
    tree = reader.sum()
    if reader.peek():
        raise UnreadableFormula(text)
    return tree


class _Reader:
    """Recursive descent over the tokens of one group."""

    def __init__(self, parts: list[str], depth: int) -> None:
        self.parts = parts
        self.depth = depth
        self.place = 0
        self.bars = 0
        """Open ``|``."""

    def peek(self) -> str:
        """The next token that is not white space, or nothing."""
        while self.place < len(self.parts) and self.parts[self.place].isspace():
            self.place += 1
        return self.parts[self.place] if self.place < len(self.parts) else ""

    def take(self) -> str:
        token = self.peek()
        self.place += 1
        return token

    def sum(self) -> Node:
        terms = []
        negative = self._sign()
        terms.append(self._negated(self.product(), negative))
        while self.peek() in ("+", "-"):
            negative = self.take() == "-"
            terms.append(self._negated(self.product(), negative))
        return terms[0] if len(terms) == 1 else OperationNode("add", tuple(terms))

    def _sign(self) -> bool:
        return self.peek() in ("+", "-") and self.take() == "-"

    def _negated(self, node: Node, negative: bool) -> Node:
        return OperationNode("neg", (node,)) if negative else node

    def product(self) -> Node:
        factors = [self.factor()]
        divided = False
        while True:
            token = self.peek()
            if token in _TIMES:
                self.take()
                factors.append(self.factor())
            elif token in _OVER:
                self.take()
                left = _product(factors)
                factors, divided = [OperationNode("div", (left, self.factor()))], True
            elif not self._starts_factor(token):
                return _product(factors)
            elif divided:
                raise UnreadableFormula("what is divided by?")
            else:
                factors = self._juxtaposed(factors, token)

    def _juxtaposed(self, factors: list[Node], token: str) -> list[Node]:
        before = self.parts[self.place - 1]
        if token.isdigit() or token == ".":
            if before not in ("}", ")"):
                raise UnreadableFormula("a number beside something else")
        elif token == r"\frac" and isinstance(last := factors[-1], NumberNode):
            following = self.factor()
            if not _is_proper(following):
                return [*factors, following]
            if last.value.denominator != 1 or len(factors) > 1 or self._starts_factor(self.peek()):
                raise UnreadableFormula("a mixed number or a product")
            return [OperationNode("add", (last, following))]
        return [*factors, self.factor()]

    def _starts_factor(self, token: str) -> bool:
        if token == "|":
            return self.bars == 0
        return bool(token) and (
            token.isalnum() or token in ("(", "{", "[", ".") or (token[0] == "\\" and token[1:].isalpha())
        )

    def factor(self) -> Node:
        base = self._atom()
        while True:
            token = self.peek()
            if token == "!":
                self.take()
                base = OperationNode("factorial", (base,))
            elif token == "^":
                if isinstance(base, OperationNode) and base.name in ("pow", *FUNCTIONS):
                    raise UnreadableFormula("a power of what?")
                self.take()
                text, in_group = self._script()
                if text.strip() == r"\circ":
                    base = OperationNode("mul", (base, SymbolNode("°")))
                    continue
                base = OperationNode("pow", (base, self._group(text)))
                if not in_group and text.isdigit() and self.peek().isdigit():
                    raise UnreadableFormula("where does the exponent end?")
            else:
                return base

    def _script(self) -> tuple[str, bool]:
        self.peek()
        if self.place < len(self.parts) and self.parts[self.place] == "(":
            return self._bracketed(), True
        in_group = self.place < len(self.parts) and self.parts[self.place] == "{"
        text = self._argument()
        if not in_group and not (text.isalnum() or text in _GREEK or text in (r"\pi", r"\circ")):
            raise UnreadableFormula("an exponent without braces")
        return text, in_group

    def _argument(self) -> str:
        found = argument(self.parts, self.place)
        if found is None:
            raise UnreadableFormula("an argument is missing")
        text, self.place = found
        return text

    def _group(self, text: str) -> Node:
        return _read(text, self.depth + 1)

    def _bracketed(self) -> str:
        end = closing(self.parts, self.place)
        if end is None:
            raise UnreadableFormula("a bracket stays open")
        text = join(self.parts[self.place + 1 : end])
        self.place = end + 1
        return text

    def _atom(self) -> Node:
        token = self.peek()
        if token.isdigit() or token == ".":
            return self._number()
        if token in ("(", "{", "["):
            return self._group(self._bracketed())
        self.place += 1
        if token == "|" and not self.bars:
            self.bars += 1
            inside = self.sum()
            if self.take() != "|":
                raise UnreadableFormula("a bar stays open")
            self.bars -= 1
            return OperationNode("abs", (inside,))
        if token == r"\frac":
            return OperationNode("div", (self._part(), self._part()))
        if token in (r"\binom", r"\dbinom", r"\tbinom"):
            return OperationNode("binomial", (self._part(), self._part()))
        if token == r"\sqrt":
            return self._root()
        if token == r"\pi" or token in _GREEK or (len(token) == 1 and token.isalpha() and token.isascii()):
            return self._symbol(token)
        if token[:1] == "\\" and token[1:] in FUNCTIONS:
            return self._function(token[1:])
        raise UnreadableFormula(f"unknown: {token}")

    def _part(self) -> Node:
        self.peek()
        return self._group(self._argument())

    def _number(self) -> Node:
        written = ""
        while self.place < len(self.parts) and (self.parts[self.place].isdigit() or self.parts[self.place] == "."):
            written += self.parts[self.place]
            self.place += 1
        if not re.fullmatch(r"[0-9]+\.?|[0-9]*\.[0-9]+", written):
            raise UnreadableFormula(written)
        if re.match(r"e[+-]?\d", "".join(self.parts[self.place : self.place + 3])):
            raise UnreadableFormula("a power of ten, or a product with e")
        return NumberNode(Fraction(written.rstrip(".")))

    def _root(self) -> Node:
        degree: Node = NumberNode(Fraction(2))
        if self.peek() == "[":
            degree = self._group(self._bracketed())
        in_group = self.peek() in ("{", "(")
        if self.peek() == "(":
            return OperationNode("root", (self._group(self._bracketed()), degree))
        inside = self._argument()
        if not in_group and inside.isdigit() and self.peek().isdigit():
            raise UnreadableFormula("where does the root end?")
        return OperationNode("root", (self._group(inside), degree))

    def _symbol(self, token: str) -> Node:
        name = token.lstrip("\\")
        if self.peek() == "_":
            self.place += 1
            in_group = self.peek() == "{"
            index = self._argument()
            if not in_group and index.isdigit() and self.peek().isdigit():
                raise UnreadableFormula("where does the index end?")
            return SymbolNode(f"{name}_{''.join(index.split())}")
        following = self.peek()
        if following == "(":
            end = closing(self.parts, self.place)
            inside = "".join(self.parts[self.place + 1 : end]).strip()
            if token in _CALLED or re.fullmatch(r"\w|\\[A-Za-z]+|\d+|.*,.*", inside):
                raise UnreadableFormula("a function or a product")
        if token == "d" and following.isalpha():
            raise UnreadableFormula("a differential or a product")
        return SymbolNode(name)

    def _function(self, name: str) -> Node:
        base: Node | None = None
        power: Node | None = None
        if name == "log" and self.peek() == "_":
            self.place += 1
            base = self._part()  # TeX takes one digit where there are no braces
        if self.peek() == "^":
            self.place += 1
            text, in_group = self._script()
            power = self._group(text)
            if not isinstance(power, NumberNode) or (not in_group and self.peek().isdigit()):
                raise UnreadableFormula("an inverse function or a power")
        parts = (self._function_argument(),) if base is None else (self._function_argument(), base)
        called: Node = OperationNode(name, parts)
        return called if power is None else OperationNode("pow", (called, power))

    def _function_argument(self) -> Node:
        if self.peek() in ("(", "{", "["):
            inside = self._group(self._bracketed())
            if self.peek() in ("^", "!"):
                raise UnreadableFormula("a power of what?")
            return inside
        if self.peek() == "|" and not self.bars:
            return self._atom()
        factors: list[Node] = []
        while True:
            token = self.peek()
            simple = token.isalnum() or token in _GREEK or token == r"\pi"
            numeric = all(isinstance(factor, NumberNode) for factor in factors)
            if not (simple or (token in (r"\sqrt", r"\frac") and numeric)) or (token == "e" and factors):
                break
            if token.isdigit() and factors:
                raise UnreadableFormula("a number after letters")
            factors.append(self.factor())
        if not factors or token in _TIMES or token in _OVER or token in ("(", "[", "{", "|", "e", r"\sqrt", r"\frac"):
            raise UnreadableFormula("where does the argument end?")
        return _product(factors)


def _product(factors: list[Node]) -> Node:
    return factors[0] if len(factors) == 1 else OperationNode("mul", tuple(factors))


def _is_proper(node: Node) -> bool:
    """Whether a quotient may be the fraction of a mixed number."""
    if not isinstance(node, OperationNode) or node.name != "div":
        return False
    over, under = node.parts
    return isinstance(over, NumberNode) and isinstance(under, NumberNode) and 0 < over.value < under.value
