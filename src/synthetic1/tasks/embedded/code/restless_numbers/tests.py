"""Inputs of restless_numbers."""

from __future__ import annotations

import random


def inputs() -> list[str]:
    rng = random.Random(29)
    found = [
        (10, 30, 3),
        (1, 1, 1),
        (1, 9, 5),
        (11, 11, 1),
        (100, 110, 1),
        (1, 1000, 1),
        (1221, 1223, 2),
        (99_980, 100_025, 4),
        (1, 10**18, 1),
        (1, 10**18, 97),
        (10**18, 10**18, 1),
        (123_456_789_012_345_671, 987_654_321_098_765_432, 9),
        (987_654_321_098_765_401, 987_654_321_098_765_499, 1),
        (123_456_789_012_345_603, 123_456_789_012_345_987, 3),
    ]
    for size in (10**4, 10**9, 10**15, 10**18):
        a, b = sorted((rng.randint(1, size), rng.randint(1, size)))
        found.append((a, b, rng.randint(2, 30)))
    return [f"{a} {b} {m}\n" for a, b, m in found]
