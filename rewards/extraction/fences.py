"""Fenced blocks: where they begin and end, however their fences stand.

A block begins at three or more backticks or tildes with at most a label behind them: on a line of their own, behind a
list marker or the ``>`` of a quotation, behind a tag or a colon, or, if the label is a language's, at the end of any
line. Of a language that ``lexical`` can read it ends at the first as many of the same that stand neither in a string
nor in a comment, whatever else is on that line, or at an end token. Of any other language it ends at a line of as many
of the same, and nothing behind them but tags, that is indented at most three columns more than the fence above.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache

from synthetic1.rewards.extraction.lexical import LEXED, tokens
from synthetic1.sandbox.errors import UnknownLanguage
from synthetic1.sandbox.languages.registry import get_language

_RUN = re.compile(r"`{3,}+|~{3,}+")
_FENCE_LINE = re.compile(r"^(?P<indent>[ \t]*+)(?P<fence>`{3,}+|~{3,}+)[ \t]*+(?P<info>[^`\n]*+)$", re.MULTILINE)
_LABEL = re.compile(r"[^\s{},:;=(]+")
_WORD = re.compile(r"[A-Za-z][\w+#.-]*")
_LIST = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+")
_QUOTE = re.compile(r"[ \t]*(?:>[ \t]*)+")
_LONGEST_INFO = 200  # characters
_BLANK = " \t\r\n"
_INVISIBLE = " \t\ufeff\u200b"
# What may end a completion behind a block; behind a program also any tag, with which no program ends
_END_TOKEN = re.compile(r"<[|｜][^<>|｜]{1,40}[|｜]>|</(?:answer|solution|s)>|\[/INST\]")
_END_OF_PROGRAM = re.compile(rf"{_END_TOKEN.pattern}|</?[A-Za-z][\w-]{{0,40}}>|\[/[A-Z]{{1,20}}\]")
_LONGEST_END = 45
# A fence that is glued to the last word of a line, and the only one in it: behind a comment it ends a block, too
_GLUED = re.compile(r"^(?:[^`\n]|`{1,2}+(?!`))++(?<![\s/#*!])(?P<fence>`{3,}+)[ \t\r]*+$", re.MULTILINE)
_FENCE_AFTER_END = re.compile(r"[ \t\r]*\n?[ \t]*(?:`{3,}|~{3,})[ \t\r]*(?=\n|\Z)")
_MAX_UNLEXED = 8  # blocks that are read to the end of the text in vain; after them lexing has cost enough


@dataclass(frozen=True, slots=True)
class FencedBlock:
    """A block and what its fence says."""

    label: str
    """The first word behind its fence, in lower case; empty if there is none."""
    content: str
    in_prose: bool = False
    """It was opened at the end of a line of prose: that line may only speak of a fence."""

    def is_in(self, names: Collection[str]) -> bool:
        """Whether the label is one of ``names``, with or without a version."""
        return self.label in names or self.label.rstrip("0123456789.") in names


@dataclass(frozen=True, slots=True)
class _Opening:
    fence: str
    label: str
    indent: str
    content: int
    """Where the first line of the block begins."""
    in_prose: bool = False

    def closed_by(self, fence: str) -> bool:
        return fence[0] == self.fence[0] and len(fence) >= len(self.fence)


@dataclass(frozen=True, slots=True)
class _Ending:
    content: int
    """Where the content ends."""
    resume: int
    """Where the text goes on behind the block."""


@lru_cache(1024)
def _language_of_label(label: str) -> str | None:
    """The name of the language that programs are run in and ``label`` stands for."""
    for name in (label, label.rstrip("0123456789.")):
        try:
            return get_language(name).name
        except UnknownLanguage:
            continue
    return None


def fenced_blocks(
    text: str, names: Collection[str], *, cut_off: bool = False, unlabelled: str | None = None
) -> Iterator[FencedBlock]:
    """The blocks of ``text`` in their order, in time linear in it.

    Nothing is changed within a block, except that the indentation of its fence is taken off each line if the first one
    has it.

    Args:
        names: what the fences of the blocks that are looked for may be called, in lower case. Such a fence also ends a
            block that was never closed; as the line after another one it stands there twice.
        cut_off: the text ends because it was cut off: then a block that is still open at its end is not a block.
            Otherwise it is one, without what ends a completion (``<|im_end|>``, ``</answer>``).
        unlabelled: the language that blocks without a label are read in; None = none.
    """
    reader = _BlockReader(text, names)
    position = 0
    while (run := _RUN.search(text, position)) is not None:
        line_end = text.find("\n", run.end())
        if line_end < 0:
            return  # a fence with nothing behind it
        opening = _opening(text, max(position, text.rfind("\n", position, run.start()) + 1), line_end, names)
        position = line_end + 1
        if opening is None:
            continue
        language = _language_of_label(opening.label) if opening.label else unlabelled
        ending = reader.ending(opening, language)
        if ending is None:
            if not cut_off:
                content = _without_end(text[opening.content :], lexed=language in LEXED)
                yield FencedBlock(opening.label, _dedent(content, opening.indent), opening.in_prose)
            return
        content = _dedent(text[opening.content : ending.content], opening.indent)
        yield FencedBlock(opening.label, content, opening.in_prose)
        position = ending.resume


def code_block(content: str, label: str) -> str:
    """A fenced block from which ``content`` is read again, whatever it holds; a newline ends it."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", content)), default=0))
    end = "" if content.endswith("\n") else "\n"
    return f"{fence}{label}\n{content}{end}{fence}"


