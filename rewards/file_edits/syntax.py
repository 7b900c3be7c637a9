"""What a source file says to its machine: whether it parses, and whether two texts differ in more than comments."""

from __future__ import annotations

import hashlib
import json
import re
import sys
import warnings
from collections.abc import Hashable
from functools import lru_cache
from typing import Any

from synthetic1.rewards.file_edits.languages import SourceLanguage

_PAIRS = {")": "(", "]": "[", "}": "{"}
_BRACKETS = re.compile(r"[()\[\]{}]")
# Each branch of the preprocessor's may open a bracket, and so may a macro
_BRANCHES = re.compile(r"^[ \t]*#[ \t]*(?:if|define\b[^\n]*[{}])", re.MULTILINE)


MAX_OPEN = 200  # brackets of YAML at once: its parser's time grows with them
# Words of Pythons that may be newer than ours: `type X = …`, `def f[T]`, `except A, B:`, t"…", a lazy import
_NEWER_PYTHON = re.compile(
    r"^[ \t]*(?:type[ \t]+\w+|(?:async[ \t]+)?(?:def|class)[ \t]+\w+[ \t]*\[|except\b\*?[ \t]*[\w.]+[ \t]*,"
    r"|lazy[ \t]+(?:import|from)\b)"
    r"|(?<![\w'\"])(?:[tT][rR]?|[rR][tT])['\"]",
    re.MULTILINE,
)
_OPEN_FIELD = re.compile(r"""(?<!\w)(?:[fF][rR]?|[rR][fF])['"][^\n]{0,300}?\{""")
_TEMPLATE = re.compile(r"\{\{|\{%|<%")
_DOTTED = re.compile(r"(?:[\w-]{1,50}[ \t]*\.[ \t]*){50}")


class Malformed(ValueError):
    """A text that is not of its language. The message is one line."""


def parse_error(text: str, language: SourceLanguage) -> str | None:
    """Why ``text`` is not of its language; None if it may be, which is all that is known of most languages.

    Python, JSON, YAML and TOML are parsed; a text in the words of a Python newer than ours may be Python. Of Go, Java,
    Rust, C and C++ brackets must pair. What a template makes of YAML, JSON or TOML is not known.
    """
    if language.name in ("yaml", "json", "toml") and _TEMPLATE.search(text):
        return None
    try:
        meaning(text, language)
        if language.brackets and not _BRANCHES.search(text):
            _pair_brackets(text, language)
    except Malformed as error:
        return None if language.name == "python" and _may_be_newer(text, str(error)) else str(error)
    return None


def _may_be_newer(text: str, error: str) -> bool:
    """Whether a newer Python than ours may read what ours does not."""
    if sys.version_info < (3, 12):  # until then, quotes, comments, backslashes and line ends could not stand in braces
        number = re.match(r"line (\d+):", error)
        line = text.split("\n")[int(number[1]) - 1 :][:1] if number else []
        if "f-string" in error or any(_OPEN_FIELD.search(one) for one in line):
            return True
    return _NEWER_PYTHON.search(text) is not None


def differ_in_substance(one: str, other: str, language: SourceLanguage) -> bool | None:
    """Whether two texts differ in more than comments, docstrings and layout; None if that cannot be told."""
    try:
        first, second = meaning(one, language), meaning(other, language)
    except Malformed:
        return None
    return None if first is None or second is None else first != second


def says_nothing(text: str, language: SourceLanguage) -> bool:
    """Whether there is nothing in ``text`` but comments, docstrings and layout."""
    return differ_in_substance(text, "", language) is False


def meaning(text: str, language: SourceLanguage) -> Hashable | None:
    """A value that is the same for texts that say the same to a machine; None if comments are not known.

    Raises:
        Malformed: ``text`` does not parse, in the languages that are parsed here.
    """
    try:
        match language.name:
            case "python":
                return _python(text)
            case "json":
                return json.dumps(json.loads(text))  # in the order of the file
            case "toml":
                return _toml(text)
            case "yaml":
                return _yaml(text)
    except RecursionError:
        raise Malformed("it is nested too deeply") from None
    except (ValueError, MemoryError) as error:
        raise Malformed(f"{type(error).__name__}: {error}"[:200]) from None
    except SyntaxError as error:
        raise Malformed(f"line {error.lineno}: {error.msg}") from None
    return _words(text, language) if language.tells_comments(text) else None


def _toml(text: str) -> str:
    import tomllib

    if _DOTTED.search(text):
        raise Malformed("a key has too many parts")
    return repr(tomllib.loads(text))


@lru_cache(64)  # of a task's two files, above all, which every completion is compared with
def _python(text: str) -> str:
    import ast

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of "\d" in a candidate, say: nobody who reads our output wrote it
        tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and _documented(node):
            node.body = node.body[1:] or ([] if isinstance(node, ast.Module) else [ast.Pass()])
    return hashlib.blake2b(ast.dump(tree).encode("utf-8", "surrogatepass")).hexdigest()


def _documented(node: Any) -> bool:
    import ast

    first = node.body[0] if node.body else None
    return isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)


def _yaml(text: str) -> tuple[tuple[object, ...], ...]:
    """The events of a parser: nothing is built, so neither tags nor anchors can do harm."""
    import yaml

    opened = deepest = 0
    for bracket in _BRACKETS.findall(text):
        opened = opened + 1 if bracket in "[{" else max(0, opened - (bracket in "]}"))
        deepest = max(deepest, opened)
    if deepest > MAX_OPEN:
        raise Malformed("it is nested too deeply")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return tuple(
            (type(event).__name__, *(getattr(event, name, None) for name in ("value", "tag", "anchor", "implicit")))
            for event in yaml.parse(text, Loader=loader)
        )
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        raise Malformed(f"{where}{getattr(error, 'problem', None) or 'not YAML'}") from None


def _words(text: str, language: SourceLanguage) -> tuple[str, ...]:
    """Code and strings, without comments and without layout that means nothing."""
    if not language.free_layout:
        lines = language.without_comments(text).split("\n")
        return tuple(line.rstrip() for line in lines if line.strip())
    words: list[str] = []
    for kind, piece in language.pieces(text):
        if kind == "string":
            words.append(piece)
        elif kind == "code":
            words += re.findall(r"\w+|[^\w\s]", piece)
    return tuple(words)


def _pair_brackets(text: str, language: SourceLanguage) -> None:
    if not language.tells_comments(text):
        return
    expected: list[tuple[str, int]] = []
    line = 1
    for kind, piece in language.pieces(text):
        if kind == "code":
            for found in _BRACKETS.finditer(piece):
                at = line + piece.count("\n", 0, found.start())
                if found[0] not in _PAIRS:
                    expected.append((found[0], at))
                elif not expected or expected.pop()[0] != _PAIRS[found[0]]:
                    raise Malformed(f"line {at}: `{found[0]}` closes nothing")
        line += piece.count("\n")
    if expected:
        raise Malformed(f"line {expected[-1][1]}: `{expected[-1][0]}` is not closed")
