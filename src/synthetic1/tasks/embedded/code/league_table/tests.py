"""Inputs of league_table."""

from __future__ import annotations

import random


def written(names: list[str], matches: list[tuple[str, str, int, int]]) -> str:
    lines = [f"{len(names)} {len(matches)}", *names, *(" ".join(map(str, match)) for match in matches)]
    return "\n".join(lines) + "\n"


def inputs() -> list[str]:
    rng = random.Random(14)
    found = [
        written(["foxes", "bears", "wolves"], [("bears", "foxes", 2, 2), ("wolves", "bears", 0, 1)]),
        written(["solo"], []),
        written(["c", "b", "a"], []),
        written(["d", "c", "b", "a"], [("a", "b", 1, 1), ("c", "d", 3, 3)]),
        written(["a", "b", "c"], [("a", "b", 99, 0), ("b", "c", 1, 0), ("c", "a", 1, 0)]),
        written(["a", "ab", "aa", "b"], [("b", "ab", 0, 0), ("aa", "a", 0, 0)]),
        written(["w", "x", "y", "z"], [("w", "x", 1, 0), ("y", "z", 1, 1), ("y", "z", 2, 2), ("y", "z", 0, 0)]),
    ]
    for teams, matches, goals in ((4, 6, 2), (8, 20, 1), (12, 40, 3), (30, 60, 1), (50, 150, 9)):
        names = [
            f"{rng.choice('klmnp')}{rng.choice('aeiou')}{chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(teams)
        ]
        rng.shuffle(names)
        pairs = [rng.sample(names, 2) for _ in range(matches)]
        found.append(written(names, [(a, b, rng.randint(0, goals), rng.randint(0, goals)) for a, b in pairs]))
    return found
