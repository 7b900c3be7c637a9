"""Answers that change a file: the whole new file, or blocks that say what to search for and what to put there.

```
<<<<<<< SEARCH
lines as they stand in the file
=======
lines that take their place
>>>>>>> REPLACE
```

Every SEARCH names lines of the file as it was given, exactly one place each, so the order of blocks means nothing. A
file's text is its lines without white space at their ends, however they end: what is no difference to a reader is none
here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from synthetic1.rewards.extract import last_code_block

Lines = tuple[str, ...]

MAX_DIVIDERS = 20  # lines in one block that may be what divides it: a file can hold such lines itself
LEAST = 5  # signs of a marker
_OPEN = re.compile(r"([ \t]*)(<{5,}) ?SEARCH")
_CLOSE = re.compile(r"[ \t]*(>{5,}) ?REPLACE")


class Unappliable(ValueError):
    """An answer that is not a change of this file. The message is one line and says why."""


@dataclass(frozen=True)
class Block:
    """One SEARCH/REPLACE block: its lines, and where among them it may be divided."""

    lines: Lines
    dividers: tuple[int, ...]
    indent: str = ""
    """Of its first marker."""

    def sides(self) -> list[tuple[Lines, Lines]]:
        """(SEARCH, REPLACE) for each way to read the block: without the indentation of its markers before with it, and
        the longest SEARCH first."""
        found = []
        for lines in (tuple(line.removeprefix(self.indent) for line in self.lines), self.lines):
            found += [(lines[:at], lines[at + 1 :]) for at in reversed(self.dividers)]
        return found if self.indent else found[: len(self.dividers)]


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


def new_state(
    answer: str, before: Lines, labels: Collection[str], *, nested: bool = False, cut_off: bool = False
) -> Lines | None:
    """The file after the change that ``answer`` gives; None if it gives none.

    If there is a SEARCH/REPLACE block anywhere, in a fence or not, the blocks are the answer. Otherwise it is the last
    fenced block in the file's language. Where the file holds such markers itself, longer ones are meant: the others are
    its text.

    Args:
        labels: what the fence of a whole file may be called, in lower case.
        nested: the file may hold fences itself, as Markdown does.
        cut_off: the answer ends because it was cut off; a fence that is still open then is not a file.

    Raises:
        Unappliable: a block without its end, or one whose SEARCH is not in the file, is there twice, or overlaps
            another's.
    """
    blocks = find_blocks(answer, least=1 + max(map(_marker_width, before), default=0))
    if blocks:
        return apply(blocks, before)
    whole = last_code_block(answer, labels, cut_off=cut_off, nested=nested)
    return None if whole is None else read_lines(whole)


def find_blocks(answer: str, least: int = LEAST) -> list[Block]:
    """All SEARCH/REPLACE blocks, in order.

    Args:
        least: signs in a marker; lines with fewer are text.

    Raises:
        Unappliable: a block is not divided, or has no end.
    """
    blocks: list[Block] = []
    opening: re.Match[str] | None = None
    start, lines = 0, read_lines(answer)
    for number, line in enumerate(lines):
        if _marker_width(line) < max(least, LEAST):
            continue
        if opening is None:
            opening, start = _OPEN.fullmatch(line), number + 1
        elif _OPEN.fullmatch(line):
            raise Unappliable("a SEARCH/REPLACE block begins before the one above it has ended")
        else:
            blocks.append(_block(lines[start:number], indent=opening[1], width=len(opening[2])))
            opening = None
    if opening is not None:
        raise Unappliable("a SEARCH/REPLACE block has no line `>>>>>>> REPLACE`")
    return blocks


def _marker_width(line: str) -> int:
    """How many signs the marker has that ``line`` is, the first or the last of a block; 0 if it is none."""
    found = _OPEN.fullmatch(line) or _CLOSE.fullmatch(line)
    return len(found[found.re.groups]) if found else 0


def _block(lines: Lines, indent: str, width: int) -> Block:
    dividers = [number for number, line in enumerate(lines) if line.strip(" \t") == "=" * width]
    if not dividers:  # a model may count its own signs wrongly
        dividers = [number for number, line in enumerate(lines) if re.fullmatch("={5,}", line.strip(" \t"))]
    if not dividers:
        raise Unappliable("a SEARCH/REPLACE block has no line `=======`")
    if len(dividers) > MAX_DIVIDERS:
        raise Unappliable(f"a SEARCH/REPLACE block has {len(dividers)} lines `=======`")
    return Block(lines, tuple(dividers), indent)


def apply(blocks: Sequence[Block], before: Lines) -> Lines:
    """The file after all ``blocks``.

    Raises:
        Unappliable: a SEARCH is empty though the file is not, is not in the file, is there more than once, or overlaps
            another one.
    """
    placed = sorted(_place(block, before, number) for number, block in enumerate(blocks, 1))
    after: list[str] = []
    done = 0
    for start, end, number, replacement in placed:
        if start < done or (start == end == done and after):
            raise Unappliable(f"the SEARCH of block {number} overlaps that of another block")
        after += (*before[done:start], *replacement)
        done = end
    return read_lines("\n".join((*after, *before[done:])))


def _place(block: Block, before: Lines, number: int) -> tuple[int, int, int, Lines]:
    """(start, end, number, replacement): the lines of the file that a block replaces."""
    why = ""
    for search, replacement in block.sides():
        if not any(search):
            if not before and not search:
                return 0, 0, number, replacement
            why = f"the SEARCH of block {number} is empty"
            continue
        found = _find(search, before)
        if len(found) == 1:
            return found[0], found[0] + len(search), number, replacement
        why = f"the SEARCH of block {number} is {'in the file more than once' if found else 'not in the file'}"
    raise Unappliable(why)


def _find(search: Lines, lines: Lines) -> list[int]:
    """The first two places of ``search`` among ``lines``."""
    text, wanted = _joined(lines), _joined(search)
    found: list[int] = []
    at = text.find(wanted)
    while at >= 0 and len(found) < 2:
        found.append(text.count("\n", 0, at))
        at = text.find(wanted, at + 1)
    return found


def _joined(lines: Lines) -> str:
    return "\n" + "\n".join(lines) + "\n"
