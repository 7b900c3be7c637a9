r"""Equivalents by notation: the same answer as other people type it, in TeX and in Unicode.

Each function is a rewriter (see ``case.Rewrite``) that changes how an answer is written and never what it is. Where a
spelling would be read in two ways it yields nothing: ``x^{2}3`` keeps its braces.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from synthetic1.evaluation.auditing.case import AuditedGold, CaseKind, Rewrite
from synthetic1.evaluation.auditing.notation.tex import (
    GREEK,
    argument,
    has_words,
    is_balanced,
    is_formula,
    is_group,
    join,
    outside_words,
    tokens,
)

NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_OPERATORS = frozenset({"+", "-", "=", "<", ">", r"\cdot", r"\times", r"\le", r"\ge", r"\leq", r"\geq", r"\pm"})
_SPACES = (r"\,", r"\;", r"\ ", "~", r"\!")
_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_SYMBOLS = {
    "le": "≤", "leq": "≤", "leqslant": "≤", "ge": "≥", "geq": "≥", "geqslant": "≥", "ne": "≠", "neq": "≠",
    "infty": "∞", "cup": "∪", "cap": "∩", "in": "∈", "pm": "±",
}  # fmt: skip
_OTHER_COMMANDS = {
    "le": "leqslant", "leq": "le", "leqslant": "leq", "ge": "geqslant", "geq": "ge", "geqslant": "geq", "ne": "neq",
    "neq": "ne",
}  # fmt: skip
_COMMAND = re.compile(r"\\([A-Za-z]+)")
_POWER_OF_TEN = re.compile(r"\de[+-]?\d")
_CALLS = re.compile(r"\\(?:arc)?(?:sin|cos|tan|cot|sec|csc|ln|log|exp)")
_TAKES_ARGUMENTS = frozenset({"^", "_", r"\frac", r"\dfrac", r"\tfrac", r"\sqrt", r"\log", r"\binom", "}"})
_AFTER_ROOT = r"(?=\s*(?:$|[+\-=<>,;)\]}&]|\\(?:cdot|times|le|ge|cup)(?![A-Za-z])))"


@lru_cache(maxsize=1024)
def is_notation(text: str) -> bool:
    r"""Whether all of it but what stands in ``\text{…}`` is notation."""
    return not ("$" in text or "\n" in text or r"\begin" in text or has_words(text)) and is_balanced(text)


def spelling(respell: Callable[[str], str]) -> Rewrite:
    """The rewriter that applies ``respell`` to all notation of an answer."""

    def make(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
        if is_notation(gold.text) and (respelt := outside_words(gold.text, respell)) != gold.text:
            yield respelt

    return make


# Fractions, roots and scripts -----------------------------------------------------------------------------------------


@spelling
def dfrac(text: str) -> str:
    return re.sub(r"\\[tc]?frac(?![A-Za-z])", r"\\dfrac", text)


@spelling
def tfrac(text: str) -> str:
    return re.sub(r"\\[dc]?frac(?![A-Za-z])", r"\\tfrac", text)


@spelling
def short_fraction(text: str) -> str:
    r"""``\frac{1}{2}`` → ``\frac12``"""
    return re.sub(r"\\frac\s*\{\s*(\d)\s*\}\s*\{\s*(\d)\s*\}(?!\s*[\d.])", r"\\frac\1\2", text)


@spelling
def short_fraction_with_letters(text: str) -> str:
    r"""``\frac{\pi}{4}`` → ``\frac\pi4``, ``\frac{1}{x}`` → ``\frac1x``"""
    one = r"\{\s*(\d|[A-Za-z]|\\pi)\s*\}"

    def short(found: re.Match[str]) -> str:
        over, under = found[1], found[2]
        return found[0] if over.isdigit() and under.isdigit() else join([r"\frac", over, under])

    return re.sub(rf"\\frac\s*{one}\s*{one}(?!\s*[\d.A-Za-z])", short, text)


@spelling
def long_fraction(text: str) -> str:
    r"""``\frac12`` → ``\frac{1}{2}``"""
    parts = tokens(text)
    written, place = [], 0
    while place < len(parts):
        written.append(parts[place])
        place += 1
        over = argument(parts, place) if written[-1] in (r"\frac", r"\dfrac", r"\tfrac") else None
        under = argument(parts, over[1]) if over is not None else None
        if over is None or under is None or (is_group(parts, place) and is_group(parts, over[1])):
            continue
        if all(re.fullmatch(r"[0-9A-Za-z]|\\pi", arg) or is_group(parts, at) for arg, at in ((over[0], place), under)):
            written += [f"{{{over[0]}}}{{{under[0]}}}"]
            place = under[1]
    return "".join(written)


@spelling
def short_root(text: str) -> str:
    r"""``\sqrt{2}`` → ``\sqrt2``"""
    return re.sub(
        r"\\sqrt\s*\{\s*(\d|\\pi)\s*\}(?!\s*[\d.])",
        lambda found: rf"\sqrt{found[1]}" + (" " if found[1] == r"\pi" and _letter_follows(text, found.end()) else ""),
        text,
    )


def _letter_follows(text: str, place: int) -> bool:
    return text[place : place + 1].isalpha()


@spelling
def long_root(text: str) -> str:
    r"""``\sqrt2`` → ``\sqrt{2}``"""
    return re.sub(r"\\sqrt\s*(\d)(?![\d.])", r"\\sqrt{\1}", text)


@spelling
def braces_out_of_scripts(text: str) -> str:
    r"""``x^{2}`` → ``x^2``, unless a digit follows"""
    return re.sub(r"([\^_])\s*\{\s*([0-9A-Za-z])\s*\}(?!\s*[\d.'])", r"\1\2", text)


@spelling
def braces_into_scripts(text: str) -> str:
    r"""``x^2`` → ``x^{2}``, unless a digit follows"""
    return re.sub(r"([\^_])\s*([0-9A-Za-z])(?!\s*[\d.])", r"\1{\2}", text)


# Brackets and spaces --------------------------------------------------------------------------------------------------


def left_right(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    r"""``(1,2]`` → ``\left(1,2\right]``"""
    parts = tokens(gold.text)
    if not is_formula(gold.text) or r"\left" in parts or r"\right" in parts:
        return
    written, open_ones, changed = [], [], False
    for place, part in enumerate(parts):
        is_degree = part == "[" and place and parts[place - 1] == r"\sqrt"
        if part in ("(", "[", "{"):
            open_ones.append(part if not is_degree else "degree")
            written.append(rf"\left{part}" if part != "{" and not is_degree else part)
        elif part in (")", "]", "}"):
            opened = open_ones.pop() if open_ones else ""
            if not opened or (opened == "{") != (part == "}"):
                return
            written.append(rf"\right{part}" if opened in ("(", "[") else part)
            changed = changed or opened in ("(", "[")
        else:
            written.append(part)
    if changed:
        yield "".join(written)


@spelling
def no_left_right(text: str) -> str:
    r"""``\left(x\right)`` → ``(x)``"""
    if r"\left." in text or r"\right." in text:
        return text
    return re.sub(r"\\(?:left|right)\s*(?=[()\[\]|]|\\[{}])", "", text)


@spelling
def no_spaces(text: str) -> str:
    """``x + 1`` → ``x+1``, unless digits would run together, or a list look like thousands"""
    if re.search(r"[\d.]\s+[\d.]|\d\s*,\s+\d{3}(?!\d)|\d\s+,\s*\d{3}(?!\d)", text):
        return text
    return join([token for token in tokens(text) if not token.isspace()])


@spelling
def wide_spaces(text: str) -> str:
    """``x+1`` → ``x + 1``, but not ``1e-8``"""
    if _POWER_OF_TEN.search(text):
        return text
    return re.sub(r"(?<=[0-9A-Za-z)\]}!])\s*([+\-=<>])\s*(?=[0-9A-Za-z(\\])(?!\\[,;!])", r" \1 ", text)


def space_before_letters(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    r"""``2x`` → ``2\,x``, with one of the spacing macros"""
    yield from _spaced(gold, rng, lambda token: token.isalpha() and token.isascii())


def space_before_digits(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    r"""``x+2`` → ``x+\,2``, with one of the spacing macros"""
    yield from _spaced(gold, rng, str.isdigit)


def _spaced(gold: AuditedGold, rng: random.Random, wanted: Callable[[str], bool]) -> Iterator[str]:
    if not is_formula(gold.text) or _POWER_OF_TEN.search(gold.text):
        return
    parts, space = [token for token in tokens(gold.text) if not token.isspace()], rng.choice(_SPACES)
    written = parts[:1]
    for place in range(1, len(parts)):
        before, part = parts[place - 1], parts[place]
        after_operator = (
            before in _OPERATORS and place > 1 and parts[place - 2] not in (*_OPERATORS, "^", "_", "(", "{")
        )
        after_number = part.isalpha() and before.isdigit() and _is_coefficient(parts, place)
        written += [space, part] if wanted(part) and (after_operator or after_number) else [part]
    if space in written:
        yield join(written)


def _is_coefficient(parts: list[str], end: int) -> bool:
    """Whether the digits before ``end`` are not an argument or a script."""
    start = end
    while start and (parts[start - 1].isdigit() or parts[start - 1] == "."):
        start -= 1
    return start == 0 or parts[start - 1] not in _TAKES_ARGUMENTS


# Unicode and other commands -------------------------------------------------------------------------------------------


@spelling
def unicode_minus(text: str) -> str:
    return text.replace("-", "−")


@spelling
def unicode_times(text: str) -> str:
    return re.sub(r"\\times(?![A-Za-z])\s*", "×", text)


@spelling
def unicode_dot(text: str) -> str:
    return re.sub(r"\\cdot(?![A-Za-z])\s*", "·", text)


@spelling
def unicode_greek(text: str) -> str:
    return _COMMAND.sub(lambda found: GREEK.get(found[1], found[0]), text)


@spelling
def unicode_symbols(text: str) -> str:
    r"""``\le`` → ``≤``, ``\infty`` → ``∞``, ``\cup`` → ``∪``"""
    return _COMMAND.sub(lambda found: _SYMBOLS.get(found[1], found[0]), text)


@spelling
def other_relation_commands(text: str) -> str:
    r"""``\le`` → ``\leqslant``"""
    return _COMMAND.sub(lambda found: "\\" + _OTHER_COMMANDS.get(found[1], found[1]), text)


@spelling
def unicode_superscripts(text: str) -> str:
    """``x^{12}`` → ``x¹²``"""
    return re.sub(
        r"(?<=[0-9A-Za-z)])\s*\^\s*(?:\{\s*(-?\d+)\s*\}|(\d)(?!\d))(?!\s*[\d.^])",
        lambda found: (found[1] or found[2]).translate(_SUPERSCRIPTS),
        text,
    )


@spelling
def unicode_root(text: str) -> str:
    r"""``\sqrt{13}`` → ``√13``, where the root ends for every reader"""
    return re.sub(r"\\sqrt\s*\{\s*(\d+|[A-Za-z])\s*\}" + _AFTER_ROOT, r"√\1", text)


@spelling
def degree_sign(text: str) -> str:
    return re.sub(r"\^\s*(?:\{\s*\\circ\s*\}|\\circ(?![A-Za-z]))", "°", text)


@spelling
def plain_percent(text: str) -> str:
    return re.sub(r"\s*\\%", "%", text)


@spelling
def other_times(text: str) -> str:
    r"""``2 \cdot 3`` → ``2 \times 3`` and back, between numbers"""
    swapped = {"cdot": r"\times", "times": r"\cdot"}
    return re.sub(r"(?<=[\d}])\s*\\(cdot|times)\s*(?=\d)", lambda found: f" {swapped[found[1]]} ", text)


@spelling
def written_times(text: str) -> str:
    r"""``2\sqrt{3}`` → ``2 \cdot \sqrt{3}``, outside arguments without brackets"""
    if _CALLS.search(text):
        return text
    return re.sub(r"(?<![\d.}_^A-Za-z\\])(\d+)\s*(?=\\sqrt(?![A-Za-z])|\\pi(?![A-Za-z]))", r"\1 \\cdot ", text)


SPELLINGS = {
    rewrite_name: CaseKind(rewrite)
    for rewrite_name, rewrite in {
        "dfrac": dfrac,
        "tfrac": tfrac,
        "short_fraction": short_fraction,
        "short_fraction_with_letters": short_fraction_with_letters,
        "long_fraction": long_fraction,
        "short_root": short_root,
        "long_root": long_root,
        "braces_out_of_scripts": braces_out_of_scripts,
        "braces_into_scripts": braces_into_scripts,
        "left_right": left_right,
        "no_left_right": no_left_right,
        "no_spaces": no_spaces,
        "wide_spaces": wide_spaces,
        "space_before_letters": space_before_letters,
        "space_before_digits": space_before_digits,
        "unicode_minus": unicode_minus,
        "unicode_times": unicode_times,
        "unicode_dot": unicode_dot,
        "unicode_greek": unicode_greek,
        "unicode_symbols": unicode_symbols,
        "unicode_superscripts": unicode_superscripts,
        "unicode_root": unicode_root,
        "other_relation_commands": other_relation_commands,
        "degree_sign": degree_sign,
        "plain_percent": plain_percent,
        "other_times": other_times,
        "written_times": written_times,
    }.items()
}
