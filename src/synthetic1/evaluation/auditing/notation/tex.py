r"""TeX as tokens: where arguments, brackets and words stand in an answer.

This is the audit's own reading of notation. It shares nothing with the verifier's, whose mistakes it is to find.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Sequence
from functools import lru_cache

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\s+|.", re.DOTALL)
_WORDS = re.compile(r"\\(?:text|textbf|textit|textrm|textnormal|mbox|mathrm|mathbf|operatorname)\s*\{[^{}]*\}")
_LETTERS = re.compile(r"[^\W\d_]{2,}")
_SHORT_WORDS = re.compile(
    "am|an|and|any|area|are|as|at|be|by|cm|cos|deg|det|dim|do|each|else|even|exp|feet|find|for|from|ft|gcd|get|has|he|"
    "hour|hr|if|in|inch|is|it|its|kg|km|lcm|lim|line|ln|log|max|mi|min|mm|no|none|nor|not|odd|of|off|on|one|or|per|pm|"
    "real|say|sec|sin|so|sum|tan|than|that|the|then|they|this|to|true|two|we|when|with|yes|you|zero",
    re.IGNORECASE,
)
_NO_FORMULA = re.compile(
    r"\\(?:begin|end|text|mbox|ldots|cdots|dots|ldotp|prime|quad|qquad|\\)(?![A-Za-z])|\.\.|'|\n|\$"
)
OPENING = frozenset({"(", "[", "{", r"\{", r"\langle", r"\lfloor", r"\lceil"})
CLOSING = frozenset({")", "]", "}", r"\}", r"\rangle", r"\rfloor", r"\rceil"})
_PARTNERS = {"(": ")", "[": "]", "{": "}", r"\{": r"\}"}
_BOX = re.compile(r"\\(?:boxed|fbox)\s*\{")
GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "theta": "θ", "lambda": "λ", "mu": "μ",
    "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "phi": "φ", "omega": "ω", "Delta": "Δ", "Omega": "Ω",
}  # fmt: skip


def tokens(text: str) -> list[str]:
    """Commands, control symbols, runs of white space and single characters; joined they are ``text`` again."""
    return _TOKEN.findall(text)


def join(parts: Sequence[str]) -> str:
    r"""Tokens as text, with a space where a command would swallow the letter after it: ``\pi`` ``r`` → ``\pi r``."""
    written: list[str] = []
    for part in parts:
        if written and part[:1].isalpha() and re.fullmatch(r"\\[A-Za-z]+", written[-1]):
            written.append(" ")
        written.append(part)
    return "".join(written)


def is_balanced(text: str) -> bool:
    r"""Whether braces, parentheses and square brackets close; ``[1,2)`` is fine, ``\left`` and ``\right`` pair up."""
    open_braces = depth = 0
    for token in tokens(text):
        if token in "{}" and token:
            open_braces += 1 if token == "{" else -1
        elif token in OPENING or token in CLOSING:
            depth += 1 if token in OPENING else -1
        if open_braces < 0 or depth < 0:
            return False
    return open_braces == depth == 0 and text.count(r"\left") - text.count(r"\leftarrow") == text.count(r"\right")


def skip_space(parts: Sequence[str], start: int) -> int:
    """The place of the first token at or after ``start`` that is not white space."""
    while start < len(parts) and parts[start].isspace():
        start += 1
    return start


def closing(parts: Sequence[str], start: int) -> int | None:
    """Where the bracket at ``start`` closes, by its own kind of bracket; None if it does not."""
    opened, closed = parts[start], _PARTNERS.get(parts[start])
    depth = 0
    for place in range(start, len(parts)):
        depth += (parts[place] == opened) - (parts[place] == closed)
        if depth == 0:
            return place
    return None


def argument(parts: Sequence[str], start: int) -> tuple[str, int] | None:
    r"""The argument that TeX would read at ``start``, and the place after it.

    A group without its braces, or one token: ``\frac12`` has the arguments ``1`` and ``2``.
    """
    start = skip_space(parts, start)
    if start >= len(parts) or parts[start] in ("}", "^", "_", "&"):
        return None
    if parts[start] != "{":
        return parts[start], start + 1
    end = closing(parts, start)
    return None if end is None else (join(parts[start + 1 : end]), end + 1)


def is_group(parts: Sequence[str], start: int) -> bool:
    """Whether an argument at ``start`` stands in braces."""
    start = skip_space(parts, start)
    return start < len(parts) and parts[start] == "{"


def top_level(parts: Sequence[str], wanted: Container[str]) -> list[int]:
    """The places of the ``wanted`` tokens that stand in no brackets and no script or argument."""
    depth, places = 0, []
    for place, part in enumerate(parts):
        if part in CLOSING:
            depth -= 1
        if depth == 0 and part in wanted:
            places.append(place)
        if part in OPENING:
            depth += 1
    return places


def split(text: str, separators: Container[str]) -> list[str]:
    """The stripped parts of ``text`` between separators that stand in no brackets; ``10,\\!080`` is one number."""
    parts = tokens(re.sub(r"(?<=\d),\\!\s*(?=\d{3})", "", text))
    begin, found = 0, []
    for place in top_level(parts, separators):
        found.append("".join(parts[begin:place]).strip())
        begin = place + 1
    return [*found, "".join(parts[begin:]).strip()]


def enclosed(text: str) -> tuple[str, str, str] | None:
    r"""The opening bracket, the content and the closing bracket, if one pair encloses all of ``text``.

    ``\left`` and ``\right`` are left out; the two brackets need not be alike: ``[1,2)``.
    """
    parts = tokens(re.sub(r"\\(?:left|right)(?:\.|(?![A-Za-z]))", "", text.strip()))
    if len(parts) < 2 or parts[0] not in OPENING or parts[-1] not in CLOSING:
        return None
    depth = 0
    for place, part in enumerate(parts):
        depth += (part in OPENING) - (part in CLOSING)
        if depth == 0 and place < len(parts) - 1:
            return None
    return (parts[0], "".join(parts[1:-1]), parts[-1]) if depth == 0 else None


def sides(text: str) -> tuple[str, str] | None:
    """The two sides of an equation with one ``=`` outside brackets; None of anything else."""
    found = split(text, {"="})
    return (found[0], found[1]) if len(found) == 2 and all(found) else None


# Words ----------------------------------------------------------------------------------------------------------------


def outside_words(text: str, rewrite: Callable[[str], str]) -> str:
    r"""``text`` with ``rewrite`` applied to what stands between its ``\text{…}`` and ``\mathrm{…}``."""
    written, begin = [], 0
    for words in _WORDS.finditer(text):
        written += [rewrite(text[begin : words.start()]), words[0]]
        begin = words.end()
    return "".join([*written, rewrite(text[begin:])])


def has_words(text: str) -> bool:
    r"""Whether there are words outside commands and ``\text{…}``. Up to four letters may be a product: ``xyz``."""
    runs = _LETTERS.findall(re.sub(r"\\[A-Za-z]+", " ", _WORDS.sub(" ", text)))
    return any(len(run) > 4 or _SHORT_WORDS.fullmatch(run) for run in runs)


@lru_cache(maxsize=1024)  # most rewriters ask of the same gold
def is_formula(text: str) -> bool:
    r"""Whether ``text`` is notation from end to end: closed brackets, no words, environments, lines or dots."""
    return not (_NO_FORMULA.search(text) or _WORDS.search(text) or has_words(text)) and is_balanced(text)


# The answer of a gold -------------------------------------------------------------------------------------------------


def last_box(text: str) -> str | None:
    r"""What stands in the last ``\boxed{…}`` that closes."""
    for found in reversed(list(_BOX.finditer(text))):
        parts = tokens(text[found.end() - 1 :])
        if (end := closing(parts, 0)) is not None:
            return "".join(parts[1:end])
    return None


def answer_of(gold: str) -> str:
    """The answer in a gold, which may be a whole solution: its last box, without the dollar signs around notation."""
    boxed = last_box(gold)
    text = (gold if boxed is None else boxed).strip()
    text = without_dollars(text) or text
    return text if text.endswith("..") else text.removesuffix(".").rstrip()


def without_dollars(text: str) -> str | None:
    """``text`` without dollar signs; None if they do not pair up or words stand between formulas."""
    text = re.sub(r"\\[()\[\]]", "$", text) if re.match(r"\\[(\[]", text.strip()) else text
    pieces = re.sub(r"(?<!\\)\$\$", "$", text).strip()
    pieces_between = re.split(r"(?<!\\)\$", pieces)
    if len(pieces_between) % 2 == 0 or any(any(map(str.isalpha, piece)) for piece in pieces_between[::2]):
        return None if len(pieces_between) > 1 else text.strip()
    return " ".join("".join(pieces_between).split())
