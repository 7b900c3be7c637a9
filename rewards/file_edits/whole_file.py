"""The whole new file in an answer: which fenced block it is, and where it ends.

A file may hold fences itself. The prompt asks for one that is longer than any in the file (``change_form``), and a
block in such a fence ends at the first line that closes it. In any other, every line that may be its end is tried: the
fences within the file and those after it must all be closed. If that leaves one end, it is the end, unless the file
has that very line and the fences that follow it: its own fences need not be closed. If it leaves several, the answer is
refused. A file is never cut at a fence of its own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from synthetic1.change_form import LEAST_FENCE, ChangeForm
from synthetic1.rewards.file_edits.lines import Lines, Unappliable

MAX_FENCES = 300  # after a block that may end at several of them; each is compared with the rest
_FENCE = re.compile(r"([ \t]*)(`{3,}|~{3,})[ \t]*(.*)", re.DOTALL)
_BEHIND_WORDS = re.compile(r"\S[ \t]*(?<!`)`{3,}[\w+#.-]*$")
_LABEL = re.compile(r"[^\s{},:;=(]+")


@dataclass(frozen=True)
class FenceLine:
    """A line that may open or close a block."""

    number: int
    """Of the line in the answer."""
    indent: str
    sign: str
    width: int
    info: str

    @property
    def opens(self) -> bool:
        """A backtick in what follows backticks is code within a line of text."""
        return not (self.sign == "`" and "`" in self.info)

    def closes(self, opening: FenceLine) -> bool:
        return (
            not self.info and self.sign == opening.sign and self.width >= opening.width and not self.is_within(opening)
        )

    def is_within(self, opening: FenceLine) -> bool:
        """It is indented so far that it is text, or belongs to an item of a list, in the other's block."""
        return len(self.indent.expandtabs(4)) > len(opening.indent.expandtabs(4)) + 3

    def is_labelled(self, form: ChangeForm, labels: Collection[str]) -> bool:
        """It is labelled as the file's language, in the words of the prompt or others."""
        if form.label and self.info.lower() == form.label:
            return True
        word = _LABEL.search(self.info)
        label = word[0].lstrip(".").lower() if word else ""
        return label != "" and (label in labels or label.rstrip("0123456789.") in labels)


@dataclass(frozen=True)
class _Span:
    opening: FenceLine
    end: int
    """The number of the line after the last one of the file."""
    following: int
    """The number of the line after the block."""


def whole_file(
    lines: Lines,
    form: ChangeForm,
    labels: Collection[str],
    own: Mapping[str, int],
    *,
    nested: bool = False,
    cut_off: bool = False,
) -> Lines | None:
    """What the block holds that is the file: of the answer ``lines``, the last one in its language, or if no block is,
    the last one without a label. None if there is none, or the answer was cut off within it.

    Args:
        labels: what its fence may be called, in lower case, besides ``form.label``.
        own: the lines of the file before and after, stripped, as often as they are in either.
        nested: the file's language has fenced blocks itself, as Markdown does.
        cut_off: the answer ends because it was cut off.

    Raises:
        Unappliable: where the block ends cannot be told.
    """
    fences = list(_fence_lines(lines))
    long = [fence for fence in fences if fence.width >= len(form.fence if fence.sign == "`" else form.tildes)]
    reader = _Reader(lines, form, labels, own, cut_off=cut_off)
    found = reader.asked_for(long, fences, certain=not nested)
    if found is None and len(long) < len(fences):
        found = reader.shorter(fences)
    if found is None or (cut_off and found.following > len(lines)):
        return None
    content = tuple(_dedent(line, found.opening.indent) for line in lines[found.opening.number + 1 : found.end])
    first = next((line for line in content if line.strip()), "")
    if _FENCE.fullmatch(first) and first.strip() not in own:
        raise Unappliable("the block begins with a second fence")
    if not first and any(fence.number >= found.following for fence in fences):
        raise Unappliable("the block is empty, and more fences follow")
    if not found.opening.info and any(_BEHIND_WORDS.search(line) and line.strip() not in own for line in content):
        raise Unappliable("the block holds a fence that begins behind other words")
    return content


