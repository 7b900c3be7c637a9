"""Whether an instruction gives the solution away: by rule, from the lines that the change adds.

Naming what has to be there is no leak: nobody could write ``parse_date`` if nobody said that it is called so. Code is,
and so is a list of the names and values that the change brings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from synthetic1.rewards.file_edits.languages import SourceLanguage

N = 5
"""Words of an n-gram."""
SHORTEST_LINE = 12
"""Signs of a line of code, spaces apart, that counts when it is copied."""
SHORTEST_OF_SEVERAL = 5
"""Signs of a line that counts together with others."""
SHORTEST_TEXT = 20
"""Characters of a string literal that counts when it is copied."""
PROSE = frozenset(("markdown", "text", "restructuredtext", "rst", "txt", "asciidoc"))
_word = re.compile(r"\w+")
_name = re.compile(r"[A-Za-z_$][\w$]*")
_number = re.compile(r"(?<![\w.])\d[\d_]*(?:\.\d+)?(?!\w|\.\d)")
_coded = re.compile(r"_|[a-z][A-Z]|\d|^[A-Z]{3,}$")
_signs = re.compile(r"[()\[\]{}=<>+*/|&%!;@]")
_quoted = re.compile(r"^\w{0,3}(['\"`])(.*)\1$", re.DOTALL)


@dataclass(frozen=True)
class AddedText:
    """What a change adds."""

    before: str
    lines: Sequence[str]
    language: SourceLanguage

    @property
    def code(self) -> str:
        """The added lines without comments and strings; prose as it stands."""
        if self.language.name in PROSE:
            return "\n".join(self.lines)
        return "".join(text if kind == "code" else " " for kind, text in self.language.pieces("\n".join(self.lines)))

    @property
    def texts(self) -> Iterator[str]:
        """The string literals of the added lines that are not prose over several lines."""
        for kind, text in self.language.pieces("\n".join(self.lines)):
            if kind == "string" and not text.lstrip("rRbBuUfF").startswith(('"""', "'''")):
                found = _quoted.match(text)
                yield found[2] if found is not None else text


def find_leak(instruction: str, added: AddedText, path: str, *, most_names: int) -> tuple[str, str] | None:
    """The reason and what was found; None where the rules find nothing.

    * ``leak_line``: a line of added code stands in the instruction, spaces apart; or short ones that are, together,
      half of what is added;
    * ``leak_ngram``: five words in a row of added code do, which the file before does not have;
    * ``leak_literal``: a string of at least 20 characters that the change brings does;
    * ``leak_names``: more than ``most_names`` names, numbers or short strings that the change brings are said.
    """
    said, code = _bare(instruction), added.code
    known = _bare(added.before)
    for line in added.lines:
        bare = _bare(line)
        counts = len(bare) >= SHORTEST_LINE and (_signs.search(bare) or added.language.name in PROSE)
        if counts and bare in said and bare not in known:
            return "leak_line", line.strip()
    if short := _most_of(added, said, known):
        return "leak_line", short
    grams = set(_grams(code)) - set(_grams(added.before)) - set(_grams(path))
    for gram in _grams(instruction):
        if gram in grams:
            return "leak_ngram", " ".join(gram)
    texts = [text for text in added.texts if text.strip() and text not in added.before]
    for text in texts:
        if len(text) >= SHORTEST_TEXT and _bare(text) in said:
            return "leak_literal", text
    names = sorted(_new_names(code, added.before, path) & set(_name.findall(instruction)))
    names += sorted(
        (set(_number.findall(code)) - set(_number.findall(added.before))) & set(_number.findall(instruction))
    )
    names += sorted({text for text in texts if 3 <= len(text) < SHORTEST_TEXT and _stands_in(text, instruction)})
    if len(names) > most_names:
        return "leak_names", ", ".join(names)
    return None


def _most_of(added: AddedText, said: str, known: str) -> str:
    """Two or more short lines of added code that are said, where they are half of all of it; else empty."""
    if added.language.name in PROSE:
        return ""
    new = {bare: line.strip() for line in added.lines if (bare := _bare(line)) and bare not in known}
    told = [bare for bare in new if len(bare) >= SHORTEST_OF_SEVERAL and _signs.search(bare) and bare in said]
    if len(told) < 2 or 2 * sum(map(len, told)) < sum(map(len, new)):
        return ""
    return " … ".join(new[bare] for bare in told)


def _bare(text: str) -> str:
    return re.sub(r"\s", "", text)


def _grams(text: str) -> Iterator[tuple[str, ...]]:
    words = _word.findall(text.lower())
    return zip(*(words[at:] for at in range(N)), strict=False)


def _new_names(code: str, before: str, path: str) -> set[str]:
    """Names in ``code`` that look like code and that neither the file before nor its path has."""
    new = set(_name.findall(code)) - set(_name.findall(before)) - set(_name.findall(path))
    return {name for name in new if len(name) > 2 and _coded.search(name)}


def _stands_in(text: str, instruction: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(text)}(?!\w)", instruction) is not None
