r"""From a gold's or an answer's text to what it says: the grammar, and the few phrases that are not mathematics."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

from synthetic1.rewards.math_answers.grammar.cursor import spelled
from synthetic1.rewards.math_answers.grammar.phrases import spelled_number
from synthetic1.rewards.math_answers.grammar.statements import parse
from synthetic1.rewards.math_answers.grammar.token import Unreadable
from synthetic1.rewards.math_answers.grammar.tokens import tokenize
from synthetic1.rewards.math_answers.grammar.tree import Measured, Node, Num, Scaled, Sym
from synthetic1.rewards.math_answers.phrasing import (
    ALL_REALS,
    ANSWER_IN_TEXT,
    ANSWER_IS,
    INFINITELY,
    NO_GOLD,
    NO_SOLUTION,
    PROSE,
    balanced,
    without_tail,
)
from synthetic1.rewards.quantities.units import is_unit, read_unit

SCALES = {"hundred": 2, "thousand": 3, "million": 6, "billion": 9, "trillion": 12}
_LETTER = re.compile(
    r"\s*(?:\\(?:text|textbf|mathrm|mathbf|textrm|mathbf)\s*\{)?\s*[(\[]?\s*([A-J])\s*[)\].:]\s*\}?[ .:~]*(?:\\ )?(.*)",
    re.DOTALL,
)
_BARE_LETTER = re.compile(r"[(\[]?([A-J])[)\].]?")
_ORDINAL = re.compile(
    r"(\d)\s*(?:\^\s*\{?\s*)?(?:\\(?:text|mathrm|textrm|textnormal)\s*\{\s*)?(?:st|nd|rd|th)\b\s*\}?\s*\}?\s*$"
)
_NUMBER_IN_TEXT = re.compile(r"^\\text\s*\{(\d[^{}]*)\}$")
_SYSTEM = re.compile(r"\\left\s*\\\{\s*(?=\\begin\s*\{(?:array|aligned|cases|matrix|gathered))")
_INTEGER = re.compile(r"-?(?:[1-9][0-9]{0,15}|0)")
_BRACED_WORDS = re.compile(r"\{\s*([A-Za-z][A-Za-z ]+)\}")
_COMPOUND = re.compile(r"\d+\s*[a-z]{1,8}\.?(?:,?\s+(?:and\s+)?\d+(?:\.\d+)?\s*[a-z]{1,8}\.?){1,3}")
_PART_OF_COMPOUND = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]{1,8})")
_IN_BASE = re.compile(r"(\d+)\s*(?:\\text\s*\{)?\s*\(?(?:in )?base[ -]?(\d{1,2})\)?\s*\}?")
_OUT_OF = re.compile(r"\$?(\d+)\$?\s*(?:\\text\s*\{)?\s*out of\s*\}?\s*\$?(\d+)\$?")
_TIME = re.compile(r"(\d{1,2}):\s?(\d{2})\s*(?:\\,|~)?\s*(?:\\text\s*\{\s*)?([apAP])\.?\s?[mM]\.?\s*\}?$")
_DOUBLED = re.compile(
    r"(?<!\\)\\\\(?=(?:alpha|approx|begin|beta|boxed|cap|cdot|circ|cos|cup|dfrac|emptyset|end|frac|geq?|infty|in|ldots|left"
    r"|leq?|ln|log|mathbb|mathrm|mid|neq?|notin|operatorname|overline|pi|pm|quad|right|setminus|sin|sqrt|sum|tan|text"
    r"|tfrac|theta|times|vec)(?![A-Za-z]))"
)
"""Backslashes that a serializer has doubled; a row of a matrix does not end right before these."""
_WORDS = re.compile(r"[A-Za-z][A-Za-z ,.'’\-]*")
_MINUS = re.compile(r"(?<![A-Za-z])-|-(?![A-Za-z])|(?<![A-Za-z])[A-Za-z]-[A-Za-z](?![A-Za-z])")
"""A dash that joins no words: ``p - q``."""


@dataclass(frozen=True)
class Lettered:
    """A letter of a multiple choice, perhaps with the option's value."""

    letter: str
    value: Said | None


