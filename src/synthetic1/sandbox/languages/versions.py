"""Interpreters and compilers that are older than the image's, and what programs may use that they lack."""

from __future__ import annotations

import re

from synthetic1.sandbox.languages.language import Language

_VERSION = re.compile(r"(?:(?<=\) )|(?<![\d.]))\d+(?:\.\d+)+")


def older_than_image(language: Language, said: str) -> str:
    """In what a tool is older than the image's, by what it says of its version; ``""`` if it is not."""
    found = _VERSION.search(said)
    if not language.recommended or not found or _numbers(found[0]) >= _numbers(language.recommended):
        return ""
    return f"{language.name}: {found[0]} is older than {language.recommended}, what the image has"


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


_JAVASCRIPT = {
    "Array.prototype": ("at", "findLast", "findLastIndex", "toReversed", "toSorted", "toSpliced", "with"),
    "String.prototype": ("replaceAll", "isWellFormed", "toWellFormed"),
    "Set.prototype": (
        *("union", "intersection", "difference", "symmetricDifference"),
        *("isSubsetOf", "isSupersetOf", "isDisjointFrom"),
    ),
    "Iterator.prototype": ("take", "drop", "toArray"),  # not those that arrays have, too
    "Array": ("fromAsync",),
    "Object": ("groupBy", "hasOwn"),
    "Map": ("groupBy",),
    "Promise": ("any", "withResolvers"),
    "globalThis": ("structuredClone",),
}
"""What Node 22 has and one of the versions since 14 does not, by where it stands."""
FEATURES = tuple(f"{owner}.{name}" for owner, names in _JAVASCRIPT.items() for name in names)


def used_features(source: str, language: str) -> list[str]:
    """Those of ``FEATURES`` that a program's text calls, unless it defines something of that name itself."""
    if language != "javascript":
        return []
    return [feature for feature in FEATURES if _uses(source, *feature.rsplit(".", 1))]


def _uses(source: str, owner: str, name: str) -> bool:
    if owner == "globalThis":
        use, own = rf"(?<![.\w$]){name}\s*\(", rf"\b(?:function|const|let|var|class)\s+{name}\b"
    elif owner.endswith(".prototype"):
        use, own = rf"\.{name}\s*(?:\?\.)?\(", rf"(?<![.\w$#]){name}\s*[(=:]|\.{name}\s*=(?!=)"
    else:
        use, own = rf"\b{owner}\s*\.\s*{name}\s*\(", rf"\b{owner}\s*\.\s*{name}\s*=(?!=)"
    return re.search(use, source) is not None and re.search(own, source) is None
