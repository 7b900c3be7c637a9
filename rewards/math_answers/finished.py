"""Whether an answer is the answer, or leaves to the reader the work that was asked for."""

from __future__ import annotations

import re

from synthetic1.rewards.math_answers.canonical import canonical, squeezed

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
