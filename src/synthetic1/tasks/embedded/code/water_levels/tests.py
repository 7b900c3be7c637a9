"""Inputs of water_levels."""

from __future__ import annotations

import random


def written(n: int, reports: list[tuple[int, ...]]) -> str:
    return "\n".join([f"{n} {len(reports)}", *(" ".join(map(str, report)) for report in reports)]) + "\n"


def reported(rng: random.Random, n: int, q: int, width: int) -> list[tuple[int, ...]]:
    reports: list[tuple[int, ...]] = []
    for i in range(q):
        first, last = sorted((rng.randint(1, n), rng.randint(1, n)))
        change = (1, first, last, rng.randint(-width, width))
        reports.append(change if i % 3 < 2 and i + 1 < q else (2, first, last))
    return reports


def inputs() -> list[str]:
    rng = random.Random(28)
    big = 10**9
    found = [
        written(6, [(1, 2, 5, 4), (1, 4, 6, -7), (2, 1, 6), (2, 4, 5), (2, 6, 6)]),
        written(1, [(2, 1, 1), (1, 1, 1, -5), (2, 1, 1)]),
        written(3, [(1, 1, 3, -1), (2, 1, 3), (2, 2, 3)]),
        written(2, [(1, 1, 1, big), (1, 1, 2, big), (1, 1, 1, big), (2, 1, 2), (2, 2, 2)]),
        written(8, [(1, 1, 8, 5), (1, 1, 4, 2), (1, 3, 3, -9), (2, 3, 3), (2, 3, 4), (2, 5, 8)]),
        written(10**6, [(2, 1, 10**6), (1, 10**6, 10**6, 3), (2, 1, 10**6), (2, 1, 10**6 - 1)]),
    ]
    for n, q, width in ((5, 20, 9), (13, 60, 100), (1000, 100, big), (99_999, 60, big)):
        found.append(written(n, reported(rng, n, q, width)))
    n = 10**6
    long = [(1, rng.randint(1, 1000), n - rng.randint(0, 1000), rng.randint(-big, big)) for _ in range(220)]
    found.append(written(n, [*long, (2, 1, n), (2, 500, 2000)]))
    return found
