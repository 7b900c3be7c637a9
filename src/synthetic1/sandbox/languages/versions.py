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
