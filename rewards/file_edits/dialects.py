"""Ways to write a change that the prompt does not offer: diffs, patches, other edit blocks, files with parts left out.

They are known to be told what they are, not to be read: guessing what one means would pay for a change that nobody
wrote. What the file holds itself, before the change or after it, is its text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from synthetic1.rewards.file_edits.lines import Lines


@dataclass(frozen=True)
class EditDialect:
    """One way. It is there if each of its patterns matches a line, from its beginning."""

    name: str
    patterns: tuple[re.Pattern[str], ...]

    def is_in(self, text: str) -> bool:
        return all(pattern.search(text) for pattern in self.patterns)


def _written(name: str, *patterns: str) -> EditDialect:
    flags = re.IGNORECASE | re.MULTILINE
    return EditDialect(name, tuple(re.compile(rf"^[ \t]*+(?:{pattern})", flags) for pattern in patterns))


_MARKERS = (
    _written("an edit or a conflict between markers of another kind", r"<{5,}(?:[ \t].*)?$|<{5,}[a-z]"),
    _written("the end of an edit without its beginning", r">{5,}[ \t]*(?:REPLACE|UPDATED?|MODIFIED|NEW|END)\b"),
    _written("an edit between markers of another kind", r"[-+]{5,}[ \t]*(?:SEARCH|REPLACE)>?$"),
    _written(
        "a patch that is not a SEARCH/REPLACE block",
        r"\*\*\*[ \t]*(?:(?:Begin|End)[ \t]+Patch\b|(?:Update|Add|Delete)[ \t]+File:)",
    ),
    _written("an edit between tags", r"<(?:search|old_(?:str|string|code))>", r"<(?:replace|new_(?:str|string|code))>"),
)
_DIFFS = (
    _written("a unified diff", r"@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@|@@ .{0,200}@@$"),
    _written("a unified diff", r"--- \S", r"\+\+\+ \S"),
    _written("a diff of git's", r"diff --git "),
    _written("a context diff", r"\*{15}$", r"\*{3} \d+(?:,\d+)? \*{4}$"),
    _written("a diff", r"\d+(?:,\d+)?[acd]\d+(?:,\d+)?$", r"[<>] "),
    _written(
        "the call of an editor",
        r"[{,]?[ \t]*+\"old_(?:str|string|code)\"[ \t]*:",
        r".{0,1000}\"new_(?:str|string|code)\"[ \t]*:",
    ),
)
_COMMENT = r"(?://|#|--|/\*|<!--|\{/\*|\(\*|;|%|\[)[ \t]*"
_DOTS = r"(?:\.\.\.|…)"
_PARTS = r"(?:file|code|class|function|method|module|program|content)s?\b"
_REST = rf"(?:the[ \t]+)?rest[ \t]+of[ \t]+(?:(?:the|this|your)[ \t]+)?(?:existing[ \t]+)?{_PARTS}"
_OLD = rf"(?:(?:the|all|other|your)[ \t]+){{0,2}}(?:existing|previous|remaining|unchanged|original)[ \t]+{_PARTS}"
_AS_ABOVE = r"(?:unchanged|same[ \t]+as[ \t]+(?:before|above))\b"
_SAME = r"(?:unchanged|omitted|the[ \t]+same|as[ \t]+(?:before|above|it[ \t]+(?:is|was))|goes[ \t]+here|\.\.\.|…)"
_LEFT_OUT = tuple(
    _written("a file of which parts are left out", pattern)
    for pattern in (
        rf"(?:{_COMMENT}{_DOTS}[ \t]*|{_DOTS}[ \t]+)\(?(?:{_OLD}|{_REST}|{_AS_ABOVE})",
        rf"{_COMMENT}\(?(?:{_OLD}|{_REST})[^.…\n]{{0,40}}{_SAME}",
    )
)


def dialect_beside_edits(lines: Lines, own: Counter[str]) -> str | None:
    """What ``lines`` beside SEARCH/REPLACE blocks hold of another way to write a change; None if nothing.

    Args:
        own: the lines of the file before and after, stripped, as often as they are in either: no signs of anything.
    """
    return _first((*_MARKERS, *_DIFFS), lines, own)


def dialect_beside_a_file(lines: Lines, own: Counter[str]) -> str | None:
    """The same of an answer that holds a whole file: a diff beside that explains it, an edit is a second answer."""
    return _first(_MARKERS, lines, own)


def dialect_in_an_edited_file(lines: Lines, own: Counter[str]) -> str | None:
    """The same of a file that edits have made."""
    return _first((*_MARKERS, *_LEFT_OUT), lines, own)


def dialect_in_a_file(lines: Lines, own: Counter[str]) -> str | None:
    """The same of what a fence holds that should be the whole new file."""
    found = _first((*_DIFFS, *_LEFT_OUT), lines, own)
    return found or ("a diff" if _is_bare_diff(lines, own) else None)


def _first(dialects: Iterable[EditDialect], lines: Lines, own: Counter[str]) -> str | None:
    text = "\n".join(_foreign(lines, own))
    return next((dialect.name for dialect in dialects if dialect.is_in(text)), None)


def _foreign(lines: Iterable[str], own: Counter[str]) -> Iterator[str]:
    """The lines that are not the file's, or that it has less often."""
    seen = Counter[str]()
    for line in lines:
        said = line.strip()
        seen[said] += 1
        if said and seen[said] > own[said]:
            yield line


def _is_bare_diff(lines: Lines, own: Counter[str]) -> bool:
    """Whether these are lines of the file with a sign before each, and no header."""
    said = [line for line in lines if line.strip() and not line.startswith("\\ No newline")]
    if any(line[0] not in " +-" for line in said):
        return False
    foreign = [line for line in said if line.strip() not in own]
    removed = any(line[0] == "-" and line[1:].strip() in own and any(map(str.isalnum, line)) for line in foreign)
    return removed and any(line[0] == "+" for line in foreign)
