"""Calls of nth_balanced."""

from __future__ import annotations

import random


def calls() -> list[list[int]]:
    rng = random.Random(25)
    found = [[3, k] for k in range(6)]
    found += [
        [1, 0],
        [1, 1],
        [12, 208_011],
        [12, 208_012],
        [30, 0],
        [30, 3_814_986_502_092_303],
        [30, 3_814_986_502_092_304],
    ]
    found += [[30, 10**16], [2, 1]]
    found += [[n, rng.randint(0, 4**n // 60)] for n in (5, 15, 22, 29)]
    return found
