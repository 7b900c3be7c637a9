import random


def calls() -> list[list]:
    rng = random.Random(707)

    def names(count: int, letters: str, longest: int) -> list[str]:
        found: dict[str, None] = {}
        while len(found) < count:
            found["".join(rng.choice(letters) for _ in range(rng.randint(1, longest)))] = None
        return list(found)

    lists = [
        ["stop", "start", "status", "run"],
        ["go", "goal", "gone"],
        ["alone"],
        ["b", "a"],
        ["a", "aa", "aaa", "aaaa"],
        ["abc", "abd", "abe", "ab"],
        ["train", "trainer", "training", "train" + "x" * 20],
        ["zeta", "alpha", "zest", "alpine", "zen"],
        names(12, "ab", 4),
        names(60, "abc", 6),
        names(100, "ab", 30),
        names(150, "xyzw", 5),
    ]
    return [[one] for one in lists]
