"""Accepts every order that obeys the rules."""

from __future__ import annotations


def check(input: str, output: str, expected: str) -> bool | str:
    words = output.split()
    if expected.split() == ["impossible"] or words == ["impossible"]:
        return words == expected.split() or "wrong about whether there is an order"
    n, m, *rules = map(int, input.split())
    position = {word: index for index, word in enumerate(words)}
    if len(words) != n or any(str(piece) not in position for piece in range(1, n + 1)):
        return f"not each of the {n} pieces exactly once"
    for a, b in zip(rules[0 : 2 * m : 2], rules[1 : 2 * m : 2], strict=True):
        if position[str(a)] >= position[str(b)]:
            return f"{a} does not come before {b}"
    return True
