"""What a program defines, and what it calls without defining it; by its text alone, as nothing is run here."""

from __future__ import annotations

import builtins
import re

_PARENTHESES = r"\((?:[^()]|\([^()]*+\))*+\)"
# NAME stands for the name. In Python and JavaScript methods count wherever they are, those of Solution above all
_FUNCTIONS = {
    "python": r"\b(?:def|class)[ \t]+NAME\b|^NAME[ \t]*(?::[^=\n]*+)?=(?!=)",
    "javascript": r"\b(?:function\b[ \t]*+\*?|class\b)[ \t]*NAME\b"
    r"|(?<![\w$])NAME\s*+=(?![=>])(?!\s*(?:await\s+)?(?:require|import)\b)"
    rf"|(?<![\w$.])NAME\s*+{_PARENTHESES}\s*+\{{"
    r"|(?<![\w$])NAME\s*+:\s*+(?:async\b|function\b|\(|\w+\s*+=>)"
    r"|\bmodule\.exports\s*+=\s*+(?:async\b|function\b|\(|\w+\s*+=>)",
    "cpp": rf"\bNAME\s*+{_PARENTHESES}\s*+(?:(?:const|noexcept|override|final|&)\s*+)*+(?:->[^;{{}}()=]*+)?\{{"
    r"|\bauto\s+NAME\s*+=\s*+\[",
    "rust": r"\bfn\s+NAME\b",
}
_MENTIONED = r"\bNAME\b"  # all that can be said of other languages
_TOP_LEVEL = {
    "python": re.compile(r"^(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)", re.MULTILINE),
    "javascript": re.compile(
        r"^(?:export[ \t]+)?(?:(?:async[ \t]+)?function\b[ \t]*\*?[ \t]*|class[ \t]+)([\w$]+)"
        r"|^(?:const|let|var)[ \t]+([\w$]+)[ \t]*=[ \t]*(?:async\b|function\b|\(|\w+[ \t]*=>)",
        re.MULTILINE,
    ),
}
_NAME = re.compile(r"(?P<binder>\b(?:def|class|function)[ \t]+)?(?<![\w$])(?P<name>[^\W\d][\w$]*+)(?P<call>[ \t]*\()?")
_ATTRIBUTE = re.compile(r"\.[ \t]*[\w$]+")
# With these a program can get names that it does not mention
_SUPPLIES = {
    "python": re.compile(r"\bimport[ \t]*\*|\b(?:exec|eval|globals|locals|vars|setattr|__import__)\b"),
    "javascript": re.compile(r"\b(?:eval|globalThis|global|with)\b"),
}
_GLOBALS_OF_NODE = """
    Array BigInt Boolean Date Error Function Map Number Object Promise Proxy RegExp Set String Symbol clearInterval
    clearTimeout fetch isFinite isNaN parseFloat parseInt queueMicrotask require setImmediate setInterval setTimeout
    structuredClone
"""
_BUILT_IN = {"python": frozenset(dir(builtins)), "javascript": frozenset(_GLOBALS_OF_NODE.split())}


def defines(code: str, language: str, name: str) -> bool:
    """Whether a program defines a function of that name, a method or anything that can be called like one.

    Args:
        code: its text with strings and comments blanked.
    """
    return (
        re.search(_FUNCTIONS.get(language, _MENTIONED).replace("NAME", re.escape(name)), code, re.MULTILINE) is not None
    )


def top_level_names(code: str, language: str) -> set[str]:
    """The functions and classes that a program defines at its top level; none where that is not known here."""
    pattern = _TOP_LEVEL.get(language)
    return {found[found.lastindex or 0] for found in pattern.finditer(code)} if pattern else set()


def needed_names(code: str, language: str) -> set[str]:
    """The names that a program can only fail without: it calls them, never mentions them otherwise, and nothing that
    it does could supply them. None where that is not known here."""
    if language not in _TOP_LEVEL or _SUPPLIES[language].search(code):
        return set()
    called: set[str] = set()
    bound: set[str] = set()
    for found in _NAME.finditer(_ATTRIBUTE.sub(" ", code)):
        (called if found["call"] and not found["binder"] else bound).add(found["name"])
    return called - bound - _BUILT_IN[language]
