"""Calls of word_initials."""

from __future__ import annotations

import random


def calls() -> list[list[str]]:
    rng = random.Random(12)
    found = [
        "house of the rising sun",
        "The  rock-and-roll club",
        "'n sync 2000",
        "",
        " -- - ",
        "of the and",
        "OF mice AND men",
        "''' 'tis ''9 o'clock",
        "-land-of-plenty-",
        "and so on and so forth",
        "offer them an andiron",
        "  the - End",
    ]
    parts = ["of", "The", "AND", "apple", "'em", "7up", "x", "Zoo", "''", "l'or"]
    for length in (6, 30, 150):
        found.append("".join(rng.choice(parts) + rng.choice([" ", "-", "  ", " - "]) for _ in range(length)))
    return [[name] for name in found]
