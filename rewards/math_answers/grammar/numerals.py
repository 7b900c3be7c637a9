"""How people write numbers, as patterns; and permutations as factorials."""

from __future__ import annotations

import re
from fractions import Fraction

from synthetic1.rewards.math_answers.grammar.tree import Applied, Node, Num, Quotient

THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+(?![\d,])(?:\.\d+)?")
GROUPED = re.compile(
    r"\d{1,3}(?:(?:\s?\{\s?,\s*\}|~|\\!,\\!|\\,|\\ |\\!,|,\\!\s*|\\;|[\u2009\u202f\u00a0])\d{3})+(?!\d)(?:\.\d+)?"
)
NUMBER = re.compile(r"\d+(?:\.\d+)?|\.\d+")
REPEATING = re.compile(
    r"(\d*)\.(\d*)(?:\\(?:overline|dot|bar)\s*(?:\{(\d+)\}|(\d))|\((\d+)\))"
    r"|(\d*)\.(\d*?)(?:(\d)\8{2,}|(\d{2,6}?)\9{2,})\s*(?:\.\.\.|…|\\[lc]?dots(?![A-Za-z]))"
)
"""``0.1\\overline{6}``, ``0.1(6)``, ``0.1666…``."""
NUMBER_BEGINS = re.compile(r"[0-9]|\.\d")  # never `str.isdigit`, which is true of ¹ and ①, too
LONE_POINT = re.compile(r"\.(?=\s*[/*+\-−^)}])")
EXPONENT = re.compile(r"[eE]([+\-−]?)(\d{1,4})(?![\w.])")
MOST_DIGITS = 1000


def arranged(whole: Node, part: Node) -> Node | None:
    """The permutations of ``part`` out of ``whole``, as factorials; ``None`` where they are no such numbers."""
    if not (isinstance(whole, Num) and isinstance(part, Num)):
        return None
    n, k = whole.value, part.value
    if n.denominator != 1 or k.denominator != 1 or not 0 <= k <= n:
        return None
    return Quotient(Applied("factorial", (whole,)), Applied("factorial", (Num(Fraction(n - k)),)))
