"""The form of an answer that changes a file: its fence, the fence's label, and the markers of its edits.

A prompt asks for it and the verifier reads it. Both take it from here, a pure function of the task, so what is asked
for is what is read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LEAST_FENCE = 3
LEAST_MARKER = 7
_BACKTICKS = re.compile("[ \t]*(`{3,})")
_TILDES = re.compile("[ \t]*(~{3,})")
# Of edits, of conflicts as git writes them, and headings that are underlined
_MARKER = re.compile(r"[ \t]*(?:(<{5,}|>{5,})(?:\s.*|SEARCH|REPLACE)?|(={5,})\s*)", re.DOTALL)


@dataclass(frozen=True)
class ChangeForm:
    """What an answer is written with, longer than all that looks like it in the file before and after."""

    fence: str
    """Of the whole file: three or more backticks."""
    tildes: str
    """The same in tildes, which are read but not asked for."""
    label: str
    """What follows the fence: the language, ``objective-c``; empty if the task names none."""
    marker_width: int
    """Signs in a marker of an edit."""


def change_form(language: str, before: str, after: str = "") -> ChangeForm:
    """The form of an answer to one task.

    A file must not end its own fence. The model writes the file after the change, so that counts as much as the one
    before: the form says of it how long its fences are, and nothing more.

    Args:
        language: as the task names it.
        before: the file as the prompt shows it.
        after: the file after the real change.
    """
    lines = [line.removeprefix("\ufeff") for text in (before, after) for line in re.split("\r\n|\r|\n", text)]
    return ChangeForm(
        fence="`" * max(LEAST_FENCE, 1 + _longest(_BACKTICKS, lines)),
        tildes="~" * max(LEAST_FENCE, 1 + _longest(_TILDES, lines)),
        label="-".join(language.replace("`", "").lower().split()),
        marker_width=max(LEAST_MARKER, 1 + _longest(_MARKER, lines, whole=True)),
    )


def _longest(pattern: re.Pattern[str], lines: list[str], *, whole: bool = False) -> int:
    """The length of the longest of a pattern's groups at the beginning of a line; 0 without any."""
    found = (pattern.fullmatch(line) if whole else pattern.match(line) for line in lines)
    return max((len(match[match.lastindex or 0]) for match in found if match), default=0)
