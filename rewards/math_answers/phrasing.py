r"""The few phrases around and in place of mathematics that people write, as patterns."""

from __future__ import annotations

import re

NO_SOLUTION = re.compile(
    r"(?:the (?:system|equation|inequality) has |it has |there (?:is|are) )?no (?:real |integer |such )?"
    r"(?:solutions?|roots?|values?|numbers?)|none exists?"
    r"|(?:the limit )?(?:does not|doesn't) exist|dne|none|(?:the )?(?:empty|null) set",
    re.IGNORECASE,
)
ALL_REALS = re.compile(
    r"(?:all|any|every)(?: of the)? (?:real numbers?|reals?)|(?:the )?(?:set of )?(?:all )?real numbers", re.IGNORECASE
)
INFINITELY = re.compile(r"(?:infinitely many|an infinite number(?: of)?|infinite)(?: solutions)?", re.IGNORECASE)
PROSE = re.compile(
    r"\b(?:we|let|since|because|therefore|thus|hence|proof|prove|show|suppose|assume|consider|note that|it follows)\b",
    re.IGNORECASE,
)
NO_GOLD = re.compile(
    r"(?:proof|prove|n/?a|none|null|nan|not applicable|"
    r"see (?:the )?(?:solution|proof|figure)|answers? (?:will )?vary|unknown|\?+|-+)\.?",
    re.IGNORECASE,
)

ANSWER_IN_TEXT = re.compile(r"^\\text\s*\{((?:the )?(?:final |correct )?answer[^{}]*)\}$", re.IGNORECASE)
ANSWER_IS = re.compile(
    r"^(?:\\(?:text|mbox|textrm|mathrm)\s*\{\s*)?(?:so |thus |therefore |hence )?(?:the )?(?:final |correct )?"
    r"(?:(?:answer|solution|solution set|value|result|range|domain|interval)"
    r"(?: (?:of|for)\s*\}?\s*\$?[a-zA-Z]\$?\s*(?:\\text\s*\{)?)?(?:s? ?(?:is|are)\b|\s*[:=])\s*:?"
    r"|all (?:real )?(?:numbers? |values? )?(?:of )?\}?\s*\$?[a-z]\$?\s*(?:\\text\s*\{\s*)?"
    r"(?:such that|with|where|satisfying)\b)"
    r"\s*\}?\s*",
    re.IGNORECASE,
)
_COUNTS = re.compile(  # behind a formula: which letter of it is any integer
    r"(?:[\s,;~}(]|\\(?:quad|qquad|[,;:! ])|\\(?:text|mbox|textrm)\s*\{)*(?:(?:where|for|with|and)\b)?[\s}~]*"
    r"(?:all|any|every|each)?[\s}~]*(?:\\forall\s*|\\text\s*\{\s*|\\[,; ])*\$?([kmnK])\$?[\s~]*"
    r"(?:\\in\s*\\(?:mathbb|mathbf|Bbb|mathrm)\s*\{?Z\}?|\\in\s*(?:Z|\\Z)|∈\s*ℤ"
    r"|(?:\\text\s*\{)?\s*(?:is\s+|being\s+)?(?:an|any|all|arbitrary)?\s*integers?"
    r"|=\s*0\s*,\s*\\pm\s*1\s*,.*(?:\\[a-z]*dots|\.\.\.|…))[\s.)}$]*$"
)
_MAY_COUNT = re.compile(r"integer|\\in(?![a-z])|∈|\\pm\s*1")
_CONSTANTS_TAIL = re.compile(
    r"[\s,;]*(?:\\(?:quad|text|mbox)\s*\{?)*[\s,]*(?:where\b.*\bconstants?[\s.}]*$"
    r"|for (?:some|any|all|every|an?)(?: (?:real|arbitrary|fixed))* constants?[\s}~]*\$?[A-Za-z]?(?:_\{?\d\}?)?"
    r"[\s.}$]*$)"
)
_LINE_NAME = re.compile(r"^(?:\\ell|[lLC])(?:_\{?\d\}?)?\s*:\s*(?=[^:]*=)")
_POINT_NAME = re.compile(r"^[ABD-Z]'?\s*(?=(?:\\left\s*)?\((?:[^(),]|\([^()]*\))+,)")
_ALL_BUT = re.compile(
    r"^(?:\\text\s*\{\s*)?all (?:real )?numbers,? (?:except|but|other than)\s*\}?\s*(?:for )?\$?(?:([a-z])\s*=)?\s*"
)


def without_tail(text: str) -> str:
    """One spelling of what counts, and none of what names a line or a point, or says that constants are constants."""
    tail = max(0, len(text) - 120)
    counts = _COUNTS.search(text, tail) if _MAY_COUNT.search(text, tail) else None
    if counts is not None and counts.start() > 1 and not text[: counts.start()].strip().endswith("="):
        found = f"{text[: counts.start()]}, {counts[1]}\\in\\mathbb{{Z}}"
        text = found if balanced(found) else text
    text = _LINE_NAME.sub("", _POINT_NAME.sub("", _CONSTANTS_TAIL.sub("", text)))
    if (but := _ALL_BUT.match(text)) and text[but.end() :].strip():
        return rf"{but[1] or 'x'}\ne {text[but.end() :].removesuffix('}')}"
    return text


def balanced(text: str) -> bool:
    depth = 0
    for char in re.sub(r"\\.", "", text):
        depth += (char == "{") - (char == "}")
        if depth < 0:
            return False
    return depth == 0
