"""Inputs of failing_bridges."""

from __future__ import annotations

import random


def written(n: int, bridges: list[tuple[int, int]], breaks: list[int]) -> str:
    lines = [f"{n} {len(bridges)} {len(breaks)}", *(f"{a} {b}" for a, b in bridges), " ".join(map(str, breaks))]
    return "\n".join(lines) + "\n"


def inputs() -> list[str]:
    rng = random.Random(19)
    found = [
        written(4, [(1, 2), (2, 3), (3, 1), (3, 4)], [2, 4]),
        written(1, [], []),
        written(5, [], []),
        written(1, [(1, 1)], [1]),
        written(3, [(1, 2), (2, 1), (2, 3)], [1, 3, 2]),
        written(4, [(1, 2), (3, 4)], []),
        written(6, [(1, 2), (2, 3), (4, 5)], [1, 3, 2]),
        written(9, [(i, i + 1) for i in range(1, 9)], [4, 2, 6, 1, 3, 5, 7, 8]),
    ]
    for n, m, q in ((10, 15, 15), (60, 80, 30), (100, 90, 60), (200, 260, 120)):
        bridges = [(rng.randint(1, n), rng.randint(1, n)) for _ in range(m)]
        found.append(written(n, bridges, rng.sample(range(1, m + 1), q)))
    return found
