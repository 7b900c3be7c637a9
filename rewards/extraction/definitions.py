"""What a program defines, and what it calls without defining it; by its text alone, as nothing is run here."""

from __future__ import annotations

import builtins
import re

_PARENTHESES = r"\((?:[^()]|\([^()]*+\))*+\)"
_NOT_ITSELF = r"(?!\s*(?:new\s+)?[\w$.()]*\.NAME\b)"  # f = solution.f defines nothing
# NAME stands for the name. In Python and JavaScript methods count wherever they are, those of Solution above all
_FUNCTIONS = {
    "python": rf"\b(?:def|class)[ \t]+NAME\b|^NAME[ \t]*(?::[^=\n]*+)?=(?!=){_NOT_ITSELF}",
    "javascript": r"\b(?:function\b[ \t]*+\*?|class\b)[ \t]*NAME\b"
    rf"|(?<![\w$])NAME\s*+=(?![=>]){_NOT_ITSELF}(?!\s*(?:await\s+)?(?:require|import)\b)"
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
# A name, and whether it is called: it is defined behind such a word, or before parameters and a brace
_NAME = re.compile(
    r"(?P<binder>\b(?:def|class|function)[ \t]+)?(?<![\w$])(?P<name>[^\W\d][\w$]*+)"
    rf"(?P<call>[ \t]*+(?=\()(?!{_PARENTHESES}\s*+\{{))?"
)
_ATTRIBUTE = re.compile(r"\.[ \t]*[\w$]+")
# With these a program can get names that it does not mention
_SUPPLIES = {
    "python": re.compile(r"\bimport[ \t]*\*|\b(?:exec|eval|globals|locals|vars|setattr|__import__)\b"),
    "javascript": re.compile(r"\b(?:eval|globalThis|global|with)\b"),
}
# Words of which every program has one that reads its input and prints something
_PRINTS = {
    "python": r"\b(?:p?print|write|writelines|stdout|system|popen|Popen|run|call|exec|eval|import_module)\b",
    "javascript": r"\b(?:console|process|print|write|writeSync|stdout|require|import|eval|Function)\b",
    "cpp": r"\bmain\b",
    "rust": r"\bfn\s+main\b",
}
# A sentence, a session of an interpreter, a command for a shell: what begins like that is not a program
_NOT_CODE = re.compile(
    r"\s*+(?:[A-Z][a-z]+(?:[ \t]+[A-Za-z][a-z]*){3}\b|>>> "
    r"|(?:[$%>][ \t]*)?(?:python3?|node|g\+\+|rustc|cargo|pip3?|npm|\./\w+)[ \t]+[\w./<-])"
)
_GLOBALS_OF_NODE = """
    Array BigInt Boolean Date Error Function Map Number Object Promise Proxy RegExp Set String Symbol clearInterval
    clearTimeout fetch isFinite isNaN parseFloat parseInt queueMicrotask require setImmediate setInterval setTimeout
    structuredClone
"""
_BUILT_IN = {"python": frozenset(dir(builtins)), "javascript": frozenset(_GLOBALS_OF_NODE.split())}


def is_code(code: str) -> bool:
    """Whether there is anything in a text that a program could consist of: not white space, numbers or prose alone."""
    return re.search(r"[^\W\d]", code) is not None and _NOT_CODE.match(code) is None


def can_print(code: str, language: str) -> bool:
    """Whether a program could be one that is run by itself and prints something; if that is known here."""
    return re.search(_PRINTS.get(language, ""), code) is not None


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
        (called if found["call"] is not None and not found["binder"] else bound).add(found["name"])
    return called - bound - _BUILT_IN[language]
