"""Reading an answer: words, lists, sets, intervals, equations; what has no such structure is read as a scalar."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

from synthetic1.rewards.math_answers.answer import unwrapped
from synthetic1.rewards.math_answers.latex import (
    brackets_pair,
    canonical,
    closing,
    split,
    squeezed,
    without_text,
)
from synthetic1.rewards.math_answers.scalars import read_number, read_scalar, spelled_number
from synthetic1.rewards.math_answers.values import (
    EMPTY,
    Approximation,
    Chain,
    ChoiceLetter,
    Formula,
    Interval,
    Matrix,
    Number,
    Sequence,
    Union,
    Value,
    Words,
)

MAX_READ = 2000
"""Characters; reading takes time that grows with their square, 20 ms at most for so many."""
_EMPTY_WORDS = {"no solution", "no solutions", "no real solution", "no real solutions", "empty set", "none"}
_CHOICE = re.compile(r"(?:option\s+|choice\s+)?(?:\(\s*([A-J])\s*\)|([A-J])\s*(?:[.:)]|$))[.:]?\s*(.*)", re.DOTALL)
_ONLY_TEXT = re.compile(r"\\(?:text|mbox|textbf|textit|textrm|mathrm|mathbf|mathcal|operatorname)\s*\{[^{}]*\}")
_WORD = re.compile(r"[A-Za-z][A-Za-z'-]*")
_NAME = re.compile(
    r"\\(?:vec|mathbf|overrightarrow|hat)\s*\{[A-Za-z]{1,3}\}"
    r"|(?:\\?[A-Za-z]+|\\[A-Za-z]+)(?:_\{?[A-Za-z0-9]+\}?)?'?(?:\([A-Za-z0-9, ]*\))?"
)
_TUPLE_NAME = re.compile(r"\(?\s*\\?[A-Za-z]+(?:_\{?\w+\}?)?(?:\s*,\s*\\?[A-Za-z]+(?:_\{?\w+\}?)?)+\s*\)?")
_MATRIX = re.compile(r"\\begin\{([bpvBV]?matrix|array)\}(?:\{[lcr|]*\})?(.*)\\end\{\1\}", re.DOTALL)
_RELATION = re.compile(r"(\\(?:le|ge|ne)(?![A-Za-z])|[<>])")
_PERIOD = re.compile(r",?\s*(?:for|where|with)?\s*[a-z]\s*\\in\s*\\(?:mathbb\s*\{?[ZNR]\}?)\s*$")
_RATIO = re.compile(r"\d+(?:\.\d+)?(?:\s*:\s*\d+(?:\.\d+)?)+(?:\s*([ap])\.?\s?m\.?)?", re.IGNORECASE)
_NUMBER_SET = re.compile(r"\\mathbb\s*\{?\s*([NZQRC])\s*\}?")
_REAL_WORDS = {"all real numbers", "all reals", "real numbers", "the real numbers"}
_PLUS_MINUS, _MINUS_PLUS = re.compile(r"\\pm(?![A-Za-z])"), re.compile(r"\\mp(?![A-Za-z])")


@lru_cache(maxsize=16_384)  # answers to one task are much alike
def read(text: str) -> Value:
    """What ``text``, an answer of at most ``MAX_READ`` characters, says; what is nothing else is a Formula."""
    if len(text) < 16 and text.isascii() and text.isdigit():
        return Number(Fraction(int(text)))
    if len(text) > MAX_READ:
        return Formula(text)
    return _read(canonical(unwrapped(text)))


def _read(text: str) -> Value:
    text = text.strip()
    while len(text) > 1 and text[0] == "{" and closing(text, 0) == len(text) - 1:
        text = text[1:-1].strip()
    text = _PERIOD.sub("", unwrapped(text)).strip()
    plain = without_text(text)
    words = _as_words(text, plain)
    if words is not None:
        return words
    for read_as in (_choice, _approximation, _listed, _union, _membership, _chain, _set, _bracketed, _matrix, _order):
        value = read_as(text)
        if value is not None:
            return value
    return read_scalar(text)


# Words and letters ----------------------------------------------------------------------------------------------------


def _as_words(text: str, plain: str) -> Value | None:
    """An answer without mathematics: a word, a name, a number in words, "no solution"."""
    lowered = re.sub(r"[^a-z0-9 '-]+", " ", plain.lower()).strip()
    lowered = re.sub(r"^(?:the|a|an)\s+|\s+(?=\s)", "", lowered)
    if lowered in _EMPTY_WORDS or plain.strip() in (r"\emptyset", r"\{\}", r"\{ \}"):
        return EMPTY
    if re.fullmatch(r"[A-Ja-j]", plain) or re.fullmatch(r"\(\s*[A-J]\s*\)\.?", plain):
        letter = re.sub(r"[^A-Za-z]", "", plain)
        in_text = bool(_ONLY_TEXT.fullmatch(text)) or plain.startswith("(")
        return ChoiceLetter(letter.upper()) if letter.isupper() or in_text else None
    number_set = _NUMBER_SET.fullmatch(text)
    if lowered in _REAL_WORDS or (number_set is not None and number_set[1] == "R"):
        return Interval(Formula(r"-\infty"), Formula(r"\infty"), False, False)
    if number_set is not None:
        return Words(f"number set {number_set[1].lower()}")
    ratio = _RATIO.fullmatch(plain)
    if ratio is not None:  # a ratio or a time of day: 3:4 is neither 3/4 nor 6:8
        return Words(" to ".join(re.findall(r"\d+(?:\.\d+)?", plain)) + (f" {ratio[1].lower()}m" if ratio[1] else ""))
    number = spelled_number(lowered)
    if number is not None:
        return Number(Fraction(number))
    if (
        re.fullmatch(r"[A-Za-z](?:[A-Za-z .,']|-(?=[A-Za-z]))*", plain)
        and not re.search(r"[A-Za-z] -|- ", plain)
        and (len(plain) > 2 or _ONLY_TEXT.fullmatch(text))
    ):
        is_text = "\\" in text or len(_WORD.findall(plain)) > 1 or len(plain) > 3
        if is_text:
            return Words(re.sub(r"\s+", " ", lowered))
    return None


def _choice(text: str) -> Value | None:
    plain = without_text(text)
    match = _CHOICE.fullmatch(plain)
    if match is None or not (match[1] or match[3] == "" or not match[2] or plain[1:2] in ".:)"):
        return None
    rest = match[3].strip()
    if match[1] is None and "(" in plain[:2]:
        return None
    if (
        match[1]
        and rest
        and (rest[0] in "^_+-*/=<>\\|'" and not rest.startswith(("\\frac", "\\sqrt", "\\$", "\\pi", "-")))
    ):
        return None  # (A)^2, (A)+1: a formula
    return ChoiceLetter(match[1] or match[2], _read(rest) if rest else None)


# Structure ------------------------------------------------------------------------------------------------------------


def _approximation(text: str) -> Value | None:
    parts = split(text, r"\\approx")
    if len(parts) != 2 or not all(parts):
        return None
    if _NAME.fullmatch(parts[0].strip()) and parts[0].strip() not in (r"\pi", "e"):
        return _read(parts[1])
    return Approximation(_read(parts[0]), _read(parts[1]))


def _listed(text: str) -> Value | None:
    r"""Several answers without brackets around them; ``\pm`` is two."""
    spelled = re.sub(r"\\(?:text|mbox|mathrm)\s*\{\s*(?:,\s*)?(and|or)\s*\}", r" \1 ", text)
    if _RELATION.search(text) and re.search(r"\band\b|\bor\b|\\vee|\\wedge", spelled):
        parts = [part for part in re.split(r"\\vee(?![A-Za-z])|\bor\b", spelled) if part.strip()]
        if len(parts) > 1:
            found = tuple(map(_read, parts))
            return Union(found) if all(isinstance(part, Interval | Sequence | Union) for part in found) else None
        return None
    parts = split(spelled, r",\s*(?:and|or)\b|\band\b|\bor\b|[,;]")
    if len(parts) > 1:
        if not all(part.strip() for part in parts):
            return None
        items = tuple(map(_read, parts))
        flat: list[Value] = []
        for item in items:
            flat += item.items if isinstance(item, Sequence) and item.kind == "list" else [item]
        return Sequence("list", tuple(flat))
    if _PLUS_MINUS.search(text) and not text.startswith("\\{") and brackets_pair(text):
        plus = _PLUS_MINUS.sub("+", _MINUS_PLUS.sub("-", text))
        minus = _PLUS_MINUS.sub("-", _MINUS_PLUS.sub("+", text))
        first, second = (_read(re.sub(r"(^|=)\s*\+", r"\1", part)) for part in (plus, minus))
        return Sequence("list", (first, second))
    return None


def _union(text: str) -> Value | None:
    parts = split(text, r"\\cup(?![A-Za-z])")
    if len(parts) < 2 or not all(part.strip() for part in parts):
        return None
    return Union(tuple(_read(part) for part in parts))


def _membership(text: str) -> Value | None:
    r"""``x \in [0, 1]``: the set on the right."""
    parts = split(text, r"\\in(?![A-Za-z])")
    if len(parts) == 2 and _NAME.fullmatch(parts[0].strip()):
        return _read(parts[1])
    return None


def _chain(text: str) -> Value | None:
    sides = [side.strip() for side in split(text, r"(?<![<>!:])=(?!=)")]
    if len(sides) < 2 or not all(sides) or _RELATION.search(text):
        return None
    head = without_text(sides[0])
    name = ""
    if _NAME.fullmatch(head) or _TUPLE_NAME.fullmatch(head) or re.fullmatch(r"[A-Za-z][A-Za-z ]+", head):
        name = squeezed(head)
        sides = sides[1:]
    elif re.fullmatch(r"[A-Za-z]", without_text(sides[-1])) and read_number(squeezed(head)) is not None:
        return Chain((_read(sides[0]),), sides[-1])  # 5 = x
    return Chain(tuple(map(_read, sides)), name)


def _set(text: str) -> Value | None:
    if not (text.startswith("\\{") and text.endswith("\\}") and closing(text, 1) == len(text) - 1):
        return None
    inside = text[2:-2].strip()
    builder = re.match(r"\s*([A-Za-z])\s*(?:\\in\s*\\mathbb\s*\{?R\}?\s*)?(?:\\\||\||:)\s*(.+)$", inside, re.DOTALL)
    if builder:
        found = _read(builder[2])
        return found if isinstance(found, Interval | Union | Sequence) else Formula(squeezed(text))
    value = _read(inside) if inside else EMPTY
    if isinstance(value, Sequence) and value.kind == "list":
        return Sequence("set", value.items)
    return EMPTY if not inside else Sequence("set", (value,))


def _bracketed(text: str) -> Value | None:
    r"""Points, lists, intervals (also ``]0, 1[``) and ``\langle … \rangle``."""
    for left, right in ((r"\langle", r"\rangle"),):
        if text.startswith(left) and text.endswith(right):
            return Sequence("tuple", tuple(map(_read, split(text[len(left) : -len(right)], "[,;]"))))
    if len(text) < 3 or text[0] not in "([]" or text[-1] not in ")][":
        return None
    inside = text[1:-1]
    if not brackets_pair(inside):
        return None
    parts = [part.strip() for part in split(inside, "[,;]")]
    if not all(parts):
        return None
    if len(parts) == 1:
        if text[0] + text[-1] == "()":
            return _read(inside)
        return Sequence("bracket", (_read(inside),)) if text[0] + text[-1] == "[]" else None
    items = tuple(map(_read, parts))
    ends = text[0] + text[-1]
    if len(parts) == 2 and not any(isinstance(item, Sequence | Interval) for item in items):
        return Interval(items[0], items[1], text[0] == "[", text[-1] == "]", ambiguous=ends in ("()", "[]"))
    return Sequence("bracket" if ends == "[]" else "tuple", items)


def _matrix(text: str) -> Value | None:
    match = _MATRIX.fullmatch(text)
    if match is None or match[1] in ("vmatrix", "Vmatrix"):
        return None
    rows = [row for row in match[2].split("\\\\") if row.strip()]
    cells = tuple(tuple(_read(cell) for cell in row.split("&")) for row in rows)
    return Matrix(cells) if cells and len({len(row) for row in cells}) == 1 else None


def _order(text: str) -> Value | None:
    """``a < x <= b``, ``x > a``, ``x != a``: the interval, if one side is a lone symbol."""
    parts = [part.strip() for part in _RELATION.split(text)]
    symbol = re.compile(r"[A-Za-z]|\\[A-Za-z]+")
    infinity, minus_infinity = Formula(r"\infty"), Formula(r"-\infty")
    if len(parts) == 3:
        left, relation, right = parts
        if symbol.fullmatch(right) and not symbol.fullmatch(left):
            left, right = right, left
            relation = {"<": ">", ">": "<", "\\le": "\\ge", "\\ge": "\\le"}.get(relation, relation)
        if not symbol.fullmatch(left) or not right or symbol.fullmatch(right):
            return None
        bound = _read(right)
        if relation == "\\ne":
            return Union((Interval(minus_infinity, bound, False, False), Interval(bound, infinity, False, False)))
        if relation in ("<", "\\le"):
            return Interval(minus_infinity, bound, False, relation == "\\le")
        return Interval(bound, infinity, relation == "\\ge", False)
    if len(parts) == 5 and symbol.fullmatch(parts[2]) and parts[0] and parts[4]:
        first, second = parts[1], parts[3]
        if first in ("<", "\\le") and second in ("<", "\\le"):
            return Interval(_read(parts[0]), _read(parts[4]), first == "\\le", second == "\\le")
        if first in (">", "\\ge") and second in (">", "\\ge"):
            return Interval(_read(parts[4]), _read(parts[0]), second == "\\ge", first == "\\ge")
    return None
