import random


def calls() -> list[list]:
    rng = random.Random(202)

    def words(count: int, letters: str, longest: int) -> list[str]:
        return ["".join(rng.choice(letters) for _ in range(rng.randint(1, longest))) for _ in range(count)]

    lists = [
        ["Listen", "silent", "tin", "enlist"],
        ["aab", "abb", "ab"],
        [],
        ["solo"],
        ["tea", "Tea", "eat", "ATE", "at"],
        ["same"] * 40,
        ["az", "by", "cx", "bb", "ay"],  # equal sums of letter codes
        words(30, "ab", 3),
        words(60, "abAB", 4),
        words(200, "abcC", 3),
        words(80, "xyzXYZ", 9),
        words(450, "eiEI", 4),
    ]
    return [[one] for one in lists]
