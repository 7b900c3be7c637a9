"""What in a program is string or comment, so that signs in them mean nothing; in the languages that programs run in.

A string or comment that is not closed reaches to the end of its line, or of the text: so every pattern matches where
it begins, and reading a text takes time linear in it, whatever it holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_DOUBLE = r'"(?:\\.|[^"\\\n])*+(?:"|(?=\n)|\\?\Z)'
_SINGLE = _DOUBLE.replace('"', "'")
_TRIPLE = r'"""(?:\\.|(?!""").)*+(?:"""|\\?\Z)'
_SLASHES = r"//[^\n]*+|/\*(?:(?!\*/).)*+(?:\*/|\Z)"
# A template ends at the latest before a line that begins with three backticks: none can hold them
_TEMPLATE = (
    r"`(?:\\.|[^`\\$\n]|\n(?![ \t]*```)|\$\{(?:[^{}`\n]|\{[^{}`\n]*+\}|`[^`\n]*+`)*+\}|\$)*+"
    r"(?:`|(?=\n[ \t]*```)|\\?\Z)"
)
_REGEX = (
    r"(?:(?<=[(,=:\[!&|?{};\s])|(?<![\s\S]))/(?![/*\s])(?:\\[^\n]|\[(?:\\[^\n]|[^\]\\\n]){0,80}+\]|[^/\\\[\n]){1,160}+/"
)

_COMMENTS_AND_STRINGS = {
    "python": (r"#[^\n]*+", f"{_TRIPLE}|{_TRIPLE.replace(chr(34), chr(39))}|{_DOUBLE}|{_SINGLE}"),
    "javascript": (_SLASHES, f"{_DOUBLE}|{_SINGLE}|{_TEMPLATE}|{_REGEX}"),
    "cpp": (
        _SLASHES.replace(r"[^\n]*+", r"(?:\\\r?\n|[^\n])*+", 1),
        # 1'000 is a number; a raw string ends with the word that it begins with
        rf'R"(?P<word>[^()\\\s]{{0,16}})\(.*?(?:\)(?P=word)"|\Z)|{_DOUBLE}|(?<![0-9a-fA-F]){_SINGLE}',
    ),
    "rust": (
        _SLASHES,
        # 'a is a lifetime, 'a' a character; plain strings may hold line ends
        r'\bb?r(?P<hashes>\#{0,8})".*?(?:"(?P=hashes)|\Z)|"(?:\\.|[^"\\])*+(?:"|\\?\Z)'
        r"|'(?:\\(?:u\{[^}\n]{1,8}\}|x..|.)|[^'\\\n])'",
    ),
}
LEXED = frozenset(_COMMENTS_AND_STRINGS)
"""Names of the languages that can be read here."""

# No language has such signs outside of strings and comments. `</s>` and the like would end JSX, and are not among them.
_MARKS = r"(?P<fence>`{3,}+|~{3,}+)|(?P<end><[|｜][^\s<>|｜]{1,40}+[|｜]>|</(?:answer|solution)>)"
_TOKENS = {
    language: re.compile(f"{_MARKS}|(?P<comment>{comments})|(?P<string>{strings})", re.DOTALL)
    for language, (comments, strings) in _COMMENTS_AND_STRINGS.items()
}
_NOT_NEWLINE = re.compile(r"[^\n]")


def tokens(text: str, start: int, language: str) -> Iterator[re.Match[str]]:
    """The strings and comments of a program of ``language`` that begins at ``start``, and what else is found outside of
    them: runs of three or more backticks or tildes (group ``fence``), and end tokens (group ``end``)."""
    return _TOKENS[language].finditer(text, start)


def code_only(source: str, language: str) -> str:
    """The source with strings and comments blanked, so that every offset stays what it was.

    Of a language that cannot be read it is the source itself.
    """
    if language not in LEXED:
        return source

    def blanked(token: re.Match[str]) -> str:
        return token[0] if token["fence"] or token["end"] else _NOT_NEWLINE.sub(" ", token[0])

    return _TOKENS[language].sub(blanked, source)