# Where a block begins -----------------------------------------------------------------------------------------------


def _opening(text: str, start: int, end: int, names: Collection[str]) -> _Opening | None:
    """The fence that a line opens."""
    line = text[start:end]
    runs = list(_RUN.finditer(line))
    before, behind = line[: runs[0].start()], line[runs[0].end() :]
    indent = _indent(before)
    # a backtick in what follows backticks is code within a line, not a fence
    if indent is not None and not (runs[0][0][0] == "`" and "`" in behind):
        return _Opening(runs[0][0], _label(behind), indent, end + 1)
    run = runs[-1]
    before, info = line[: run.start()].rstrip(_INVISIBLE), line[run.end() :].strip(_BLANK)
    same = sum(other[0][0] == run[0][0] for other in runs)
    if not before or same % 2 == 0 or (info and not _WORD.fullmatch(info)):
        return None
    label = _label(info)
    introduced = before[-1] in ">:：]" if run[0][0] == "`" else before[-1] == ">"
    if not introduced and (run[0][0] == "~" or not label or not _is_language(label, names)):
        return None
    return _Opening(run[0], label, _leading(line), end + 1, in_prose=not introduced)


def _indent(before: str) -> str | None:
    """What the lines of a block begin with whose fence stands behind ``before``; None if prose stands before it."""
    if not before.strip(_INVISIBLE):
        return before.strip("\ufeff\u200b")
    if _QUOTE.fullmatch(before):
        return before
    if _LIST.fullmatch(before):
        return " " * len(before.expandtabs(4))
    return None


def _leading(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]


def _label(info: str) -> str:
    found = _LABEL.search(info[:_LONGEST_INFO])
    return found[0].lstrip(".").lower() if found else ""


def _is_language(label: str, names: Collection[str]) -> bool:
    return FencedBlock(label, "").is_in(names) or _language_of_label(label) is not None


# Where it ends ------------------------------------------------------------------------------------------------------


