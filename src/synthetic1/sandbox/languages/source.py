"""Looking at a program's text without running it: what is code in it, and where its functions stand."""

from __future__ import annotations

import functools
import re
from importlib import resources

from synthetic1.sandbox.languages.language import SignatureError

_NOT_CODE = {
    # Comments, raw strings, strings, characters. What matches first from the left is what the compiler sees.
    "cpp": re.compile(
        r"""//(?:\\\r?\n|[^\n])*|/\*.*?(?:\*/|\Z)"""
        r"""|R"(?P<cpp>[^()\\\s]{0,16})\(.*?(?:\)(?P=cpp)"|\Z)"""
        r"""|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'""",
        re.DOTALL,
    ),
    # Rust: nested comments are the scanner's own business below; 'a is a lifetime, 'a' a character.
    "rust": re.compile(
        r"""//[^\n]*|/\*|\bb?r(?P<rust>\#{0,8})".*?(?:"(?P=rust)|\Z)"""
        r"""|"(?:\\.|[^"\\])*"|'(?:\\(?:u\{[^}]*\}|x..|.)|[^'\\\n])'""",
        re.DOTALL,
    ),
}
_COMMENT_EDGE = re.compile(r"/\*|\*/")


@functools.cache
def asset(name: str) -> bytes:
    """A file that stands beside this one."""
    return resources.files("synthetic1.sandbox.languages").joinpath(name).read_bytes()


def check_name(function: str, source: str) -> None:
    """Raises SignatureError for what is not a name in any of our languages, or does not occur in the source."""
    if re.fullmatch(r"[^\W\d]\w{0,199}", function) is None:
        raise SignatureError(f"{function!r:.60} is not the name of a function")
    if re.search(rf"\b{re.escape(function)}\b", source) is None:
        raise SignatureError(f"the program has no function `{function}`")


def code_only(source: str, language: str) -> str:
    """The source with comments and literals blanked, so that every offset stays what it was.

    Args:
        language: ``cpp`` or ``rust``.
    """
    pieces = []
    at = 0
    while (match := _NOT_CODE[language].search(source, at)) is not None:
        end = match.end()
        if language == "rust" and match.group() == "/*":
            depth = 1
            while depth and (edge := _COMMENT_EDGE.search(source, end)) is not None:
                depth += 1 if edge.group() == "/*" else -1
                end = edge.end()
            if depth:
                end = len(source)
        pieces.append(source[at : match.start()])
        pieces.append(re.sub(r"[^\n]", " ", source[match.start() : end]))
        at = end
    pieces.append(source[at:])
    return "".join(pieces)


def closing(code: str, at: int) -> int:
    """The offset of the bracket that closes the one at ``at``; the end of the code if none does."""
    depth = 0
    for match in re.compile(r"[()\[\]{}]").finditer(code, at):
        depth += 1 if match.group() in "([{" else -1
        if depth == 0:
            return match.start()
    return len(code)


def split_parameters(inside: str) -> list[str]:
    """What stands between the commas of a list of parameters, whose types may have brackets of any kind."""
    parts, depth, last = [], 0, 0
    for match in re.finditer(r"->|<<|[(\[{<>}\])]|,", inside):
        token = match.group()
        if token == "," and depth == 0:
            parts.append(inside[last : match.start()])
            last = match.end()
        elif token in "([{<":
            depth += 1
        elif token in ")]}>":
            depth -= 1
    parts.append(inside[last:])
    return [part.strip() for part in parts if part.strip()]


def top_level(code: str) -> str:
    """The code with everything inside braces blanked; offsets stay."""
    pieces = []
    depth = start = 0
    for match in re.finditer(r"[{}]", code):
        if match.group() == "{":
            if depth == 0:
                pieces.append(code[start : match.end()])
                start = match.end()
            depth += 1
        elif depth > 0:
            depth -= 1
            if depth == 0:
                pieces.append(re.sub(r"[^\n]", " ", code[start : match.start()]))
                start = match.start()
    rest = code[start:]
    pieces.append(re.sub(r"[^\n]", " ", rest) if depth else rest)
    return "".join(pieces)
