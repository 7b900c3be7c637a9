r"""What a mathematical text is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["number", "letter", "command", "text", "mark"]


class Unreadable(ValueError):
    """The text is not wholly understood as mathematics."""


@dataclass(frozen=True, slots=True)
class Token:
    """``number``: digits with at most one point; ``letter``: one letter; ``command``: a TeX command with its backslash;
    ``text``: what stands in ``\\text{…}`` or is a word; ``mark``: one character, or ``<=``, ``>=``, ``!=``."""

    kind: Kind
    text: str
    spaced: bool = False
    """White space stands before it."""


def with_degrees(tokens: list[Token]) -> list[Token]:
    """``^{\\circ}`` and ``^\\circ`` as the sign that is a character of its own."""
    made: list[Token] = []
    at = 0
    while at < len(tokens):
        following = [token.text for token in tokens[at + 1 : at + 4]]
        if tokens[at].text == "^" and following[:1] == ["o"] and at and tokens[at - 1].kind == "number":
            made.append(Token("command", r"\degree"))  # 45^o
            at += 2
        elif tokens[at].text != "^" or not following or following[0] not in ("{", r"\circ", r"\degree"):
            made.append(tokens[at])
            at += 1
        elif following[0] != "{":
            made.append(Token("command", r"\degree", tokens[at].spaced))
            at += 2
        elif following in (["{", r"\circ", "}"], ["{", r"\degree", "}"]):
            made.append(Token("command", r"\degree", tokens[at].spaced))
            at += 4
        else:
            made.append(tokens[at])
            at += 1
    return made
