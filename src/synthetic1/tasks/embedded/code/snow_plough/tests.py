"""Inputs of snow_plough."""

from __future__ import annotations

import random
from itertools import pairwise

Roads = list[tuple[int, int]]


def written(n: int, roads: Roads) -> str:
    return "\n".join([f"{n} {len(roads)}", *(f"{a} {b}" for a, b in roads)]) + "\n"


def walked(rng: random.Random, n: int, m: int, closed: bool) -> Roads:
    crossings = [rng.randint(1, n)]
    while len(crossings) < m + 1:
        crossings.append(rng.choice([c for c in range(1, n + 1) if c != crossings[-1]]))
    if closed and crossings[0] != crossings[-1]:
        crossings.append(crossings[0])
    roads = [tuple(rng.sample(pair, 2)) for pair in pairwise(crossings)]
    rng.shuffle(roads)
    return [(a, b) for a, b in roads]


def inputs() -> list[str]:
    rng = random.Random(27)
    found = [
        written(4, [(1, 2), (2, 3), (3, 1), (3, 4), (3, 4)]),
        written(4, [(1, 2), (2, 3), (3, 1), (3, 4)]),
        written(2, [(2, 1)]),
        written(5, [(4, 5), (4, 5), (5, 4)]),
        written(6, [(1, 2), (2, 3), (3, 1), (4, 5), (5, 6), (6, 4)]),
        written(4, [(1, 2), (1, 3), (1, 4)]),
        written(4, [(1, 2), (3, 4)]),
        written(7, [(4, 1), (1, 2), (2, 4), (4, 3), (3, 5), (5, 4), (4, 6), (6, 7), (7, 4)]),
        written(5, [(3, 2), (2, 4), (4, 3), (3, 5), (5, 1)]),
        written(4, [(1, 2), (2, 3), (3, 1), (3, 4), (3, 4), (1, 4), (2, 4)]),
    ]
    for n, m, closed in ((6, 12, True), (10, 30, False), (40, 120, True), (60, 200, False)):
        found.append(written(n, walked(rng, n, m, closed)))
    return found
