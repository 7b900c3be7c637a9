"""Answers to tasks of changed files whose worth is known without a judge: the real file in many forms, and changes that
are not changes of this file.

Each function is pure (see ``case.Rewrite``) and writes whole completions: ``AuditedGold.text`` is the file after the
change, its task has the one before. The edits come from difflib, which no verifier here uses for it.
"""

from __future__ import annotations

import difflib
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from synthetic1.change_form import ChangeForm, change_form
from synthetic1.evaluation.auditing.case import AuditedGold, CaseKind

_LINE_ENDS = re.compile("\r\n|\r|\n")


@dataclass(frozen=True)
class Hunk:
    """Lines of the file before, and what takes their place."""

    search: tuple[str, ...]
    replacement: tuple[str, ...]


@dataclass(frozen=True)
class _Change:
    before: tuple[str, ...]
    after: tuple[str, ...]
    path: str
    form: ChangeForm

    @property
    def hunks(self) -> list[Hunk]:
        return hunks(self.before, self.after)


def _change(gold: AuditedGold) -> _Change:
    info = gold.task.verification_info
    before, path, language = (str(info.get(name) or "") for name in ("before", "path", "language"))
    return _Change(_lines(before), _lines(gold.text), path or "file", change_form(language, before, gold.text))


def _lines(text: str) -> tuple[str, ...]:
    """As they are shown, without the empty ones at the end of the file."""
    lines = [line.removeprefix("\ufeff") for line in _LINE_ENDS.split(text)]
    while lines and not lines[-1].strip():
        lines.pop()
    return tuple(lines)


# Edits ---------------------------------------------------------------------------------------------------------------


def hunks(before: Sequence[str], after: Sequence[str]) -> list[Hunk]:
    """The difference as edits whose SEARCH stands in the file once: each has as much around it as that takes. If they
    would overlap, or there is nothing to search for, the whole file is one edit."""
    seen = [line.removeprefix("\ufeff").rstrip() for line in before]
    found: list[tuple[int, int, tuple[str, ...]]] = []
    floor = 0
    for tag, start, end, other, last in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        first, stop = start, end
        while first == stop or not any(seen[first:stop]) or _occurrences(seen, seen[first:stop]) != 1:
            if first > floor:
                first -= 1
            elif stop < len(before):
                stop += 1
            else:
                return _whole(before, after)
        if found and first < found[-1][1]:
            return _whole(before, after)
        found.append((first, stop, (*before[first:start], *after[other:last], *before[end:stop])))
        floor = stop
    reached = [stop for _, stop, _ in found]
    if any(first < stop for (first, _, _), stop in zip(found[1:], reached, strict=False)):
        return _whole(before, after)
    return [Hunk(tuple(before[first:stop]), replacement) for first, stop, replacement in found]


def _whole(before: Sequence[str], after: Sequence[str]) -> list[Hunk]:
    return [Hunk(tuple(before), tuple(after))]


def _occurrences(lines: list[str], part: list[str]) -> int:
    starts = (at for at, line in enumerate(lines) if line == part[0])
    return sum(lines[at : at + len(part)] == part for at in starts)


def block(hunk: Hunk, width: int = 7) -> str:
    """One SEARCH/REPLACE block."""
    return _between(hunk, "<" * width + " SEARCH", "=" * width, ">" * width + " REPLACE")


def _between(hunk: Hunk, opening: str, divider: str, closing: str) -> str:
    return "\n".join((opening, *hunk.search, divider, *hunk.replacement, closing))


def _blocks(change: _Change) -> list[str]:
    return [block(hunk, change.form.marker_width) for hunk in change.hunks]


# The real file, written otherwise ------------------------------------------------------------------------------------


def _fenced(change: _Change, fence: str = "", label: str | None = None, lines: Sequence[str] | None = None) -> str:
    fence = fence or change.form.fence
    label = change.form.label if label is None else label
    return "\n".join((fence + label, *(change.after if lines is None else lines), fence))


