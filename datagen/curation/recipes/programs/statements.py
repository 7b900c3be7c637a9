"""What a statement of a programming problem says about itself: pictures, dialogues, and what it has in common."""

from __future__ import annotations

import re

MIN_WORDS = 6
"""Of a statement: fewer are a title, or a note that there is none."""
_picture = re.compile(
    r"<image>|<img\b|!\[[^\]\n]{0,300}\]\([^)\n]{1,300}\)|\[image\]|\\includegraphics|https?://\S{1,300}\.(?:png|jpe?g|gif|svg)\b",
    re.IGNORECASE,
)
_examples = re.compile(
    r"^[ \t#*_=-]*(?:(?:sample|example)s?(?: (?:input|output|tests?|cases?))?s?|notes?|explanations?)\b"
    r"(?:[ \t]*\d+)?[ \t:.*_=-]*$",
    re.IGNORECASE | re.MULTILINE,
)
_interactive = re.compile(
    r"(?<!not )(?<!not an )\binteractive (?:problem|task)s?\b|^[ \t#*_=-]*interaction(?: protocol)?[ \t:*_=-]*$"
    r"|\bflush(?:ing)? (?:the |your )?(?:output|stdout|standard output)\b",
    re.IGNORECASE | re.MULTILINE,
)
_command = re.compile(  # each branch begins with a character: the search then leaps from one of them to the next
    r"\\[a-zA-Z]+|</?[a-zA-Z][^<>\n]{0,40}>|&[a-z]{2,6};|---+|===+"
)
_signs = {
    **dict.fromkeys(("\\le", "\\leq", "\\leqslant", "&le;"), " <= "),
    **dict.fromkeys(("\\ge", "\\geq", "\\geqslant", "&ge;"), " >= "),
    **dict.fromkeys(("\\ne", "\\neq", "&ne;"), " != "),
    **dict.fromkeys(("\\ldots", "\\dots", "\\cdots"), " ... "),
    "\\lt": "<",
    "&lt;": "<",
    "\\gt": ">",
    "&gt;": ">",
    "&amp;": "&",
    "&quot;": '"',
}
"""Commands and entities that are a sign of plain text."""
_marks = str.maketrans(
    {
        **dict.fromkeys("{}$*#`_~^\\×⋅·", " "),
        "≤": " <= ",
        "⩽": " <= ",
        "≥": " >= ",
        "⩾": " >= ",
        "≠": " != ",
        "…": " ... ",
        "‘": "'",
        "’": "'",
        "“": '"',
        "”": '"',
        "‐": "-",
        "‑": "-",
        "–": "-",
        "—": "-",
        "−": "-",
    }
)
"""Of formulas and typography: what stands for it in plain text."""
_thousands = re.compile(r"(?<=\d)(?:,|\\,|\u00a0|\u202f)(?=\d{3}(?!\d))")


def is_too_short(statement: str) -> bool:
    return len(statement) < 400 and len(statement.split()) < MIN_WORDS


# The words below are looked for first: on the millions of statements that have none of them no pattern is tried.


def needs_picture(statement: str) -> bool:
    """Whether there is a picture before the examples; those behind only illustrate them."""
    if not _has_any(statement, ("<im", "![", "[im", "\\includegraphics", "http")):
        return False
    for found in _picture.finditer(statement):
        examples = _examples_in(statement)
        return examples is None or found.start() < examples
    return False


def is_interactive(statement: str) -> bool:
    """Whether the program talks to another one, which no list of tests can be."""
    return _has_any(statement, ("interacti", "flush")) and _interactive.search(statement) is not None


def comparable(statement: str) -> str:
    """The words and numbers of the problem without what sites and data sets put around them.

    The examples are left out: they stand among the tests, and each source lays them out in its own way.
    """
    examples = _examples_in(statement)
    if examples is not None and len(statement[:examples].split()) >= MIN_WORDS:
        statement = statement[:examples]
    if "," in statement or not statement.isascii():
        statement = _thousands.sub("", statement)
    if any(part in statement for part in ("\\", "<", "&", "---", "===")):
        statement = _command.sub(lambda found: _signs.get(found[0], " "), statement)
    return " ".join(statement.translate(_marks).split())


def _examples_in(statement: str) -> int | None:
    """Where the examples begin, or what is said about them."""
    if not _has_any(statement, ("ample", "note", "explanation")):
        return None
    found = _examples.search(statement)
    return None if found is None else found.start()


def _has_any(statement: str, parts: tuple[str, ...]) -> bool:
    """Whether one of these stands in it, in any case."""
    lower = statement.lower()
    return any(part in lower for part in parts)
