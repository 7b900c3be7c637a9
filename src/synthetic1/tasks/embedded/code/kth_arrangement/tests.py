import random


def calls() -> list[list]:
    rng = random.Random(1111)
    every = "abcdefghijklmnopqr"
    cases: list[list] = [
        ["abc", 4],
        ["baa", 2],
        ["aab", 4],
        ["aab", 3],
        ["z", 1],
        ["z", 2],
        ["aaaaaaaaaaaaaaaaaa", 1],
        ["edcba", 120],
        ["edcba", 121],
        [every, 10**15],
        [every[::-1], 987_654_321_012_345],
        ["mississippi", 34_650],
        ["mississippi", 17_000],
        ["abababababababab", 12_870],
        ["abababababababab", 12_871],
        ["thirteenwords", 100_000_000],
    ]
    for _ in range(3):
        cases.append(["".join(rng.choice("abcde") for _ in range(18)), rng.randint(1, 10**9)])
    return cases
