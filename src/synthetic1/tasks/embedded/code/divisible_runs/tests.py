"""Inputs of divisible_runs."""

from __future__ import annotations

import random


def written(k: int, numbers: list[int]) -> str:
    return f"{len(numbers)} {k}\n{' '.join(map(str, numbers))}\n"


def inputs() -> list[str]:
    rng = random.Random(15)
    found = [
        written(3, [1, 2, -4, 1, 3]),
        written(5, [5]),
        written(5, [4]),
        written(1, [7, -7, 0]),
        written(4, [-4, -8, 4]),
        written(7, [-1, -6, 3, 4, -7]),
        written(10**9, [10**9, -(10**9), 999_999_999, 1, -1]),
        written(2, [1] * 30),
        written(999_999_937, [10**9] * 60),
    ]
    for n, k, width in ((20, 3, 10), (100, 7, 50), (200, 1000, 10**9), (300, 2, 10**6)):
        found.append(written(k, [rng.randint(-width, width) for _ in range(n)]))
    return found
