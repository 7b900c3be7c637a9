"""Differences between files: which lines match, unified diffs, similarity, and deletions that nobody asked for.

Lines match by patience: lines that occur once in both files hold the rest in place. That keeps changes where a reader
sees them, and its time is near linear where difflib alone can take minutes.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from difflib import Match, SequenceMatcher

from synthetic1.rewards.file_edits.lines import Lines

CONTEXT = 8  # lines around a change: a judge sees no more of the file
NEAR = 3  # lines around a hunk of the real change that still belong to it
# Lines that bring names: who does without the names takes them away, and some compilers insist on it
_IMPORT = re.compile(
    r"\s*(?:import\b|from\s+\S+\s+import\b|(?:pub\s+)?use\s|using\s|#\s*include\b|require(?:_once|_relative)?\b"
    r"|(?:const|let|var)\s.*=\s*require\(|@import\b)|\t(?:[\w.]+\s+)?\"[\w./-]+\"$"  # in a block of Go's
)
MAX_PRODUCT = 60_000  # of lines that are compared each with each; beyond that a stretch is replaced as a whole


class Matcher(SequenceMatcher[str]):
    """difflib's, with matches found by patience."""

    a: Sequence[str]
    b: Sequence[str]

    def __init__(self, old: Sequence[str], new: Sequence[str]) -> None:
        super().__init__(None, old, new, autojunk=False)
        self._found: list[Match] | None = None

    def get_matching_blocks(self) -> list[Match]:
        if self._found is None:
            blocks: list[Match] = []
            for start, other, size in sorted(_matches(self.a, self.b)):
                if blocks and (blocks[-1].a + blocks[-1].size, blocks[-1].b + blocks[-1].size) == (start, other):
                    last = blocks.pop()
                    start, other, size = last.a, last.b, last.size + size
                blocks.append(Match(start, other, size))
            self._found = [*blocks, Match(len(self.a), len(self.b), 0)]
        return self._found


def _matches(a: Sequence[str], b: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """Runs of equal lines as (start in a, start in b, how many), in no order; none overlap and none cross."""
    stretches = [(0, len(a), 0, len(b))]
    while stretches:
        a_start, a_end, b_start, b_end = stretches.pop()
        size = 0
        while a_start + size < a_end and b_start + size < b_end and a[a_start + size] == b[b_start + size]:
            size += 1
        yield a_start, b_start, size
        a_start, b_start, size = a_start + size, b_start + size, 0
        while a_start < a_end - size and b_start < b_end - size and a[a_end - size - 1] == b[b_end - size - 1]:
            size += 1
        a_end, b_end = a_end - size, b_end - size
        yield a_end, b_end, size
        if a_start == a_end or b_start == b_end:
            continue
        anchors = _anchors(a, b, a_start, a_end, b_start, b_end)
        if anchors:
            stops = [*anchors, (a_end, b_end)]
            at = (a_start, b_start)
            for a_stop, b_stop in stops:
                stretches.append((at[0], a_stop, at[1], b_stop))
                at = (a_stop, b_stop)
        elif (a_end - a_start) * (b_end - b_start) <= MAX_PRODUCT:
            few = SequenceMatcher(None, a[a_start:a_end], b[b_start:b_end], autojunk=False)
            for block in few.get_matching_blocks():
                yield a_start + block.a, b_start + block.b, block.size


def _anchors(
    a: Sequence[str], b: Sequence[str], a_start: int, a_end: int, b_start: int, b_end: int
) -> list[tuple[int, int]]:
    """Places of lines that occur once on both sides: the longest chain of them that runs in the same order on both."""
    in_a, in_b = Counter(a[a_start:a_end]), Counter(b[b_start:b_end])
    place = {line: index for index, line in enumerate(b[b_start:b_end], b_start) if in_b[line] == 1}
    pairs = [
        (index, place[line])
        for index, line in enumerate(a[a_start:a_end], a_start)
        if in_a[line] == 1 and line in place
    ]
    tops: list[int] = []  # the smallest end of a chain of each length
    ends: list[int] = []  # which pair that is
    previous: list[int] = []
    for number, (_, other) in enumerate(pairs):
        length = bisect_left(tops, other)
        previous.append(ends[length - 1] if length else -1)
        tops[length : length + 1] = [other]
        ends[length : length + 1] = [number]
    chain: list[tuple[int, int]] = []
    number = ends[-1] if ends else -1
    while number >= 0:
        chain.append(pairs[number])
        number = previous[number]
    return chain[::-1]


def unified(old: Lines, new: Lines, path: str = "file") -> str:
    """The change from ``old`` to ``new`` as a unified diff; ``""`` if there is none."""
    shown: list[str] = []
    for group in Matcher(old, new).get_grouped_opcodes(CONTEXT):
        a_start, a_end, b_start, b_end = group[0][1], group[-1][2], group[0][3], group[-1][4]
        shown.append(f"@@ -{_range(a_start, a_end)} +{_range(b_start, b_end)} @@")
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                shown += (f" {line}" for line in old[i1:i2])
                continue
            shown += (f"-{line}" for line in old[i1:i2])
            shown += (f"+{line}" for line in new[j1:j2])
    return "\n".join((f"--- a/{path}", f"+++ b/{path}", *shown)) if shown else ""


def _range(start: int, end: int) -> str:
    """As unified diffs count: from 1, and the line before an empty range."""
    return f"{start + (end > start)},{end - start}"


def line_similarity(one: Lines, other: Lines) -> float:
    """Twice the matching lines over all lines of both, in [0, 1]."""
    total = len(one) + len(other)
    return 2 * _matched(Matcher(one, other).get_matching_blocks()) / total if total else 1.0


def _matched(blocks: Iterable[Match]) -> int:
    return sum(block.size for block in blocks)


def unrelated_deletions(before: Lines, after: Lines, candidate: Lines, comments: tuple[str, ...] = ()) -> list[str]:
    """Lines that ``candidate`` deletes far from where the real change is, and that the real change keeps.

    Only what is gone counts: a line that has another in its place may be part of another way to do the same, and one
    that stands elsewhere now was moved. Comments (lines that begin with any of ``comments``) and bare brackets do
    not count, nor do imports.
    """
    near, kept = set[int](), set[int]()
    for tag, i1, i2, _, _ in Matcher(before, after).get_opcodes():
        if tag == "equal":
            kept.update(range(i1, i2))
        else:
            near.update(range(i1 - NEAR, i2 + NEAR))

    def says(line: str) -> bool:
        return any(map(str.isalnum, line)) and not line.strip().startswith(comments or ("\0",))

    lost = kept - near
    opcodes = Matcher(before, candidate).get_opcodes()
    added = {line.strip() for tag, _, _, j1, j2 in opcodes if tag != "equal" for line in candidate[j1:j2]}
    return [
        before[index]
        for tag, i1, i2, j1, j2 in opcodes
        if tag == "delete" or (tag == "replace" and not any(map(says, candidate[j1:j2])))
        for index in range(i1, i2)
        if index in lost
        and says(before[index])
        and before[index].strip() not in added
        and not _IMPORT.match(before[index])
    ]
