r"""Words and signs beside a box that make it another answer, as in "at least ``\\boxed{5}``"."""

from __future__ import annotations

import re

_OPENS = r"(?:[\s$*~:({\[]|\\(?:text|mbox|textbf|displaystyle|left|[,;!:( \[]))*$"
_CLOSES = r"^(?:[\s$*)~}]|\\[)\],;! ]|\\(?:text|mbox)\s*\{)*(?:[a-z]{3,12}\s+)?"
_NOT = r"(?:no|not)"
_BEFORE = {
    "least": re.compile(
        rf"(?:\b(?:at least|{_NOT} (?:less|fewer|smaller) than|(?:more|greater|larger) than or equal to)"
        rf"|\\ge(?:q|qslant)?(?![a-z])|≥|>=)\}}?{_OPENS}",
        re.IGNORECASE,
    ),
    "most": re.compile(
        rf"(?:\b(?:at most|{_NOT} (?:more|greater|larger) than|up to|(?:less|fewer|smaller) than or equal to)"
        rf"|\\le(?:q|qslant)?(?![a-z])|≤|<=)\}}?{_OPENS}",
        re.IGNORECASE,
    ),
    "more": re.compile(
        r"(?:\b(?:more|greater|larger|bigger|longer|older) than|\b(?:strictly )?exceeds|\\gt(?![a-z])"
        rf"|(?<=[\w)}}\]|])\s*(?<![-=])>)\}}?{_OPENS}",
        re.IGNORECASE,
    ),
    "less": re.compile(
        rf"(?:\b(?:less|fewer|smaller|shorter|younger) than|\\lt(?![a-z])|(?<=[\w)}}\]|])\s*<)\}}?{_OPENS}",
        re.IGNORECASE,
    ),
    "other": re.compile(
        r"(?:\b(?:twice|double|triple|thrice|half(?: of)?|(?:two|three|four|five) times|a (?:third|quarter) of"
        r"|anything but|anything except|everything but|other than|almost|nearly|not quite"
        rf"|between [^.]{{1,16}} and))\}}?{_OPENS}",
        re.IGNORECASE,
    ),
}
_BEHIND = {
    "least": re.compile(
        rf"{_CLOSES}(?:or (?:more|greater|above|higher|larger|over)|and (?:above|up)|at least|at minimum)\b"
    ),
    "most": re.compile(rf"{_CLOSES}(?:or (?:less|fewer|below|lower|smaller|under)|and (?:below|under)|at most)\b"),
    "other": re.compile(
        r"^[\s$*)~]*(?:times as (?:many|much)|plus or minus|give or take)\b"
        r"|^[\s$*)~,]*(?:or |but )?(?:maybe|perhaps|possibly|give or take|or so|more or less)\b"
    ),
}
_ASKS = {
    "least": re.compile(
        r"\b(?:least|min(?:imum|imal|imi[sz]\w*)?|smallest|fewest|lowest|shortest|cheapest|earliest|infimum|bound"
        r"|inequality)\b",
        re.IGNORECASE,
    ),
    "most": re.compile(
        r"\b(?:most|max(?:imum|imal|imi[sz]\w*)?|greatest|largest|highest|biggest|longest|latest|supremum|bound"
        r"|inequality|up to)\b",
        re.IGNORECASE,
    ),
    "more": re.compile(r"\b(?:infimum|(?:lower )?bound|inequality)\b", re.IGNORECASE),
    "less": re.compile(r"\b(?:supremum|(?:upper )?bound|inequality)\b", re.IGNORECASE),
}
_BLANK = re.compile(r"_{3,}|\\_\\_|\\underline\{|\\(?:boxed|fbox)\b|\(\s*\\q?quad\s*\)|\bfill in\b", re.IGNORECASE)
_END_WORDS = r"""
    than least most to exceeds < > = ≤ ≥ \le \ge \leq \geq \leqslant \geqslant \lt \gt of twice double triple thrice
    half times but and except almost nearly quite } \text \mbox \textbf \left \displaystyle
"""
_ENDS = tuple(_END_WORDS.split())
"""What the words and signs before a box end with: nothing else is looked at more closely."""
_OPENING, _CLOSING = " \t\n$*~:({[(\\,;!", " \t\n$*)~}\\],;!"


def bound_of(before: str, behind: str) -> str:
    """What words and signs right beside a box make of it: ``least``, ``most``, ``more``, ``less``, ``other`` or ``""``.

    Args:
        before: some of what stands before the box. behind: some of what stands after it.
    """
    if before.rstrip(_OPENING).lower().endswith(_ENDS):
        for kind, pattern in _BEFORE.items():
            if pattern.search(before):
                return kind
    if not behind.lstrip(_CLOSING)[:1].isalpha():
        return ""
    return next((kind for kind, pattern in _BEHIND.items() if pattern.match(behind)), "")


def is_bound_asked_for(kind: str, prompt: str) -> bool:
    """Whether "at least 5" answers the question with 5: one for the least, or one with a blank in it."""
    if _BLANK.search(prompt):
        return True
    asks = _ASKS.get(kind)
    return asks is not None and asks.search(prompt) is not None
