"""Calls of lonely_numbers."""

from __future__ import annotations

import random


def calls() -> list[list[list[int]]]:
    rng = random.Random(21)
    found = [
        [7, 3, 7, 9],
        [5, 0],
        [4294967296, 1, 2, 1, 2, 0],
        [1, 2],
        [2**50, 2**50 - 1],
        [6, 6, 4, 12],
        [2**40 + 2**33, 17, 2**40, 17],
    ]
    for pairs, width in ((3, 10), (10, 100), (60, 2**31), (120, 2**50)):
        numbers = rng.sample(range(width), pairs + 2)
        log = numbers + numbers[2:]
        rng.shuffle(log)
        found.append(log)
    return [[log] for log in found]
