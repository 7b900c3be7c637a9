"""Inputs of market_bill."""

from __future__ import annotations

import random


def written(voucher: int, goods: list[tuple[int, int]]) -> str:
    lines = [f"{len(goods)} {voucher}", *(f"{pieces} {price}" for pieces, price in goods)]
    return "\n".join(lines) + "\n"


def inputs() -> list[str]:
    rng = random.Random(11)
    found = [
        written(1000, [(3, 120), (1, 250)]),
        written(600, [(3, 120), (1, 250)]),
        written(0, []),
        written(7, []),
        written(610, [(3, 120), (1, 250)]),
        written(0, [(0, 5), (5, 0)]),
        written(10**18, [(10**7, 10**7)] * 9 + [(10**7, 9_999_999)]),
        written(9_007_199_254_740_993, [(1, 2)]),
        written(5, [(10**7, 10**7 - 1)]),
    ]
    for n in (1, 5, 40, 200):
        goods = [(rng.randint(0, 10**4), rng.randint(0, 10**6)) for _ in range(n)]
        bill = sum(pieces * price for pieces, price in goods)
        found.append(written(bill + rng.choice([-1, 0, 1]) * rng.randint(0, bill), goods))
    return found
