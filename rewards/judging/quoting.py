"""Quoting: how text of strangers is shown to a judge, so that it stays text.

A quoted block stands between lines that bear a code. The code is a hash of what is quoted: the same pair is shown alike
on every machine and every day, so replies can be cached and verdicts repeated, and yet no candidate can hold its code,
for it would have to hold a hash of itself (and, for the blocks before it, of a reference it never saw). A secret of
the installation would add nothing but verdicts that differ from one machine to the next.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping

from synthetic1.keys import canonical_json

CODE_BYTES = 8
BAR = "====="
_PLACE = re.compile(r"\{(\w+)\}")
_LOOKALIKE = re.compile(rf"^([ \t>|+\-]*)({BAR[:3]}[^\n]*)$", re.MULTILINE)
# What chat templates make control tokens of wherever it stands: <|im_end|>, <｜User｜>, [INST], <<SYS>>, </s>, <think>
_CONTROL = re.compile(
    r"<(?=[|｜]|/?(?:s|bos|eos|pad|unk|think)>|<?/?<?/?SYS>|(?:start|end)_of_turn>)|\[(?=/?(?:INST|AVAILABLE_TOOLS)\])",
    re.I,
)
_JOINERS = "\u200c\u200d"  # Persian and emoji need them


def fill(template: str, values: Mapping[str, str]) -> str:
    """``template`` with every ``{name}`` replaced, in one pass: a ``{name}`` within a value stays what it is.

    Raises:
        KeyError: the template names a value that is not there.
    """
    return _PLACE.sub(lambda place: values[place[1]], template)


def clean(text: str, *, exact: bool = False) -> str:
    """``text`` as a judge sees it: what cannot be seen, or would be taken for the frame around it, is made harmless.

    Invisible format characters are left out (bidirectional overrides, tag characters), other control characters and
    lone surrogates become U+FFFD, line ends are "\\n"; a space splits what chat templates read as control tokens; a
    line that looks like a delimiter gets a quotation mark in front.

    Args:
        exact: invisible characters are named instead, ``<U+200B>``: in code they make a difference.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.replace("\n", "").replace("\t", "").isprintable():  # of what can be printed nothing has to be replaced
        text = "".join(map(_named if exact else _shown, text))
    text = _CONTROL.sub(lambda token: token[0] + " ", text)
    return _LOOKALIKE.sub(r"\1> \2", text)


def code_for(*content: str) -> str:
    """The code of delimiters around ``content``."""
    return hashlib.blake2b(canonical_json(list(content)), digest_size=CODE_BYTES).hexdigest()


def quote(label: str, text: str, code: str, *, other: str = "", exact: bool = False) -> str:
    """``text``, cleaned, between delimiters that bear ``code``; this and an ``other`` code are taken out of it."""
    shown = clean(text, exact=exact)
    for known in filter(None, (code, other)):
        shown = shown.replace(known, "[code]")
    return f"{BAR} {label} {code} {BAR}\n{shown}\n{BAR} END OF {label} {code} {BAR}"


def shorten(text: str, limit: int) -> str:
    """``text`` with its middle left out, and a line that says so, if it is longer than ``limit`` characters."""
    if len(text) <= limit:
        return text
    left_out = len(text) - limit
    head = limit - limit // 2
    return f"{text[:head]}\n[… {left_out:,} characters are left out here …]\n{text[len(text) - limit // 2 :]}"


def _shown(character: str) -> str:
    if character in "\n\t":
        return character
    category = unicodedata.category(character)
    if category == "Cf" and character not in _JOINERS:
        return ""
    if category in ("Zl", "Zp"):
        return "\n"
    return "\ufffd" if category in ("Cc", "Cs") else character


def _named(character: str) -> str:
    if character in "\n\t" or unicodedata.category(character) not in ("Cf", "Zl", "Zp", "Cc", "Cs"):
        return character
    return f"<U+{ord(character):04X}>"
