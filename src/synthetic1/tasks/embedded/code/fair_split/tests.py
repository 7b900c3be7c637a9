"""Inputs of fair_split."""

from __future__ import annotations

import random


def written(prices: list[int]) -> str:
    return f"{len(prices)}\n{' '.join(map(str, prices))}\n"


def inputs() -> list[str]:
    rng = random.Random(26)
    found = [
        [8, 5, 6, 4],
        [7],
        [3, 3],
        [1, 2],
        [8, 7, 6, 5, 4],
        [1000, 1, 1, 1],
        [3, 3, 2, 2, 2],
        [5, 5, 5, 5, 5],
        [999] * 7 + [1000] * 7,
        [2 * rng.randint(1, 500) for _ in range(40)],
    ]
    for n, price in ((9, 60), (12, 1000), (30, 1000), (100, 1000)):
        found.append([rng.randint(1, price) for _ in range(n)])
    return [written(prices) for prices in found]
