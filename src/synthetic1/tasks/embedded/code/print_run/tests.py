"""Inputs of print_run."""

from __future__ import annotations

import random


def written(k: int, machines: list[tuple[int, int]]) -> str:
    return "\n".join([f"{len(machines)} {k}", *(f"{warm_up} {each}" for warm_up, each in machines)]) + "\n"


def inputs() -> list[str]:
    rng = random.Random(23)
    big = 10**9
    found = [
        written(4, [(0, 5), (7, 2)]),
        written(1, [(0, 1)]),
        written(1, [(100, 3), (5, 99)]),
        written(5, [(4, 3)]),
        written(7, [(0, 1)] * 10),
        written(3, [(1000, 1), (0, 400)]),
        written(big, [(big, big)]),
        written(big, [(big, big - 63), (big - 1, big - 57)]),
        written(big, [(0, 1)] * 13),
        written(10, [(big, 1), (0, 3)]),
        written(10, [(big, 1), (0, 3), (0, 3)]),
    ]
    for n, k, warm_up, each in (
        (5, 50, 20, 9),
        (30, 10**6, 10**6, 100),
        (100, big, big, big),
        (250, 12345, 500, 10**6),
    ):
        found.append(written(k, [(rng.randint(0, warm_up), rng.randint(1, each)) for _ in range(n)]))
    return found