@dataclass(frozen=True)
class Said:
    """What a text says."""

    text: str
    node: Node | None
    """``None``: not understood at all."""
    spelled: str
    """Canonical spelling, for what is not understood."""
    option: Lettered | None = None
    words: str = ""
    """The text as words, where it is words."""
    number: Fraction | None = None
    """What number words spell."""
    integer: int | None = None
    """Of a text that is a whole number and nothing else, written as one writes it."""


@lru_cache(maxsize=16384)
def read(text: str, words: frozenset[str] = frozenset()) -> Said:
    """What ``text`` says.

    Args:
        words: runs of letters that are words, e.g. because they stand in the prompt.
    """
    if _INTEGER.fullmatch(text):  # most answers are: what follows would say the same, after a hundred microseconds
        return Said(text, Num(Fraction(text)), text, integer=int(text))
    text = "".join(char for char in text if char.isspace() or unicodedata.category(char) not in ("Cc", "Cf")).strip()
    text = _SYSTEM.sub("", _NUMBER_IN_TEXT.sub(r"\1", ANSWER_IN_TEXT.sub(r"\1", text)))
    text = unwrapped(ANSWER_IS.sub("", _DOUBLED.sub(r"\\", text)).strip())
    if re.fullmatch(r"[+\-−]?\d{1,3}(?: \d{3})+(?:\.\d+)?", text):
        text = text.replace(" ", "")
    text = without_tail(text)
    if "out of" in text and (share := _OUT_OF.fullmatch(text)):
        text = f"\\frac{{{share[1]}}}{{{share[2]}}}"
    if found := _BRACED_WORDS.fullmatch(text):
        text = found[1]
    if (length := compound(text)) is not None:
        text = length
    text = _TIME.sub(lambda match: rf"{match[1]}:{match[2]}\text{{ {match[3].lower()}m}}", text.replace("{:}", ":"))
    if based := _IN_BASE.fullmatch(text):
        text = f"{based[1]}_{{{based[2]}}}"
    if ordinal := _ORDINAL.search(text):
        text = text[: ordinal.start(1)] + ordinal[1]
    plain = plain_words(text)
    option = _option(text, words)
    number = spelled_number(plain) if plain else None
    if plain and NO_SOLUTION.fullmatch(plain):
        return Said(text, Sym(r"\emptyset"), "", None, plain)
    if plain and INFINITELY.fullmatch(plain):
        return Said(text, Sym(r"\infty"), "", None, "infinitely many")
    if plain and ALL_REALS.fullmatch(plain):
        return Said(text, Sym(r"\Reals"), "", None, plain)
    try:
        tokens = tokenize(text, is_word=words)
        written = spelled(tokens)
    except Unreadable:
        return Said(
            text,
            None,
            " ".join(re.sub(r"(?<!\\)\$", "", text).split()).rstrip(" ."),
            option,
            plain,
            None if number is None else Fraction(number),
        )
    try:
        node: Node | None = scaled(parse(text, is_word=words, is_unit=is_unit))
    except (Unreadable, RecursionError):
        node = None
    return Said(text, node, written, option, plain, None if number is None else Fraction(number))


def compound(text: str) -> str | None:
    """``2 hours 30 minutes`` in its last unit: ``150 minutes``; ``None`` of anything else."""
    plain = re.sub(r"\\(?:text|mathrm|textrm|mbox)\s*\{([^{}]*)\}", r" \1 ", text).replace("~", " ").replace("\\ ", " ")
    if not _COMPOUND.fullmatch(plain.strip()):
        return None
    parts = _PART_OF_COMPOUND.findall(plain)
    units = [read_unit(unit) for _, unit in parts]
    last = units[-1]
    if last is None or any(unit is None or unit.label or unit.dimensions != last.dimensions for unit in units):
        return None
    sizes = [unit.size for unit in units if unit is not None]
    if any(after >= before for before, after in pairwise(sizes)):
        return None
    total = (
        sum((Fraction(count) * size for (count, _), size in zip(parts, sizes, strict=True)), Fraction(0)) / last.size
    )
    return f"{total} \\text{{ {parts[-1][1]}}}" if total.denominator == 1 else None


