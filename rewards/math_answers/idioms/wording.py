r"""Answers in words, and what is compared as written."""

from __future__ import annotations

import re

CLAUSE = re.compile(
    r"(yes|no), (?!.*\b(?:yes|no|not|but|or|maybe|unless|if|except|never|false|none|im[a-z]+|un[a-z]+)\b).*"
)
"""``Yes, it is possible``."""


def bare(text: str) -> str:
    """As written, but for how words and dollars are marked, and for spaces that keep no numbers apart."""
    text = re.sub(r"\\(?:text|textrm|mbox)\s*\{([^{}]*)\}", r"\1", text).replace("$", "").replace("~", " ")
    return re.sub(r"(?<!\d)\s+|\s+(?!\d)", "", text).removesuffix(".")


_MONTH = re.compile(
    r"\b(?:january|february|march|april|may|june|july|august|september|october|november|december)\b", re.IGNORECASE
)


def same_words(gold: str, answer: str) -> bool:
    def plain(text: str) -> str:
        text = re.sub(r"\\(?:text|textbf|textit|mathrm|mbox)(?![A-Za-z])|[{}$]", " ", text)
        text = re.sub(r"(?<=[a-z])-(?=[a-z])", " ", text.lower())  # other dashes may be signs
        words = re.sub(r"[^a-z0-9 \-−]", " ", text).split()
        return " ".join(word for word in words if word not in ("the", "a", "an"))

    one, other = plain(gold), plain(answer)
    if _MONTH.search(one) and re.search(r"\d", one):  # a date, in any order
        one, other = (
            " ".join(sorted(re.sub(r"(?<=\d)(?:st|nd|rd|th)\b|\bof\b", "", date).split())) for date in (one, other)
        )
    return one == other != ""
