import random


def calls() -> list[list]:
    rng = random.Random(1414)
    cases = [[5, 2], [7, 3], [4, 1], [1, 1], [1, 500], [2, 2], [2, 3], [10, 500], [1000, 7], [64, 2]]
    cases += [[10**12, 1], [10**12, 2], [10**12, 499], [999_999_999_989, 500], [2**31, 3]]
    cases += [[rng.randint(10**6, 10**12), rng.randint(3, 500)] for _ in range(3)]
    return cases