def scaled(node: Node) -> Node:
    """``3.5 million`` is a number."""
    radians = isinstance(node, Measured) and node.unit.strip().lower() in ("radians", "radian", "rad")
    if radians and isinstance(node, Measured) and r"\\pi" in repr(node.arg):
        return node.arg
    unit = node.unit.strip().lower() if isinstance(node, Measured) else ""
    if isinstance(node, Measured) and unit in ("percent", "per cent", "percentage", "pct", "degrees", "degree", "deg"):
        return Scaled(node.arg, "degree" if unit.startswith("deg") else "percent")
    if isinstance(node, Measured) and (power := SCALES.get(node.unit.strip().lower())) and isinstance(node.arg, Num):
        return Num(node.arg.value * 10**power)
    return node


def plain_words(text: str) -> str:
    """The text as words, or ``""`` where it holds anything but letters, spaces and punctuation."""
    bare = re.sub(
        r"\\(?:text|textbf|textit|textrm|textnormal|mathrm|mbox|mathbf|operatorname|emph)\s*\{([^{}]*)\}", r" \1 ", text
    )
    bare = re.sub(r"\\[,;:! ~]|[$~]", " ", bare).strip().strip(".").strip()
    return " ".join(bare.split()) if _WORDS.fullmatch(bare) and not _MINUS.search(bare) else ""


def unwrapped(text: str) -> str:
    """Without a box, dollars or ``\\text`` around all of it."""
    for _ in range(4):
        found = re.fullmatch(
            r"\s*(?:\\(?:boxed|fbox)\s*\{(.*)\}|\$\$?(.*?)\$\$?|\\\((.*)\\\)|\\\[(.*)\\\])\s*\.?\s*", text, re.DOTALL
        )
        inside = None if found is None else next(part for part in found.groups() if part is not None)
        if inside is None or not balanced(inside) or "$" in inside:
            return text
        text = inside
    return text


_OF_ANOTHER_ANSWER = re.compile(
    r".*[(\s][A-J][).]|[\s,;]*[,;]|[\s}]*(?:\\(?:text|mbox|textrm)\s*\{)?\s*(?:or|and|is|isn't|not|nor|maybe|possibly|either)\b",
    re.IGNORECASE,
)
"""What follows a letter and is not the text of its option."""


def _option(text: str, words: frozenset[str]) -> Lettered | None:
    bare = re.sub(r"\\(?:text|textbf|mathrm|mathbf|textrm|mbox)\s*\{([^{}]*)\}", r"\1", text).replace("$", "").strip()
    bare = re.sub(r"^(?:option|choice)\s+", "", bare, flags=re.IGNORECASE)
    if found := _BARE_LETTER.fullmatch(bare.strip(". ")):
        return Lettered(found[1], None)
    if (found := _LETTER.fullmatch(text)) and found[2].strip(" .$}") and not _OF_ANOTHER_ANSWER.match(found[2]):
        return Lettered(found[1], read(found[2].strip().strip("}").strip(), words))
    return None


@lru_cache(maxsize=8192)
def gold_words(text: str) -> frozenset[str]:
    """What of a gold are words, though not marked as such: ``350 pages``."""
    bare = re.sub(r"\\(?:text|mathrm|operatorname)\s*\{[^{}]*\}|\$[^$]*\$|\\[A-Za-z]+", " ", text)
    return frozenset(run.lower() for run in re.findall(r"(?<=[\d }$])\s+([a-z]{4,})(?![A-Za-z(^_])", bare))


def gold_problem(text: str, said: Said) -> str | None:
    """Why a gold cannot be compared with any answer: prose, a proof, nothing."""
    if not text.strip():
        return "it is empty"
    if NO_GOLD.fullmatch(text.strip().strip("$.").strip()):
        return "it is not an answer"
    bare = re.sub(r"\\(?:begin|end)\{[a-z*]+\}|\\(?!text|mbox)[A-Za-z]+", " ", text)
    count = len(re.findall(r"[A-Za-z]{3,}", bare))
    if count > 12 or (count > 3 and PROSE.search(bare)) or re.search(r"\\begin\{(?:proof|figure|asy|tikz)", text):
        return "it is prose"
    if not balanced(text):
        return "its braces do not match"
    if said.words and (len(said.words.split()) > 8 or PROSE.search(said.words)):
        return "it is prose"
    return None
