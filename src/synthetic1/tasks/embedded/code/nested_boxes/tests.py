"""Calls of nested_boxes."""

from __future__ import annotations

import random


def calls() -> list[list[list[list[int]]]]:
    rng = random.Random(22)
    found = [
        [[5, 4], [6, 7], [3, 2], [6, 4]],
        [[1, 9], [8, 2], [9, 3]],
        [],
        [[7, 7]],
        [[3, 3], [3, 3], [3, 4], [3, 5]],
        [[1, 5], [2, 5], [3, 5], [4, 5]],
        [[4, 1], [2, 5], [6, 3], [4, 7]],
        [[10**9, 10**9], [10**9 - 1, 1], [2, 10**9]],
        [[1, 100], [2, 3], [3, 4], [4, 5], [101, 5]],
    ]
    for n, side in ((15, 9), (60, 40), (150, 10**9), (200, 30)):
        found.append([[rng.randint(1, side), rng.randint(1, side)] for _ in range(n)])
    return [[boxes] for boxes in found]
