"""Model output made fit to be seen: control characters shown, long text cut, two strings compared."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from difflib import SequenceMatcher

COMPARED = 300  # characters of the differing middle that are aligned; matching is quadratic


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of an alignment: ``same`` on both sides, or ``expected`` replaced by ``predicted``."""

    same: bool
    expected: str
    predicted: str


def visible(text: str, *, keep: str = "\n\t") -> str:
    """``text`` without anything that acts instead of showing: escapes, bidi overrides, lone surrogates.

    C0 controls become their pictures (U+2400 …); other invisible characters an escape like ``\\u202e``. A completion
    can then neither move the terminal's cursor nor turn the page around.
    """
    plain = text
    for char in keep:
        plain = plain.replace(char, "")
    if plain.isprintable():  # nearly always: a hundred times faster than a look at every character
        return text
    return "".join(c if c in keep or c.isprintable() else _picture(c) for c in text)


def one_line(text: str, limit: int) -> str:
    """``text`` visible, on one line (newlines as ↵), at most ``limit`` characters, cut in its middle."""
    return cut(visible(text[: 4 * limit] + text[-limit:] if len(text) > 5 * limit else text, keep=""), limit)


def cut(text: str, limit: int) -> str:
    """``text``, or its two ends with … between them: beginnings say what it is, ends what came of it."""
    if len(text) <= limit:
        return text
    head = (limit - 1) // 2
    return f"{text[:head]}…{text[len(text) - (limit - 1 - head) :]}"


def compare(expected: str, predicted: str) -> list[Piece]:
    """Character alignment of two strings; joined pieces give back both.

    Equal ends are set aside first; a middle longer than 300 characters on either side is one differing piece.
    """
    shorter = min(len(expected), len(predicted))
    head = 0
    while head < shorter and expected[head] == predicted[head]:
        head += 1
    tail = 0
    while tail < shorter - head and expected[-1 - tail] == predicted[-1 - tail]:
        tail += 1
    left, right = expected[head : len(expected) - tail], predicted[head : len(predicted) - tail]
    pieces = [Piece(True, expected[:head], predicted[:head])]
    if max(len(left), len(right)) > COMPARED:
        pieces.append(Piece(False, left, right))
    else:
        codes = SequenceMatcher(None, left, right, autojunk=False).get_opcodes()
        pieces += [Piece(kind == "equal", left[a:b], right[c:d]) for kind, a, b, c, d in codes]
    ending = expected[len(expected) - tail :]
    pieces.append(Piece(True, ending, ending))
    return [piece for piece in pieces if piece.expected or piece.predicted]


def _picture(char: str) -> str:
    code = ord(char)
    if char == "\n":
        return "↵"
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if unicodedata.category(char) == "Zs":  # no-break and other wide spaces are not "printable", yet they only show
        return char
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