class _BlockReader:
    """Finds the ends of blocks."""

    def __init__(self, text: str, names: Collection[str]) -> None:
        self._text, self._names = text, names
        self._unlexed = 0

    def ending(self, opening: _Opening, language: str | None) -> _Ending | None:
        """Where a block ends; None if nothing ends it."""
        if language in LEXED and self._unlexed < _MAX_UNLEXED:
            assert language is not None
            ending = self._lexed_ending(opening, language)
            if ending is not None:
                return ending
            # A string or comment that is never closed: not a program, or not yet one
            self._unlexed += 1
        return self._ending_by_lines(opening)

    def _lexed_ending(self, opening: _Opening, language: str) -> _Ending | None:
        line_start, read = opening.content, opening.content
        for mark in tokens(self._text, opening.content, language):
            if not (mark["fence"] or mark["end"]):
                if self._holds_another(mark[0], opening):
                    return None
                continue
            line_start = max(line_start, self._text.rfind("\n", read, mark.start()) + 1)
            is_first, read = read <= line_start, mark.end()  # of the line's marks; no line is looked at twice
            if mark["fence"] and not opening.closed_by(mark["fence"]):
                continue
            alone = is_first and not self._text[line_start : mark.start()].strip(" \t>")
            content = line_start if alone else mark.start()
            if mark["end"]:
                fence = _FENCE_AFTER_END.match(self._text, mark.end())
                return _Ending(content, fence.end() if fence else mark.end())
            if mark["fence"][0] == "~" and not alone:
                continue  # ~~~x is code
            line_end = self._line_end(mark.end())
            behind = self._text[mark.end() : line_end]
            if alone and self._opens_another(behind):
                return _Ending(content, line_start)
            if mark["fence"][0] == "`" or _says_nothing(behind):
                return _Ending(content, line_end)
        return None

    def _holds_another(self, hidden: str, opening: _Opening) -> bool:
        """Whether a string or comment must end sooner than it seems: it holds the end of this block, then a new one.

        A text that has blocks of its own closes what it has opened, before it opens a labelled one.
        """
        before = 0
        for line in _FENCE_LINE.finditer(hidden) if opening.fence in hidden else ():
            if opening.closed_by(line["fence"]):
                if _is_in(line["info"], self._names):
                    return before % 2 == 1
                before += 1
        return False

    def _ending_by_lines(self, opening: _Opening) -> _Ending | None:
        widest = len(opening.indent.expandtabs(4)) + 3
        for line in _FENCE_LINE.finditer(self._text, opening.content):
            if not opening.closed_by(line["fence"]) or len(line["indent"].expandtabs(4)) > widest:
                continue
            if _says_nothing(line["info"]):
                return _Ending(line.start(), line.end())
            if _is_in(line["info"], self._names):
                return _Ending(line.start(), line.start())
        return None

    def _opens_another(self, info: str) -> bool:
        """Whether a fence within a program opens the next block instead of ending this one."""
        if _is_in(info, self._names):
            return True
        return _WORD.fullmatch(info.rstrip(_BLANK)) is not None or _is_language(_label(info), self._names)

    def _line_end(self, position: int) -> int:
        end = self._text.find("\n", position)
        return len(self._text) if end < 0 else end


def _is_in(info: str, names: Collection[str]) -> bool:
    label = _label(info)
    return bool(label) and FencedBlock(label, "").is_in(names)


def _says_nothing(info: str) -> bool:
    """Whether what follows a fence is nothing that a label begins with: white space, or tags and end tokens."""
    info = info.strip(_BLANK)
    return not info or info[0] in "<["


# What is in it ------------------------------------------------------------------------------------------------------


def _without_end(content: str, *, lexed: bool) -> str:
    """The content of a block that nothing has ended, without end tokens, and without a fence behind a comment."""
    tokens_of_end = _END_OF_PROGRAM if lexed else _END_TOKEN
    end = _last_sign(content, len(content))
    while (token := tokens_of_end.fullmatch(content, _token_start(content, end), end)) is not None:
        end = _last_sign(content, token.start())
    kept = content[:end]
    if lexed:
        glued = _GLUED.search(kept)
        kept = kept[: glued.start("fence")] if glued else re.sub(r"(?<!`)`{3,}\Z", "", kept)
    return content if len(kept) == len(content.rstrip()) else kept


def _last_sign(text: str, end: int) -> int:
    """Where ``text[:end]`` ends without the white space behind it."""
    while end > 0 and text[end - 1].isspace():
        end -= 1
    return end


def _token_start(text: str, end: int) -> int:
    """Where the token begins that ends at ``end``, if one does."""
    opens = "[" if text.endswith("]", 0, end) else "<"
    return max(0, text.rfind(opens, max(0, end - _LONGEST_END), end))


def _dedent(content: str, indent: str) -> str:
    """``content`` without the indentation of its fence, unless its first line is not indented like that."""
    lines = content.split("\n")
    first = next((line for line in lines if line.strip(_BLANK) not in ("", indent.strip())), "")
    if not indent or not first.startswith(indent):
        return content
    return "\n".join(_cut(line, indent) for line in lines)


def _cut(line: str, indent: str) -> str:
    if line.startswith(indent):
        return line[len(indent) :]
    bare = line.strip(_BLANK)
    return line.lstrip(" \t") if not bare else line.lstrip(" \t>") if bare == indent.strip() else line
