"""Inputs of full_rucksack."""

from __future__ import annotations

import random


def written(capacity: int, kinds: list[tuple[int, int, int]]) -> str:
    return "\n".join([f"{len(kinds)} {capacity}", *(" ".join(map(str, kind)) for kind in kinds)]) + "\n"


def inputs() -> list[str]:
    rng = random.Random(20)
    found = [
        written(10, [(6, 30, 1), (5, 24, 1), (3, 13, 2)]),
        written(0, [(1, 5, 5)]),
        written(5, [(6, 100, 1)]),
        written(9, [(3, 7, 0), (4, 5, 1)]),
        written(7, [(1, 3, 5)]),
        written(100, [(50, 60, 2), (51, 100, 1), (49, 2, 9)]),
        written(5000, [(1, 10**9, 5000)]),
        written(4, [(2, 0, 3)]),
    ]
    for n, capacity, heavy, stock in ((4, 30, 9, 3), (10, 200, 40, 5), (25, 1000, 90, 9), (60, 3000, 700, 12)):
        found.append(
            written(capacity, [(rng.randint(1, heavy), rng.randint(0, 10**6), rng.randint(0, stock)) for _ in range(n)])
        )
    found.append(written(5000, [(rng.randint(1, 3), rng.randint(0, 10**9), rng.randint(900, 5000)) for _ in range(40)]))
    return found
