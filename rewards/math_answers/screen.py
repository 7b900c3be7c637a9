"""What is refused for how it is written: too costly to evaluate, work left undone, the question for an answer."""

from __future__ import annotations

import re

from synthetic1.rewards.math_answers.latex import canonical, squeezed

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


# Work left undone -----------------------------------------------------------------------------------------------------

_OPERATORS = re.compile(
    r"\\(?:sum|prod|i*int|oint|lim|limsup|liminf|det|max|min|gcd|lcm|sup|inf|lfloor|lceil|binom)(?![A-Za-z])|\\begin\{[vV]matrix|\||(?<=\d)'"
)
_DERIVATIVE = re.compile(r"\\frac\{(?:d|\\partial)[^{}]{0,8}\}\{(?:d|\\partial)[A-Za-z0-9^{} ]{1,8}\}")
_FUNCTIONS = re.compile(r"\\(?:arc)?(?:sin|cos|tan|cot|sec|csc)h?(?![A-Za-z])|\\(?:log|ln|lg|exp|mod|pmod)(?![A-Za-z])")
_BINARY = re.compile(r"(?<=[^\s^_({\[,&=+\-*])\s*[-+*]|\\(?:times|cdot|div)(?![A-Za-z])")
_PRODUCT = re.compile(r"[\d)]\s*\(")
_ARITHMETIC = re.compile(r"(?<![\w.^}_ )])\d+[-+*]\d+(?![\w.!^\\/(])")  # of two plain numbers, such as (7-1)
_COMPLEX = re.compile(r"(?:[-+]?(?:\d+|\\frac\{\d+i?\}\{\d+\}|\d+/\d+)?i?){1,2}")
_WORK_ON_BRACKETS = re.compile(r"\)\s*[(^]|\\(?:times|cdot)(?![A-Za-z])|\*|[\di]\(|\}\{[^{}]*i")
_FORMULA = re.compile(r"\$\$([^$]{1,2000})\$\$|\$([^$]{1,2000})\$|\\\[(.{1,2000}?)\\\]|\\\((.{1,2000}?)\\\)", re.DOTALL)


def is_unevaluated(answer: str) -> bool:
    r"""Whether a formula, given for a rational gold, is the problem rather than its answer.

    ``2+3``, ``x-x``, ``\max(10,3)``, ``6\times7``, ``\frac{2+4}{3}``, ``\log_2 8``: work not done. ``2^{10}``,
    ``\sqrt{16}``, ``5!``, ``\binom{5}{2}``: ways to write a number.
    """
    if set(_OPERATORS.findall(answer)) - {"\\binom"}:
        return True
    return any(pattern.search(answer) for pattern in (_FUNCTIONS, _BINARY, _PRODUCT, _DERIVATIVE))


def adds_operators(gold: str, answer: str) -> bool:
    """Whether the answer leaves an operation to the reader that the gold does not.

    A sum, an integral, a limit; arithmetic with two plain numbers; for a complex number, a product or power or quotient
    of complex numbers.
    """
    if set(_OPERATORS.findall(answer)) - set(_OPERATORS.findall(gold)):
        return True
    if any(pattern.search(answer) and not pattern.search(gold) for pattern in (_ARITHMETIC, _DERIVATIVE)):
        return True
    return bool("i" in gold and _COMPLEX.fullmatch(gold.replace(" ", "")) and _WORK_ON_BRACKETS.search(answer))


def restates(prompt: str, answer: str) -> bool:
    """Whether ``answer`` is one of the formulas of the problem, or a side of one: the question given for an answer.

    Args:
        answer: a formula that is equal to the gold but not written like it, canonical.
    """
    for match in _FORMULA.finditer(prompt[-20_000:]):
        text = squeezed(canonical(next(filter(None, match.groups()))))
        if answer in (text, *text.split("=")):
            return True
    return False
