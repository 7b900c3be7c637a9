"""Accepts every trip that uses each road exactly once."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise


def check(input: str, output: str, expected: str) -> bool | str:
    words = output.split()
    if expected.split() == ["impossible"] or words == ["impossible"]:
        return words == expected.split() or "wrong about whether there is a trip"
    _, m, *ends = input.split()
    roads = Counter(tuple(sorted(road)) for road in zip(ends[0::2], ends[1::2], strict=True))
    if len(words) != int(m) + 1:
        return f"a trip visits {int(m) + 1} crossings, this one {len(words)}"
    for leg in pairwise(words):
        road = tuple(sorted(leg))
        if roads[road] == 0:
            return f"no road is left between {leg[0]:.10} and {leg[1]:.10}"
        roads[road] -= 1
    return True
