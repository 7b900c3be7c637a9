"""What is refused before any parser sees it: formulas whose evaluation could take for ever."""

from __future__ import annotations

import re

MAX_DEPTH = 30

_EXPENSIVE = (
    ("a number of 300 digits or more", re.compile(r"\d{300}")),
    ("an exponent of five digits or more", re.compile(r"\^\s*(?:\{\s*)?[+-]?\s*\(?\s*\d{5}")),
    ("a power in an exponent", re.compile(r"\^\s*(?:\{[^{}]*\^|\([^()]*\^|[\w.]+\s*\^)|\*\*.{1,40}\*\*")),
    ("a factorial of a number of four digits or more", re.compile(r"\d{4,}\s*!|\d{4,}\s*\\?\)\s*!")),
    ("a factorial of a factorial", re.compile(r"!\s*[)}\]]*\s*!")),
    ("a binomial of numbers of five digits or more", re.compile(r"\\d?binom\s*\{?\s*\d{5,}|\{\s*\d{5,}\s*\\choose")),
    ("a power of a sum with an exponent of three digits or more", re.compile(r"\)\s*\^\s*\{?\s*\d{3,}")),
)
_TRIGONOMETRIC = re.compile(r"\\(?:arc)?(?:sin|cos|tan|cot|sec|csc)h?(?![A-Za-z])")
_RANGE = re.compile(r"\\(?:sum|prod)(?![A-Za-z]).{0,60}\^\s*\{?\s*\d{4,}", re.DOTALL)


def too_costly(text: str, *, longest: int = 1000) -> str | None:
    """Why ``text`` is not worth comparing, in a few words; ``None`` if it is. Linear in the text."""
    if len(text) > longest:
        return f"more than {longest} characters"
    depth = deepest = 0
    for char in text:
        if char in "({[":
            depth += 1
            deepest = max(deepest, depth)
        elif char in ")}]":
            depth -= 1
    if deepest > MAX_DEPTH:
        return f"more than {MAX_DEPTH} levels of brackets"
    for why, pattern in _EXPENSIVE:
        if pattern.search(text):
            return why
    if len(_TRIGONOMETRIC.findall(text)) > 6:
        return "more than six trigonometric functions"
    if text.count("+") + text.count(",") > 120:
        return "more than 120 terms"
    if text.count("\\cup") > 20:
        return "a union of more than 20 parts"
    if text.count("&") > 60:
        return "more than 60 cells"
    if _RANGE.search(text):
        return "a sum or product over thousands of terms"
    return None
