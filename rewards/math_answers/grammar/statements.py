r"""The grammar: canonical tokens in, a tree out. Recursive descent; nothing is guessed that is not written.

text      = item { ("," | ";" | "and" | "or" | "\\") item }
item      = side { relation side } [condition]
side      = [sign] term { ("+" | "-" | "±") term }            also joined by ∪ ∩ \setminus
term      = factor { ["·" | "/"] factor } [unit]
factor    = primary { "!" | "%" | "°" | "^" exponent | "_" index | "'" }
"""

from __future__ import annotations

from collections.abc import Callable

from synthetic1.rewards.math_answers.grammar.cursor import FOR_ALL, RELATIONS, spelled
from synthetic1.rewards.math_answers.grammar.factors import SETS
from synthetic1.rewards.math_answers.grammar.formulas import Formulas, is_a_set
from synthetic1.rewards.math_answers.grammar.token import Token, Unreadable
from synthetic1.rewards.math_answers.grammar.tokens import tokenize
from synthetic1.rewards.math_answers.grammar.tree import (
    Combined,
    Items,
    Node,
    Raw,
    Relation,
    Text,
)

MAX_TOKENS = 1500


def parse(
    text: str, *, is_word: frozenset[str] = frozenset(), is_unit: Callable[[str], bool] = lambda _: False
) -> Node:
    """What ``text`` says.

    Args:
        is_word: see ``tokenize``.
        is_unit: whether letters after a number are a unit's symbol.

    Raises:
        Unreadable: it is not wholly understood.
    """
    tokens = tokenize(text, is_word=is_word)
    if [token.text for token in tokens[-2:]] == [".", "."]:
        raise Unreadable("it goes on")
    if tokens and tokens[0].text in ("=", r"\approx"):
        tokens = tokens[1:]
    while tokens and tokens[-1].kind == "mark" and tokens[-1].text in (".", ",", ";", ":", r"\\"):
        tokens.pop()
    if not tokens:
        raise Unreadable("nothing there")
    tokens = _with_brackets(_without_brackets_of_remark(tokens))
    if len(tokens) > MAX_TOKENS:
        raise Unreadable(f"more than {MAX_TOKENS} tokens")
    reader = _Statements(tokens, is_unit)
    node = reader.items(at_top=True)
    if reader.at < len(tokens):
        raise Unreadable(f"`{tokens[reader.at].text}` was not expected")
    return node


def _without_brackets_of_remark(tokens: list[Token]) -> list[Token]:
    """``k\\pi (k \\in \\mathbb{Z})``: a remark, not a factor."""
    if not tokens or tokens[-1].text != ")":
        return tokens
    opening = max((place for place, token in enumerate(tokens) if token.text == "("), default=0)
    if opening > 0 and [token.text for token in tokens[opening + 2 : opening + 3]] == [r"\in"]:
        among = tokens[opening + 3 : -1]
        if among and (among[0].text in SETS or among[0].text in ("Z", "N")):
            return [*tokens[:opening], Token("mark", ","), *tokens[opening + 1 : -1]]
    return tokens


def _with_brackets(tokens: list[Token]) -> list[Token]:
    """``<1, 2>`` with its brackets, ``[1, 3[`` as ``[1, 3)``, and no braces around a sign: ``2{:}3``."""
    texts = [token.text for token in tokens]
    if texts[:1] == ["<"] and texts[-1:] == [">"] and "," in texts and not RELATIONS & set(texts[1:-1]):
        tokens = [Token("command", r"\langle"), *tokens[1:-1], Token("command", r"\rangle")]
    made: list[Token] = []
    opened: list[str] = []
    tuples = [False]  # whether a comma stands in the bracket of each level, or in the last one that closed
    for place, token in enumerate(tokens):
        after = texts[place + 1] if place + 1 < len(texts) else ""
        if token.kind == "mark" and token.text == "[" and opened[-1:] in (["["], ["("]) and after in ("", r"\cup", ","):
            token = Token("mark", ")")
        if token.kind == "mark" and token.text in ("(", "["):
            if not opened and made and made[-1].text in (")", "]") and tuples[0]:
                made.append(Token("mark", ","))  # (1, 2) \\quad (3, 4)
            opened.append(token.text)
            tuples[len(opened) - 1 :] = [False]
        elif token.kind == "mark" and token.text in (")", "]") and opened:
            opened.pop()
        elif token.text == "," and opened:
            tuples[len(opened) - 1] = True
        if (
            token.kind == "letter"
            and token.text == "U"
            and place
            and texts[place - 1] in (")", "]")
            and after in ("(", "[")
        ):
            token = Token("command", r"\cup")
        made.append(token)
        if [one.text for one in made[-3:]] in (["{", ":", "}"], ["{", "=", "}"]):
            made[-3:] = [made[-2]]
    return made


