"""Calls of close_pairs."""

from __future__ import annotations

import random


def calls() -> list[list[object]]:
    rng = random.Random(13)
    found: list[list[object]] = [
        [[10, 1, 4], 3],
        [[5, 5, 5, 6], 0],
        [[], 7],
        [[42], 0],
        [[-3, -1, 2, -10], 4],
        [[2_000_000_000, -2_000_000_000], 3_999_999_999],
        [[2_000_000_000, -2_000_000_000], 4_000_000_000],
        [[9, 10, 100, 11, 99, 8], 2],
        [[0] * 40, 0],
    ]
    for n, width, d in ((30, 100, 7), (100, 10**9, 10**8), (400, 2 * 10**9, 10**9), (300, 20, 3)):
        found.append([[rng.randint(-width, width) for _ in range(n)], d])
    return found
