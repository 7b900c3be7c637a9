"""A file as its lines, without what makes no difference to a reader."""

from __future__ import annotations

import re
from collections.abc import Sequence

Lines = tuple[str, ...]
_LINE_ENDS = re.compile("\r\n|\r|\n")


class Unappliable(ValueError):
    """An answer that is not a change of this file. The message is one line and says why."""


def read_lines(text: str) -> Lines:
    """The lines of a file: no white space at their ends, no empty ones at its end, and no byte order mark, which a copy
    of the first line may have anywhere."""
    lines = [line.removeprefix("\ufeff").rstrip() for line in _LINE_ENDS.split(text)]
    while lines and not lines[-1]:
        lines.pop()
    return tuple(lines)


def write_lines(lines: Sequence[str]) -> str:
    """The text of a file; it ends with a newline unless it is empty."""
    return "".join(f"{line}\n" for line in lines)
