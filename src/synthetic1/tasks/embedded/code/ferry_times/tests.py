"""Inputs of ferry_times."""

from __future__ import annotations

import random

Line = tuple[int, int, int, int]


def written(n: int, start: int, lines: list[Line]) -> str:
    return "\n".join([f"{n} {len(lines)} {start}", *(" ".join(map(str, line)) for line in lines)]) + "\n"


def inputs() -> list[str]:
    rng = random.Random(18)
    big = 10**9
    found = [
        written(3, 5, [(1, 2, 4, 3), (2, 3, 10, 1), (1, 3, 50, 2)]),
        written(1, 17, []),
        written(1, 17, [(1, 1, 1, 1)]),
        written(2, 0, []),
        written(2, 0, [(2, 1, 1, 1)]),
        written(2, 6, [(1, 2, 3, 4)]),
        written(2, 7, [(1, 2, 3, 4), (1, 2, 8, 1), (1, 1, 7, 1)]),
        written(6, big, [(i, i + 1, big - i, big) for i in range(1, 6)]),
        written(4, 0, [(1, 2, 1, 10), (1, 3, 1, 1), (3, 2, 1, 1), (2, 4, 1, 1)]),
    ]
    for n, m, period, duration in ((8, 20, 9, 9), (40, 80, 30, 20), (60, 200, 1000, 100), (100, 200, big, big)):
        lines = [
            (rng.randint(1, n), rng.randint(1, n), rng.randint(1, period), rng.randint(1, duration)) for _ in range(m)
        ]
        found.append(written(n, rng.randint(0, 50), lines))
    n = 150
    path = [(i, i + 1, rng.randint(1, 60), rng.randint(1, 60)) for i in range(1, n)]
    jumps = [(i, min(n, i + rng.randint(2, 9)), rng.randint(1, 300), rng.randint(50, 300)) for i in range(1, n, 2)]
    found.append(written(n, 3, path + jumps))
    return found