def in_its_fence(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    yield _fenced(_change(gold))


def in_a_longer_fence(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    change = _change(gold)
    yield _fenced(change, change.form.fence + "`" * rng.randint(1, 3))


def in_tildes(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    change = _change(gold)
    yield _fenced(change, change.form.tildes)


def without_a_label(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    yield _fenced(_change(gold), label="")


def with_words_around(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    yield f"Here is the new file.\n\n{_fenced(_change(gold))}\n\nIt does what the instruction says."


def with_other_line_ends(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    yield _fenced(_change(gold)).replace("\n", "\r\n")


def with_an_end_token(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    yield _fenced(_change(gold)) + rng.choice(("<|im_end|>", "</s>", "</answer>"))


def as_edits(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    yield "\n\n".join(_blocks(_change(gold)))


def as_edits_in_any_order(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    blocks = _blocks(_change(gold))
    rng.shuffle(blocks)
    yield "The changes:\n\n" + "\n\nand\n\n".join(blocks) + "\n\nThat is all."


def as_edits_in_a_fence(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    change = _change(gold)
    yield "\n".join((f"{change.form.fence}{change.form.label}", *_blocks(change), change.form.fence))


# No change of this file ----------------------------------------------------------------------------------------------


def _unified(change: _Change) -> list[str]:
    names = (f"a/{change.path}", f"b/{change.path}")
    return list(difflib.unified_diff(change.before, change.after, *names, lineterm=""))


def a_unified_diff(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """In the file's own fence, in one without a label, and in one that says what it is."""
    change = _change(gold)
    for label in (change.form.label, "", "diff"):
        yield _fenced(change, label=label, lines=_unified(change))


def a_diff_without_a_header(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    change = _change(gold)
    body = [line for line in _unified(change)[2:] if not line.startswith("@@")]
    if any(line[0] == "-" and any(map(str.isalnum, line)) for line in body) and any(line[0] == "+" for line in body):
        yield _fenced(change, lines=body)


def a_context_diff(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    change = _change(gold)
    yield _fenced(change, lines=list(difflib.context_diff(change.before, change.after, "a", "b", lineterm="")))


def a_patch(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """As ``apply_patch`` takes it."""
    change = _change(gold)
    body = ["@@" if line.startswith("@@") else line for line in _unified(change)[2:]]
    lines = ["*** Begin Patch", f"*** Update File: {change.path}", *body, "*** End Patch"]
    yield "\n".join(lines)
    yield _fenced(change, lines=lines)


MARKERS = {
    "cline": ("------- SEARCH", "=======", "+++++++ REPLACE"),
    "aider, of old": ("<<<<<<< ORIGINAL", "=======", ">>>>>>> UPDATED"),
    "git": ("<<<<<<< HEAD", "=======", ">>>>>>> main"),
    "words after": ("<<<<<<< SEARCH file.py", "=======", ">>>>>>> REPLACE file.py"),
    "lower case": ("<<<<<<< search", "=======", ">>>>>>> replace"),
    "no words": ("<<<<<<<", "=======", ">>>>>>>"),
    "tags": ("<search>", "</search>\n<replace>", "</replace>"),
}


def _other_markers(change: _Change) -> list[tuple[str, str, str]]:
    """Those that the file does not hold itself."""
    held = {line.strip() for line in (*change.before, *change.after)}
    return [markers for markers in MARKERS.values() if not held & {*markers[0].split("\n"), *markers[2].split("\n")}]


def edits_between_other_markers(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """Bare, and in the file's own fence."""
    change = _change(gold)
    for markers in _other_markers(change):
        written = "\n".join(_between(hunk, *markers) for hunk in change.hunks)
        yield written
        yield _fenced(change, lines=written.split("\n"))


def one_edit_in_another_dialect(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """The others are as they should be."""
    change = _change(gold)
    width, edits = change.form.marker_width, change.hunks
    if len(edits) > 1:
        odd = rng.randrange(len(edits))
        for markers in _other_markers(change):
            yield "\n".join(
                _between(hunk, *markers) if number == odd else block(hunk, width) for number, hunk in enumerate(edits)
            )


def _with_one(gold: AuditedGold, rng: random.Random, alter: Callable[[Hunk], Hunk | None]) -> Iterator[str]:
    """All edits, one of them altered."""
    change = _change(gold)
    edits = change.hunks
    odd = rng.randrange(len(edits))
    altered = alter(edits[odd])
    if altered is not None:
        edits[odd] = altered
        yield "\n".join(block(hunk, change.form.marker_width) for hunk in edits)


def a_search_that_is_not_there(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """One of its lines has a word more."""

    def alter(hunk: Hunk) -> Hunk:
        at = rng.randrange(len(hunk.search))
        altered = f"{hunk.search[at]} qqzx"
        return replace(hunk, search=(*hunk.search[:at], altered, *hunk.search[at + 1 :]))

    if _change(gold).before:
        yield from _with_one(gold, rng, alter)


def a_search_indented_otherwise(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """By seven more columns, which no file has twice."""
    before = _change(gold).before
    if before and not any(line.startswith("       ") for line in before):
        yield from _with_one(
            gold, rng, lambda hunk: replace(hunk, search=tuple(f"       {line}" for line in hunk.search))
        )


def a_search_that_is_there_twice(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    change = _change(gold)
    seen = [line.rstrip() for line in change.before]
    often = [line for line in dict.fromkeys(seen) if line and seen.count(line) > 1]
    if often:
        line = rng.choice(often)
        edit = block(Hunk((line,), (line, "")), change.form.marker_width)
        yield "\n".join((*_blocks(change), edit))


def an_edit_twice(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    blocks = _blocks(_change(gold))
    yield "\n".join((*blocks, rng.choice(blocks)))


def an_edit_without_its_end(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    yield "\n".join(_blocks(_change(gold))).rpartition("\n")[0]


def an_edit_without_its_divider(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    change = _change(gold)
    edits, width = change.hunks, change.form.marker_width
    if not any(set(line.strip()) == {"="} for line in (*change.before, *change.after)):
        odd = rng.randrange(len(edits))
        yield "\n".join(
            block(hunk, width).replace(f"\n{'=' * width}\n", "\n") if number == odd else block(hunk, width)
            for number, hunk in enumerate(edits)
        )


def a_file_with_parts_left_out(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    change = _change(gold)
    if len(change.after) > 4:
        at = rng.randrange(2, len(change.after) - 1)
        for words in ("# ... existing code ...", "// ... rest of the file ...", "# The rest of the code is unchanged"):
            yield _fenced(change, lines=(*change.after[:at], words))


def in_a_fence_that_is_not_closed(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """And a second one begun, so that nobody can say what the file is."""
    change = _change(gold)
    opening = f"{change.form.fence}{change.form.label or 'text'}"
    yield "\n".join((opening, *change.after[: len(change.after) // 2], "", "Better:", "", opening, *change.after))


_EQUIVALENTS = (
    in_its_fence, in_a_longer_fence, in_tildes, without_a_label, with_words_around, with_other_line_ends,
    with_an_end_token, as_edits, as_edits_in_any_order, as_edits_in_a_fence,
)  # fmt: skip
_MUTANTS = (
    a_unified_diff, a_diff_without_a_header, a_context_diff, a_patch, edits_between_other_markers,
    one_edit_in_another_dialect, a_search_that_is_not_there, a_search_indented_otherwise,
    a_search_that_is_there_twice, an_edit_twice, an_edit_without_its_end, an_edit_without_its_divider,
    a_file_with_parts_left_out, in_a_fence_that_is_not_closed,
)  # fmt: skip
FILE_EQUIVALENTS = {make.__name__: CaseKind(make, whole=True) for make in _EQUIVALENTS}
"""Completions that give the real file: 1, and no judge is asked."""
FILE_MUTANTS = {make.__name__: CaseKind(make, whole=True) for make in _MUTANTS}
"""Completions that do not follow the prompt's form: 0, and no judge is asked."""
