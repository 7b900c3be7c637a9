"""Text with brackets in it: where they close, and how to cut outside them."""

from __future__ import annotations

import re

OPENING, CLOSING = "([{", ")]}"


def split(text: str, separator: str) -> list[str]:
    """``text`` cut at every match of ``separator`` outside all brackets; brackets need not pair, as in ``]0, 1[``."""
    parts, depth, start, at = [], 0, 0, 0
    pattern = re.compile(separator)
    while at < len(text):
        char = text[at]
        if depth == 0 and (match := pattern.match(text, at)) and match.end() > at:
            parts.append(text[start:at])
            start = at = match.end()
            continue
        if char == "\\":
            if text.startswith("\\begin", at):
                depth += 1
            elif text.startswith("\\end", at):
                depth -= 1
            elif text.startswith("\\langle", at):
                depth += 1
            elif text.startswith("\\rangle", at):
                depth -= 1
            elif text[at + 1 : at + 2] in ("{", "}"):
                depth += 1 if text[at + 1] == "{" else -1
                at += 1
            at += 1
            continue
        if char in "({":
            depth += 1
        elif char in ")}":
            depth -= 1
        elif char == "[":
            depth += 1 if _opens(text, at) else -1
        elif char == "]":
            depth += 1 if depth == 0 else -1
        at += 1
    parts.append(text[start:])
    return [part.strip() for part in parts]


def _opens(text: str, at: int) -> bool:
    """Whether ``[`` opens: it does, but at the end of ``]a, b[``."""
    rest = text[at + 1 :].lstrip()
    return not (rest == "" or rest.startswith("\\cup"))


def brackets_pair(text: str) -> bool:
    """Whether round and curly brackets pair inside ``text``, so that what was around it belonged together."""
    depth = 0
    for char in text.replace("\\{", "{").replace("\\}", "}"):
        depth += (char in "({") - (char in ")}")
        if depth < 0:
            return False
    return depth == 0


def closing(text: str, start: int) -> int:
    """Where the bracket at ``start`` closes; -1 if it does not."""
    depth = 0
    for index in range(start, len(text)):
        if text[index] in OPENING:
            depth += 1
        elif text[index] in CLOSING:
            depth -= 1
            if depth == 0:
                return index
    return -1
