"""Functions as models write them, sound and unfit, by what becomes of them: ``planted_functions.txt``."""

from __future__ import annotations

from pathlib import Path

FILE = Path(__file__).with_suffix(".txt")


def functions(kind: str) -> dict[str, list[str]]:
    """Reason → sources. A block begins with ``=== KIND REASON``; kinds are ``seen`` (without running), ``run`` and
    ``sound``, whose reason is ``kept``."""
    found: dict[str, list[str]] = {}
    for block in FILE.read_text(encoding="utf-8").split("=== ")[1:]:
        head, _, source = block.partition("\n")
        its, _, reason = head.partition(" ")
        if its == kind:
            found.setdefault(reason, []).append(source.removesuffix("\n"))
    return found
