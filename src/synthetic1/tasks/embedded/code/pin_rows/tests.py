import random


def calls() -> list[list]:
    rng = random.Random(1818)
    games = [[3], [1, 2], [4, 4], [0], [1], [2], [1, 1, 1], [5], [12], [2, 3, 0, 4], [7, 7, 9], [400]]
    games += [[rng.randint(0, 20) for _ in range(5)], [rng.randint(0, 40) for _ in range(12)]]
    games += [[rng.randint(0, 400) for _ in range(50)], [rng.randint(300, 400) for _ in range(49)]]
    games += [[397, 398, 399, 400], [10, 20, 30]]
    return [[rows] for rows in games]
