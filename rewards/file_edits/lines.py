"""A file as its lines, without what is no difference to a reader."""

from __future__ import annotations

from collections.abc import Sequence

Lines = tuple[str, ...]


class Unappliable(ValueError):
    """An answer that is not a change of this file. The message is one line and says why."""


def read_lines(text: str) -> Lines:
    """The lines of a file: no white space at their ends, no empty ones at its end, no byte order mark."""
    lines = [
        line.rstrip() for line in text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    ]
    while lines and not lines[-1]:
        lines.pop()
    return tuple(lines)


def write_lines(lines: Sequence[str]) -> str:
    """The text of a file; it ends with a newline unless it is empty."""
    return "".join(f"{line}\n" for line in lines)