class _Statements(Formulas):
    def items(self, *, at_top: bool = False, ends: tuple[str, ...] = ()) -> Node:
        self.deeper()
        items: list[Node] = [self.item(ends)]
        joints: list[str] = []
        self.add_remark(items, joints, ends)
        while (joint := self.joint()) is not None:
            if joint == "line" and not at_top:
                break
            self.at += 1
            while (further := self.joint()) is not None and (at_top or further != "line"):  # ", and"
                joint = further if further in ("and", "or") else joint
                self.at += 1
            if self.token() is None or self.peek() in ends or (not at_top and self.closes_cell()):
                break  # a comma at the end
            logical = self.tokens[self.at - 1].kind == "command" and joint in ("and", "or")
            joints.append(joint)
            items.append(self.item(ends))
            self.add_remark(items, joints, ends)
            if logical and not any(isinstance(item, Relation | Text) for item in items[-2:]):
                raise Unreadable("a formula of logic")
        self.depth -= 1
        return items[0] if len(items) == 1 else Items(tuple(items), tuple(joints))

    def add_remark(self, items: list[Node], joints: list[str], ends: tuple[str, ...]) -> None:
        if (remark := self.remark(ends)) is not None:
            items.append(remark)
            joints.append("comma")

    def item(self, ends: tuple[str, ...] = ()) -> Node:
        """A side, or sides with relations between them."""
        sides: list[Node] = [self.side(ends)]
        signs: list[str] = []
        while self.is_kind("mark", "command") and self.peek() in RELATIONS and self.peek() not in ends:
            signs.append(self.peek())
            self.at += 1
            sides.append(self.side(ends))
        return sides[0] if not signs else Relation(tuple(sides), tuple(signs))

    def remark(self, ends: tuple[str, ...]) -> Raw | None:
        """``for all x``, behind an item: an item of its own."""
        token = self.token()
        if token is not None and token.kind == "text" and FOR_ALL.match(token.text):
            start = self.at
            while self.token() is not None and self.peek() not in ends and self.joint() not in ("and", "or"):
                self.at += 1
            return Raw(spelled(self.tokens[start : self.at]))
        return None

    def side(self, ends: tuple[str, ...]) -> Node:
        start = self.at
        try:
            node = self.combined()
            if self.ends_here(ends):
                return node
        except Unreadable:
            pass
        self.at = start
        return self.raw(ends)

    def raw(self, ends: tuple[str, ...]) -> Node:
        """Up to where the side ends, whatever it is; words alone are ``Text``."""
        start, depth = self.at, 0
        while (token := self.token()) is not None:
            if token.kind in ("mark", "command"):
                if token.text in ("{", "(", "[", r"\{") or token.text.startswith(r"\begin"):
                    depth += 1
                elif token.text in ("}", ")", "]", r"\}") or token.text.startswith(r"\end"):
                    if depth == 0:
                        break
                    depth -= 1
                elif depth == 0 and (token.text in RELATIONS or token.text in ends or token.text == "&"):
                    break
            if depth == 0 and self.joint() is not None:
                break
            self.at += 1
        taken = self.tokens[start : self.at]
        if not taken:
            raise Unreadable(f"`{self.peek() or 'the end'}` where something should stand")
        if all(token.kind in ("text", "letter") for token in taken) and any(token.kind == "text" for token in taken):
            return Text(spelled(taken))
        return Raw(spelled(taken))

    def combined(self) -> Node:
        parts: list[Node] = [self.sum()]
        sign = ""
        if is_a_set(parts[0]) and self.peek() == "-" and self.peek(1) == r"\{":
            self.at += 1
            return Combined(r"\setminus", (parts[0], self.sum()))
        while self.peek() in (r"\cup", r"\cap", r"\setminus"):
            if sign and self.peek() != sign:
                raise Unreadable("sets joined in several ways")
            sign = self.peek()
            self.at += 1
            parts.append(self.sum())
        return parts[0] if not sign else Combined(sign, tuple(parts))
