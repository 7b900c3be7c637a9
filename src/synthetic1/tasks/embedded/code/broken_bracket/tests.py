"""Inputs of broken_bracket."""

from __future__ import annotations

import random


def balanced(rng: random.Random, pairs: int) -> str:
    text = ""
    while text.count("x") < pairs:
        pair = rng.choice(["(x)", "[x]", "{x}"])
        at = rng.randint(0, len(text))
        text = text[:at] + pair[:2] + rng.choice(["", " ", "+"]) + pair[2] + text[at:]
    return text


def inputs() -> list[str]:
    rng = random.Random(16)
    lines = [
        "f(a[1], {b})",
        "f(a[1)]",
        "x) + (y",
        "{[] ( [x]",
        "",
        "   ",
        "  (",
        "]",
        "[[[",
        "([)]",
        "no brackets at all <>",
    ]
    for pairs in (5, 60, 400):
        whole = balanced(rng, pairs)
        at = rng.randrange(len(whole))
        lines += [whole, whole[:at] + rng.choice(")]}([{") + whole[at + 1 :]]
    return [line + "\n" for line in lines]
