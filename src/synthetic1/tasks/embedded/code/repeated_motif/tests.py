"""Inputs of repeated_motif."""

from __future__ import annotations

import random


def balanced_bits(size: int, letters: str) -> str:
    """The word that begins 0110 1001: every block is followed by its opposite."""
    return "".join(letters[i.bit_count() % 2] for i in range(size))


def inputs() -> list[str]:
    rng = random.Random(30)
    found = ["abracadabra", "aaaaa", "bcbcacac", "abc", "z", "aa", "ab" * 9 + "a", "zyzxyx", "a" * 1001]
    found += ["".join(rng.choice(letters) for _ in range(n)) for letters, n in (("ab", 30), ("abc", 200), ("xy", 4200))]
    theme = "".join(rng.choice("cdefgah") for _ in range(150))
    found.append(theme[:70] + "x" + theme + "y" + theme[::-1] + theme[40:])
    found.append(balanced_bits(2048, "ab") + "c" + balanced_bits(2048, "ba"))
    return [melody + "\n" for melody in found]
