r"""When two problems are the same: the same numbers, signs and commands in the same order, and nearly the same words.

Two problems of one template are nearly the same words, and so are ``x^2-3x`` and ``x^2+3x``. Spelling does not count:
case, white space, ``\dfrac`` for ``\frac``, ``\left(`` for ``(``, ``$$`` for ``\[``.
"""

from __future__ import annotations

import re
from functools import lru_cache

from synthetic1.datagen.curation.recipe import NEAR, similarity

_SPELLINGS = (
    (re.compile(r"\\(?:left|right|big|Big|bigg|Bigg|displaystyle|limits|textstyle)[lr]?(?![A-Za-z])\.?"), ""),
    (re.compile(r"\\(?:text|textbf|textit|textrm|mathrm|mbox|emph|mathbf|operatorname)\s*\{([^{}]*)\}"), r" \1 "),
    (re.compile(r"\\[dtc]frac(?![A-Za-z])"), r"\\frac"),
    (re.compile(r"\\frac\s*\{\s*(\w+)\s*\}\s*\{\s*(\w+)\s*\}|\\frac\s*(\d)\s*(\d)"), r" \1\3/\2\4 "),
    (re.compile(r"\\(?:q?quad|,|;|:|!|\s|\\)|~|\\(?:\[|\]|\(|\))|\$|\*\*"), " "),
    (re.compile(r"\\l(?:eq|eqslant)(?![A-Za-z])"), r"\\le"),
    (re.compile(r"\\g(?:eq|eqslant)(?![A-Za-z])"), r"\\ge"),
    (re.compile(r"\\neq(?![A-Za-z])"), r"\\ne"),
    (re.compile(r"≤"), r"\\le "),
    (re.compile(r"≥"), r"\\ge "),
    (re.compile(r"\\(?:times|cdot|ast)(?![A-Za-z])|×|·"), "*"),
    (re.compile(r"\\[lc]?dots(?![A-Za-z])|…"), "..."),
    (re.compile(r"[−–]"), "-"),
    (re.compile(r"[‘’´`]"), "'"),
    (re.compile(r"[“”]|''"), '"'),
    (re.compile(r"(?<=\d)(?:,|\{,\}|\\,)(?=\d{3}(?!\d))"), ""),
    (re.compile(r"\^\s*\{\s*(\w)\s*\}"), r"^\1"),
    (re.compile(r"_\s*\{\s*(\w)\s*\}"), r"_\1"),
)
_signs = re.compile(r"\\[A-Za-z]+|\d+(?:\.\d+)?|(?<![a-z]{2})-|-(?![a-z]{2})|[+*/=<>^]")
_spacing = re.compile(r"\s+|(?<=\W)\s+|[{}]")
_around = re.compile(r"\s*([^\w\s])\s*")


@lru_cache(maxsize=8192)
def canonical(text: str) -> str:
    """The text in one spelling: equal for two texts that differ in spelling alone."""
    for pattern, instead in _SPELLINGS:
        text = pattern.sub(instead, text)
    text = _spacing.sub(" ", text).lower()
    return _around.sub(r"\1", text).strip(" .?!:;")


@lru_cache(maxsize=8192)
def formula_marks(text: str) -> tuple[str, ...]:
    """The numbers, operators and commands of a text in order."""
    return tuple(_signs.findall(canonical(text)))


def same_text(a: str, b: str) -> bool:
    """Whether two statements differ in spelling alone."""
    return canonical(a) == canonical(b)


def nearly_same_text(a: str, b: str) -> bool:
    """Whether they have the same numbers and signs in the same order, and nearly the same words."""
    return formula_marks(a) == formula_marks(b) and similarity(canonical(a), canonical(b)) >= NEAR
