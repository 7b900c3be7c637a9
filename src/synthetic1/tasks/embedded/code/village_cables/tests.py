import random

Offer = tuple[int, int, int]


def inputs() -> list[str]:
    rng = random.Random(909)

    def network(n: int, old: list[tuple[int, int]], offers: list[Offer]) -> str:
        lines = [(n, len(old), len(offers)), *old, *offers]
        return "\n".join(" ".join(map(str, line)) for line in lines) + "\n"

    def some(n: int, k: int, m: int, dearest: int, *, whole: bool) -> str:
        village = list(range(1, n + 1))
        rng.shuffle(village)
        old = [(rng.choice(village), rng.choice(village)) for _ in range(k)]
        offers = [(rng.choice(village), rng.choice(village), rng.randint(1, dearest)) for _ in range(m)]
        if whole:
            offers += [(village[i], village[rng.randrange(i)], rng.randint(1, dearest)) for i in range(1, n)]
        rng.shuffle(offers)
        return network(n, old, offers)

    return [
        network(4, [(1, 2)], [(2, 3, 7), (1, 3, 5), (3, 4, 2), (1, 4, 9)]),
        network(1, [], []),
        network(2, [], []),
        network(2, [(2, 1)], []),
        network(3, [], [(1, 2, 5), (2, 1, 3), (3, 3, 1), (3, 2, 10), (2, 3, 20)]),
        network(5, [(1, 2), (2, 3), (3, 1), (1, 2)], [(4, 5, 8), (5, 4, 6), (1, 2, 1)]),
        network(5, [], [(i, i + 1, 10**9) for i in range(1, 5)]),
        network(6, [(1, 2), (3, 4), (5, 6)], [(2, 3, 4), (4, 5, 4), (6, 1, 4), (1, 3, 3)]),
        some(8, 2, 6, 20, whole=True),
        some(20, 5, 30, 100, whole=True),
        some(40, 10, 25, 100, whole=False),
        some(80, 10, 80, 10**9, whole=True),
        some(200, 60, 120, 1000, whole=True),
    ]
