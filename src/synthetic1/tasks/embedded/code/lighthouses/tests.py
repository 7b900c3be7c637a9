import random
from math import lcm


def inputs() -> list[str]:
    rng = random.Random(1616)

    def coast(lights: list[tuple[int, int]]) -> str:
        return "\n".join([str(len(lights)), *(f"{a} {m}" for a, m in lights)]) + "\n"

    def meeting(periods: list[int]) -> list[tuple[int, int]]:
        second = rng.randrange(lcm(*periods))
        return [(second % m, m) for m in periods]

    late = meeting([999_999_937, 999_999_929])
    return [
        coast([(2, 3), (3, 5), (2, 7)]),
        coast([(0, 1)]),
        coast([(41, 42)]),
        coast([(1, 4), (3, 6)]),
        coast([(1, 4), (2, 6)]),
        coast([(0, 10), (0, 15), (0, 6)]),
        coast([(5, 12), (5, 12), (17, 24)]),
        coast([(0, 2), (1, 4), (0, 3)]),
        coast([(999_999_999, 10**9), (0, 1), (99_999_999, 10**8)]),
        coast(late),
        coast([(999_999_936, 999_999_937), (999_999_928, 999_999_929)]),
        coast(meeting([2, 3, 5, 7, 11, 13, 17, 19, 23, 29])),
        coast(meeting([64, 96, 144, 216, 324, 486, 729, 36, 54, 81])),
        coast(meeting([720_720, 942_480, 1_113_840, 510_510, 30_030])),
        coast([*meeting([600_000_000, 900_000_000]), (1, 7), (3, 11)]),
        coast([*meeting([600_000_000, 900_000_000])[:1], (7, 900_000_000)]),
        coast(meeting([10**9, 999_999_999])),
    ]
