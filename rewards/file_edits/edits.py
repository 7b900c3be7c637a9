"""Answers that change a file: the whole new file, or blocks that say what to search for and what to put there.

```
<<<<<<< SEARCH
lines as they stand in the file
=======
lines that take their place
>>>>>>> REPLACE
```

Every SEARCH names lines of the file as it was given, exactly one place each, so the order of blocks means nothing. A
file's text is its lines without white space at their ends, however they end: what makes no difference to a reader makes
none here. What can be read in two ways is not read at all.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from synthetic1.change_form import change_form
from synthetic1.rewards.file_edits.dialects import (
    dialect_beside_a_file,
    dialect_beside_edits,
    dialect_in_a_file,
    dialect_in_an_edited_file,
)
from synthetic1.rewards.file_edits.lines import Lines, Unappliable, read_lines, write_lines
from synthetic1.rewards.file_edits.places import Places, places
from synthetic1.rewards.file_edits.whole_file import whole_file

MAX_DIVIDERS = 20  # lines in one block that may be what divides it: a file can hold such lines itself
LEAST = 5  # signs of a marker
_OPEN = re.compile(r"([ \t]*)(<{5,}) ?SEARCH")
_CLOSE = re.compile(r"[ \t]*(>{5,}) ?REPLACE")
_DIVIDER = re.compile("[ \t]*(={5,})")
_END_TOKENS = r"(?:[ \t]*(?:<[|｜][^<>|｜]{1,40}[|｜]>|</(?:answer|solution|s)>|\[/INST\]))+"
_ENDED = re.compile(rf"([ \t]*(?:`{{3,}}|~{{3,}}|>{{5,}} ?REPLACE)){_END_TOKENS}[ \t]*")
EMPTY, ABSENT, TWICE = "empty", "not in the file", "in the file more than once"


@dataclass(frozen=True)
class Edit:
    """One way to read a block: lines of the file, and what takes their place."""

    search: Lines
    replacement: Lines


@dataclass(frozen=True)
class Block:
    """One SEARCH/REPLACE block: its lines, and where among them it may be divided."""

    lines: Lines
    dividers: tuple[int, ...]
    indent: str = ""
    """Of its first marker."""

    def readings(self) -> list[Edit]:
        """Every way to read it: divided at each line that may divide it, with the indentation of its markers or
        without."""
        indented = [line.startswith(self.indent) for line in self.lines if line]
        texts = [self.lines]
        if self.indent and any(indented):
            texts.append(tuple(line.removeprefix(self.indent) for line in self.lines))
        return [Edit(lines[:at], lines[at + 1 :]) for lines in texts for at in self.dividers]


def new_state(
    answer: str,
    before: Lines,
    labels: Collection[str],
    *,
    after: Lines = (),
    label: str = "",
    nested: bool = False,
    cut_off: bool = False,
) -> Lines | None:
    """The file after the change that ``answer`` gives; None if it gives none.

    If there is a SEARCH/REPLACE block anywhere, in a fence or not, the blocks are the answer. Otherwise it is the last
    fenced block in the file's language. Where the file holds such markers or fences itself, longer ones are meant: the
    others are its text. An answer that is written in another way, or partly so, is refused: nothing of it is applied.

    Args:
        labels: what the fence of a whole file may be called, in lower case.
        after: the file after the real change.
        label: the language as the task names it.
        nested: the file may hold fences itself, as Markdown does.
        cut_off: the answer ends because it was cut off. A fence that is still open then is not a file, and edits may
            be missing.

    Raises:
        Unappliable: there is no single way to read the answer as a change of this file.
    """
    own = Counter(line.strip() for line in before) | Counter(line.strip() for line in after)
    lines = tuple(_without_end_tokens(line, own) for line in read_lines(answer))
    blocks, beside = find_blocks(lines, least=1 + max(map(_marker_width, (*before, *after)), default=0))
    if blocks:
        _refuse(dialect_beside_edits(beside, own))
        edited = apply(blocks, before)
        if cut_off and edited != after:
            raise Unappliable("the answer is cut off: edits may be missing")
        _refuse(dialect_in_an_edited_file(edited, own))
        return edited
    form = change_form(label, write_lines(before), write_lines(after))
    block = whole_file(lines, form, labels, own, nested=nested, cut_off=cut_off)
    if block is None:
        _refuse(dialect_beside_edits(lines, own))
        return None
    _refuse(dialect_beside_a_file(lines, own))
    _refuse(dialect_in_a_file(block, own))
    return read_lines("\n".join(block))


def _without_end_tokens(line: str, own: Counter[str]) -> str:
    ended = _ENDED.fullmatch(line)
    return ended[1] if ended and line.strip() not in own else line


def _refuse(dialect: str | None, beside: str = "") -> None:
    if dialect is not None:
        where = f" beside {beside}" if beside else ""
        raise Unappliable(
            f"the answer holds {dialect}{where}; the prompt asks for a whole file or SEARCH/REPLACE blocks"
        )


def find_blocks(lines: Lines, least: int = LEAST) -> tuple[list[Block], Lines]:
    """All SEARCH/REPLACE blocks of an answer, in order, and the lines beside them.

    Args:
        least: signs in a marker; lines with fewer are text.

    Raises:
        Unappliable: a block is not divided, or has no end.
    """
    blocks: list[Block] = []
    beside: list[str] = []
    opening: re.Match[str] | None = None
    start = 0
    for number, line in enumerate(lines):
        is_marker = _marker_width(line) >= max(least, LEAST)
        if opening is None:
            opening, start = _OPEN.fullmatch(line) if is_marker else None, number + 1
            beside += [line] if opening is None else []
        elif is_marker and _OPEN.fullmatch(line):
            raise Unappliable("a SEARCH/REPLACE block begins before the one above it has ended")
        elif is_marker:
            blocks.append(_block(lines[start:number], indent=opening[1], width=len(opening[2])))
            opening = None
    if opening is not None:
        raise Unappliable("a SEARCH/REPLACE block has no line `>>>>>>> REPLACE`")
    return blocks, tuple(beside)


def _marker_width(line: str) -> int:
    """How many signs the marker has that ``line`` is, the first or the last of a block; 0 if it is not one."""
    found = _OPEN.fullmatch(line) or _CLOSE.fullmatch(line)
    return len(found[found.re.groups]) if found else 0


def _block(lines: Lines, indent: str, width: int) -> Block:
    found = [(number, len(match[1])) for number, line in enumerate(lines) if (match := _DIVIDER.fullmatch(line))]
    dividers = [number for number, signs in found if signs == width]
    dividers = dividers or [number for number, _ in found]  # a model may count its own signs wrongly
    if not dividers:
        raise Unappliable("a SEARCH/REPLACE block has no line `=======`")
    if len(dividers) > MAX_DIVIDERS:
        raise Unappliable(f"a SEARCH/REPLACE block has {len(dividers)} lines `=======`")
    return Block(lines, tuple(dividers), indent)


@dataclass(frozen=True, order=True)
class Placed:
    """The lines of the file that a block replaces."""

    start: int
    end: int
    replacement: Lines


def apply(blocks: Sequence[Block], before: Lines) -> Lines:
    """The file after all ``blocks``.

    Raises:
        Unappliable: a block has not exactly one reading whose SEARCH is in the file, or that is there more than once;
            it overlaps another one.
    """
    found = _possible(blocks, before)
    placed = sorted((_only(possible, number), number) for number, possible in enumerate(found, 1))
    after: list[str] = []
    done = 0
    for one, number in placed:
        if one.start < done or (one.start == one.end == done and after):
            raise Unappliable(f"the SEARCH of block {number} overlaps that of another block")
        after += (*before[done : one.start], *one.replacement)
        done = one.end
    return read_lines("\n".join((*after, *before[done:])))


def _possible(blocks: Sequence[Block], before: Lines) -> Iterator[list[Placed | str]]:
    """For each block what its readings come to, each once: lines of the file, or why not."""
    readings = [block.readings() for block in blocks]
    counted = iter(places([edit.search for edits in readings for edit in edits if any(edit.search)], before))
    for edits in readings:
        yield list(dict.fromkeys(_place(edit, before, next(counted) if any(edit.search) else None) for edit in edits))


def _place(edit: Edit, before: Lines, found: Places | None) -> Placed | str:
    """What one reading replaces, or what is wrong with its SEARCH; ``found`` is None if that is blank."""
    if found is None:
        return Placed(0, 0, edit.replacement) if not before and not edit.search else EMPTY
    if found.times > 1:
        return TWICE
    if found.times == 1:
        return Placed(found.first, found.first + len(edit.search), edit.replacement)
    last = read_lines("\n".join(edit.search))  # empty lines at the end of the file are as many as one likes
    if len(last) < len(edit.search) and before[-len(last) :] == last:
        return Placed(len(before) - len(last), len(before), edit.replacement)
    return ABSENT


def _only(possible: Collection[Placed | str], number: int) -> Placed:
    """The one place of the block with that number."""
    placed = [place for place in possible if isinstance(place, Placed)]
    if len(placed) == 1 and TWICE not in possible:
        return placed[0]
    if placed:
        raise Unappliable(f"block {number} can be read in several ways")
    why = next(why for why in (TWICE, ABSENT, EMPTY) if why in possible)
    raise Unappliable(f"the SEARCH of block {number} is {why}")
