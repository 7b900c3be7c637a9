import random

Offer = tuple[int, int, int]


def inputs() -> list[str]:
    rng = random.Random(1919)

    def plan(limits: list[int], places: list[int], offers: list[Offer]) -> str:
        lines = [(len(limits), len(places), len(offers)), limits, places, *offers]
        return "\n".join(" ".join(map(str, line)) for line in lines) + "\n"

    def some(w: int, s: int, m: int, most: int, dearest: int) -> str:
        pairs = rng.sample([(i, j) for i in range(1, w + 1) for j in range(1, s + 1)], m)
        limits = [rng.randint(0, most) for _ in range(w)]
        places = [rng.randint(0, most) for _ in range(s)]
        return plan(limits, places, [(i, j, rng.randint(1, dearest)) for i, j in pairs])

    chain = [(i, i, 1) for i in range(1, 11)]
    chain += [(i, i + 1, 100 + i) for i in range(1, 11)] + [(11, 1, 7)]
    return [
        plan([1, 1], [1, 1], [(1, 1, 10), (1, 2, 30), (2, 1, 50)]),
        plan([3], [1], []),
        plan([0, 2], [5, 5], [(1, 1, 1), (2, 1, 9), (2, 2, 8)]),
        plan([2, 2], [1], [(1, 1, 5), (2, 1, 4)]),
        plan([1], [10], [(1, 1, 1_000_000)]),
        plan([1] * 11, [1] * 11, chain),
        plan([1, 1, 1], [1, 1, 1], [(i, j, i * j) for i in (1, 2, 3) for j in (1, 2, 3)]),
        plan([2, 1, 1], [2, 1, 1], [(1, 1, 3), (1, 2, 3), (1, 3, 9), (2, 1, 2), (2, 3, 8), (3, 1, 1), (3, 2, 2)]),
        some(4, 4, 9, 2, 20),
        some(5, 6, 20, 3, 50),
        some(8, 8, 40, 2, 100),
        some(10, 12, 60, 3, 1000),
        some(20, 15, 90, 2, 1_000_000),
        some(30, 30, 230, 4, 1_000_000),
        some(12, 30, 150, 10, 1000),
    ]
