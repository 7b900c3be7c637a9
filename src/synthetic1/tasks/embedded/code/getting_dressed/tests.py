"""Inputs of getting_dressed."""

from __future__ import annotations

import random

Rules = list[tuple[int, int]]


def written(n: int, rules: Rules) -> str:
    return "\n".join([f"{n} {len(rules)}", *(f"{a} {b}" for a, b in rules)]) + "\n"


def obeyable(rng: random.Random, n: int, m: int) -> Rules:
    order = rng.sample(range(1, n + 1), n)
    pairs = [sorted(rng.sample(range(n), 2)) for _ in range(m)]
    return [(order[i], order[j]) for i, j in pairs]


def inputs() -> list[str]:
    rng = random.Random(24)
    found = [
        written(4, [(3, 1), (1, 4), (2, 4)]),
        written(4, [(3, 1), (1, 4), (2, 4), (4, 3)]),
        written(1, []),
        written(1, [(1, 1)]),
        written(6, []),
        written(3, [(2, 1), (2, 1), (1, 3), (2, 1)]),
        written(5, [(1, 2), (3, 4), (4, 5), (5, 3)]),
        written(7, [(i + 1, i) for i in range(1, 7)]),
        written(4, [(1, 2), (1, 3), (2, 3), (3, 4), (2, 2)]),
    ]
    for n, m in ((10, 15), (50, 100), (120, 160)):
        found.append(written(n, obeyable(rng, n, m)))
    rules = obeyable(rng, 60, 120)
    found.append(written(60, [*rules, rules[7][::-1]]))
    return found