@dataclass(frozen=True)
class _Reader:
    lines: Lines
    form: ChangeForm
    labels: Collection[str]
    own: Mapping[str, int]
    cut_off: bool

    def asked_for(self, fences: Sequence[FenceLine], every: Sequence[FenceLine], *, certain: bool) -> _Span | None:
        """The block in a fence that is long enough, among ``fences``, all of which are.

        Args:
            every: the shorter ones, too.
            certain: a file in this language has no fences but those that are known.
        """
        blocks = list(_blocks(fences))
        chosen = self._chosen([fences[start] for start, _ in blocks])
        if chosen is None:
            return None
        start, end = blocks[chosen]
        opening = fences[start]
        if end is None:
            return self._open_block(opening, every)
        if end == start + 1 == len(fences) - 1:
            return _span(opening, fences[end])
        ends = self._ends(fences, start)
        if len(ends) > 1 and certain and ends[0] == end and not self._is_lost(opening.number, fences[end].number):
            ends = [end]
        return _span(opening, fences[_only(ends)])

    def shorter(self, fences: Sequence[FenceLine]) -> _Span | None:
        """The block in a fence that the file may hold itself; it must be plain all the same where each one ends."""
        spans: list[_Span] = []
        start = 0
        while start < len(fences):
            opening, end = fences[start], _close(fences, start) if fences[start].opens else start
            may_be_file = opening.opens and (not opening.info or opening.is_labelled(self.form, self.labels))
            if end is None:
                spans += [self._open_block(opening, fences)] if may_be_file else []
                break
            if may_be_file:
                end = _only(self._ends(fences, start))
                own_line = fences[end].width > opening.width and self.lines[fences[end].number].strip() in self.own
                if own_line or self._goes_on(fences, start, end) or self._is_lost(opening.number, fences[end].number):
                    raise Unappliable("where the block of the file ends cannot be told: more of the file follows")
                spans.append(_span(opening, fences[end]))
            start = end + 1
        chosen = self._chosen([span.opening for span in spans])
        return None if chosen is None else spans[chosen]

    def _chosen(self, openings: Sequence[FenceLine]) -> int | None:
        """The last that is labelled as the file, or else the last without a label."""
        labelled = [at for at, opening in enumerate(openings) if opening.is_labelled(self.form, self.labels)]
        unlabelled = [at for at, opening in enumerate(openings) if not opening.info]
        return next(reversed(labelled or unlabelled), None)

    def _open_block(self, opening: FenceLine, every: Sequence[FenceLine]) -> _Span:
        """A block that nothing closes. It reaches to the end of the answer, if it says that it is the file, and holds
        nothing that may be meant to end it."""
        within = (fence for fence in every if fence.number > opening.number)
        glued = (line for line in self.lines[opening.number + 1 :] if line.endswith(opening.sign * LEAST_FENCE))
        if not self.cut_off and (
            not opening.info
            or any(fence.sign == opening.sign for fence in within)
            or any(line.strip() not in self.own for line in glued)
        ):
            raise Unappliable("the block of the file is not closed")
        return _Span(opening, len(self.lines), len(self.lines) + 1)

    def _ends(self, fences: Sequence[FenceLine], start: int) -> list[int]:
        """The fences at which the block may end: those in it and those after it are then closed. Shorter ones in it, or
        of the other sign, are its text."""
        opening = fences[start]
        after = [at for at in range(start + 1, len(fences)) if not fences[at].is_within(opening)]
        if len(after) > MAX_FENCES:
            raise Unappliable(f"where the file ends cannot be told among {len(after):,} fences")
        settled = _settled([fences[at] for at in after])
        ends: list[int] = []
        inner: FenceLine | None = None
        for place, at in enumerate(after):
            fence = fences[at]
            if fence.sign != opening.sign or fence.width < opening.width:
                continue
            if inner is not None:
                inner = None if fence.closes(inner) else inner
                continue
            if fence.closes(opening) and (settled[place + 1] or self.cut_off):
                ends.append(at)
            inner = fence if fence.opens else None
        return ends

    def _goes_on(self, fences: Sequence[FenceLine], start: int, end: int) -> bool:
        """Whether ``end``, and the fences after it up to the next that may close the block, are ones which the file has
        beside those in the block: then it may go on there. The last fence of all ends it, if the answer is not cut
        off; if it is, its last line may be half a fence."""
        if end == len(fences) - 1 and not self.cut_off:
            return False
        stop = next((at for at in range(end + 1, len(fences)) if fences[at].closes(fences[start])), len(fences))
        if self.cut_off and stop > end + 1 and fences[stop - 1].number == len(self.lines) - 1:
            stop -= 1
        has = Counter(self.lines[fence.number].strip() for fence in fences[start + 1 : stop])
        after = {self.lines[fence.number].strip() for fence in fences[end:stop]}
        return all(has[line] <= self.own.get(line, 0) for line in after)

    def _is_lost(self, start: int, end: int) -> bool:
        """Whether the text after a block, from line ``start`` to ``end``, has lines of the file that it has not."""
        kept = {line.strip() for line in self.lines[start:end]}
        after = (line.strip() for line in self.lines[end + 1 :])
        return any(line in self.own and line not in kept and any(map(str.isalnum, line)) for line in after)


def _fence_lines(lines: Lines) -> Iterator[FenceLine]:
    for number, line in enumerate(lines):
        found = _FENCE.fullmatch(line)
        if found is not None:
            yield FenceLine(number, found[1], found[2][0], len(found[2]), found[3].strip())


def _blocks(fences: Sequence[FenceLine]) -> Iterator[tuple[int, int | None]]:
    """(opening, closing) of each block as CommonMark has them; closing is None where nothing closes it."""
    start = 0
    while start < len(fences):
        if not fences[start].opens:
            start += 1
            continue
        end = _close(fences, start)
        yield start, end
        if end is None:
            return
        start = end + 1


def _close(fences: Sequence[FenceLine], start: int) -> int | None:
    """The first fence that closes the block which one opens."""
    return next((at for at in range(start + 1, len(fences)) if fences[at].closes(fences[start])), None)


def _settled(fences: Sequence[FenceLine]) -> list[bool]:
    """For each fence, and for the end, whether all blocks are closed if nothing is open before it."""
    settled = [True] * (len(fences) + 1)
    for start in reversed(range(len(fences))):
        end = _close(fences, start) if fences[start].opens else start
        settled[start] = end is not None and settled[end + 1]
    return settled


def _only(ends: Sequence[int]) -> int:
    if len(ends) != 1:
        why = "it may be any of several fences" if ends else "a fence in it is not closed"
        raise Unappliable(f"where the block of the file ends cannot be told: {why}")
    return ends[0]


def _span(opening: FenceLine, closing: FenceLine) -> _Span:
    return _Span(opening, closing.number, closing.number + 1)


def _dedent(line: str, indent: str) -> str:
    return line[len(indent) :] if line.startswith(indent) else line
