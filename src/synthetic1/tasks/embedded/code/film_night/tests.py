import random


def inputs() -> list[str]:
    rng = random.Random(505)

    def films(count: int, day: int, longest: int) -> list[tuple[int, int]]:
        starts = [rng.randint(0, day) for _ in range(count)]
        return [(start, start + rng.randint(1, longest)) for start in starts]

    lists = [
        [(0, 60), (50, 70), (60, 90), (95, 100), (80, 96)],
        [],
        [(5, 6)],
        [(0, 1000), (1, 2), (3, 4)],  # the earliest start is a bad choice
        [(0, 10), (9, 12), (11, 20)],  # so is the shortest film
        [(9, 10), (10, 11), (2, 9), (100, 1000), (11, 100)],
        [(0, 1), (0, 2), (0, 3), (1, 3), (2, 3)],
        [(4, 9)] * 7,
        films(30, 100, 30),
        films(100, 1000, 100),
        films(60, 10**9 - 10**8, 10**8),
        films(200, 10**6, 10**5),
    ]
    return ["\n".join([str(len(one)), *(f"{s} {e}" for s, e in one)]) + "\n" for one in lists]
