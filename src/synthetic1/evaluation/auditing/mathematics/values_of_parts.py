"""The values inside an answer: what stands between its commas, signs and outer brackets."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from synthetic1.evaluation.auditing.notation.tex import CLOSING, OPENING, is_formula, tokens, top_level

_SEPARATORS = frozenset(
    {",", ";", "=", "<", ">", r"\le", r"\ge", r"\leq", r"\geq", r"\ne", r"\neq", r"\cup", r"\in", r"\pm", r"\approx"}
)


def pieces_of(text: str) -> list[tuple[bool, str]]:
    """``text`` in pieces, and whether each is a value: ``(1, x+2]`` has the values ``1`` and ``x+2``."""
    parts = tokens(text)
    pieces: list[tuple[bool, str]] = []
    begin = 0
    for place in [*top_level(parts, _SEPARATORS), len(parts)]:
        pieces += _value(parts[begin:place])
        if place < len(parts):
            pieces.append((False, parts[place]))
        begin = place + 1
    return pieces


def _value(parts: list[str]) -> list[tuple[bool, str]]:
    """A value with the white space around it, or a bracket with several values."""
    text = "".join(parts)
    stripped = text.strip()
    if not stripped:
        return [(False, text)]
    before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    inner = tokens(stripped)
    start = 1 + (inner[0] == r"\left")
    end = len(inner) - 1
    end -= inner[end - 1] == r"\right" if end else 0
    if start <= end and inner[start - 1] in OPENING and inner[-1] in CLOSING and inner[start - 1] != "{":
        content = inner[start:end]
        if top_level(content, {","}) or inner[start - 1] == r"\{":
            opening, closing = "".join(inner[:start]), "".join(inner[end:])
            return [(False, before + opening), *pieces_of("".join(content)), (False, closing + after)]
    return [(False, before), (True, stripped), (False, after)]


def change_a_value(text: str, rng: random.Random, change: Callable[[str], str]) -> Iterator[str]:
    """``text`` with one of its values changed; of an equation or inequality, one after its first sign.

    Nothing where ``change`` gives no other value.
    """
    if not is_formula(text):
        return
    pieces = pieces_of(text)
    first_sign = next((at for at, (_, piece) in enumerate(pieces) if piece in _SEPARATORS - {",", ";"}), -1)
    places = [at for at, (is_value, _) in enumerate(pieces) if is_value and at > first_sign]
    rng.shuffle(places)
    for place in places:
        changed = change(pieces[place][1])
        if changed and changed != pieces[place][1]:
            yield "".join(changed if at == place else piece for at, (_, piece) in enumerate(pieces))
            return
