r"""What all levels of the grammar share: the place in the tokens, and small steps there."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fractions import Fraction

from synthetic1.rewards.math_answers.grammar.token import Token, Unreadable
from synthetic1.rewards.math_answers.grammar.tokens import CLOSE
from synthetic1.rewards.math_answers.grammar.tree import (
    Bracketed,
    Combined,
    Expression,
    Items,
    Matrix,
    Multiple,
    Neg,
    Node,
    Num,
    Product,
    Raw,
    Relation,
    SetBuilder,
    Sym,
    Text,
)

RELATIONS = {"=", "<", ">", r"\le", r"\ge", r"\ne", r"\approx", r"\equiv", r"\in", r"\notin", r"\to", r"\implies", ":",
             r"\subset",
             r"\subseteq", r"\perp", r"\parallel", r"\iff"}  # fmt: skip
JOINTS = {",": "comma", ";": ";", r"\\": "line", r"\land": "and", r"\lor": "or"}
FOR_ALL = re.compile(r"\s*,?\s*for (?:all|any|every|each)\b", re.IGNORECASE)
MAX_DEPTH = 60


def spelled(tokens: Sequence[Token], *, fold: bool = True) -> str:
    """Canonical spelling: what texts are compared by that nobody understands; words in lower case, unless told."""
    out: list[str] = []
    bare = list(tokens)
    place = 0
    while place < len(bare) - 2:  # braces around one token say nothing
        if bare[place].text == "{" and bare[place + 2].text == "}" and bare[place + 1].text not in ("{", "}"):
            bare[place : place + 3] = [bare[place + 1]]
        place += 1
    for token, before in zip(bare, [None, *bare], strict=False):
        if before is not None and token.kind == before.kind == "number":
            out.append(" ")  # ``^{3}0`` is not ``^{30}``
        if token.kind == "command" and token.text[-1].isalpha():
            out.append(token.text + " ")
        elif token.kind == "text":
            words = " ".join(token.text.split())
            out.append(f" {words.lower() if fold else words} ")
        else:
            out.append(token.text)
    return " ".join("".join(out).split())


class Cursor:
    """Where in the tokens a reader is, and what is open there."""

    def __init__(self, tokens: Sequence[Token], is_unit: Callable[[str], bool]) -> None:
        self.tokens, self.at, self.is_unit = tokens, 0, is_unit
        self.depth = 0
        self.inside = 0  # groups that are open: letters in them are never units
        self.bars = 0  # absolute values that are open
        self.outward = False
        self.barred = False  # in a set's element, a bar ends it

    # Tokens -----------------------------------------------------------------------------------------------------------

    def peek(self, ahead: int = 0) -> str:
        place = self.at + ahead
        return self.tokens[place].text if place < len(self.tokens) else ""

    def token(self, ahead: int = 0) -> Token | None:
        place = self.at + ahead
        return self.tokens[place] if place < len(self.tokens) else None

    def is_kind(self, *kinds: str) -> bool:
        token = self.token()
        return token is not None and token.kind in kinds

    def take(self, text: str) -> bool:
        token = self.token()
        if token is not None and token.text == text and token.kind in ("mark", "command"):
            self.at += 1
            return True
        return False

    def need(self, text: str) -> None:
        if not self.take(text):
            raise Unreadable(f"expected `{text}`, found `{self.peek() or 'the end'}`")

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise Unreadable("nested too deeply")

    def joint(self) -> str | None:
        token = self.token()
        if token is None:
            return None
        if token.kind == "text" and token.text.lower().strip(",; ") in ("and", "or"):
            return token.text.lower().strip(",; ")
        return JOINTS.get(token.text) if token.kind in ("mark", "command") else None

    def closes_cell(self) -> bool:
        """Whether a cell or line of a matrix or system ends here."""
        return self.is_kind("mark", "command") and (self.peek() == r"\\" or self.peek().startswith(r"\end"))

    def ends_here(self, ends: tuple[str, ...]) -> bool:
        token = self.token()
        if token is None or self.joint() is not None or (token.kind == "text" and FOR_ALL.match(token.text)):
            return True
        return token.kind in ("mark", "command") and (
            token.text in RELATIONS
            or token.text in CLOSE
            or token.text in ends
            or token.text in ("}", "&")
            or token.text.startswith(r"\end")
        )

    # What the grammar above gives to what is below it.

    def items(self, *, at_top: bool = False, ends: tuple[str, ...] = ()) -> Node:
        raise NotImplementedError

    def sum(self) -> Node:
        raise NotImplementedError


def whole_value(node: Node) -> Fraction | None:
    """The value of a whole number written without a point."""
    whole = isinstance(node, Num) and node.value.denominator == 1 and node.decimals is None
    return node.value if whole and isinstance(node, Num) else None


def is_vector(node: Node) -> bool:
    """What a number may stand before as a factor: a matrix, a tuple, a list of rows; no determinant, no interval."""
    match node:
        case Matrix(_, kind):
            return kind in ("matrix", "pmatrix", "bmatrix", "array", "smallmatrix")
        case Bracketed(open_, close, items):
            rows = len(items) > 1 and all(isinstance(item, Bracketed) for item in items)
            numbers = len(items) > 1 and all(isinstance(item, Expression) for item in items)
            if (open_, close) in (("(", ")"), ("<", ">")):
                return numbers
            return (open_, close) == ("[", "]") and (rows or (numbers and len(items) > 2))
    return isinstance(node, Multiple)


def negated(node: Node) -> Node:
    if is_vector(node):
        return Multiple(Num(Fraction(-1)), node)
    node = expression(node)
    return Num(-node.value, node.decimals) if isinstance(node, Num) else Neg(node)


def name_of(node: Node) -> str:
    if isinstance(node, Sym):
        return node.name
    raise Unreadable("an index below something that is not a letter")


def product(factors: Sequence[Node]) -> Node:
    if len(factors) == 1:
        return factors[0]
    vectors = [factor for factor in factors if is_vector(factor)]
    if len(vectors) == 1:
        return Multiple(product([factor for factor in factors if factor is not vectors[0]]), vectors[0])
    return Product(tuple(expression(factor) for factor in factors))


def expression(node: Node) -> Node:
    if isinstance(node, Text | Raw | Relation | Bracketed | SetBuilder | Matrix | Combined | Items | Multiple):
        if (
            isinstance(node, Bracketed)
            and len(node.items) == 1
            and (node.open, node.close) in (("[", "]"), (r"\{", r"\}"), ("(", ")"))
            and not (isinstance(node.items[0], Sym) and node.open != "(")  # [x] and {x} may be parts of a number
        ):
            return expression(node.items[0])  # brackets of another kind around a formula
        raise Unreadable("a formula with something in it that is not one")
    return node
