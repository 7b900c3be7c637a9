import random

Table = list[list[int]]


def calls() -> list[list]:
    rng = random.Random(1717)

    def table(n: int, longest: int, *, symmetric: bool = False) -> Table:
        minutes = [[0 if i == j else rng.randint(1, longest) for j in range(n)] for i in range(n)]
        if symmetric:
            minutes = [[minutes[min(i, j)][max(i, j)] for j in range(n)] for i in range(n)]
        return minutes

    def streets(n: int) -> Table:
        """One way around is fast, all else is slow."""
        order = [0, *rng.sample(range(1, n), n - 1)]
        minutes = [[0 if i == j else rng.randint(50, 99) for j in range(n)] for i in range(n)]
        for here, there in zip(order, order[1:] + order[:1]):
            minutes[here][there] = rng.randint(20, 49)
        return minutes

    tables = [
        [[0, 5], [7, 0]],
        [[0, 1, 9, 4], [2, 0, 3, 8], [3, 7, 0, 1], [6, 2, 9, 0]],
        [[0]],
        table(3, 9),
        table(4, 20),
        [[0, 1, 100, 100], [100, 0, 1, 100], [100, 100, 0, 1], [90, 100, 100, 0]],
        [[0, 1, 1, 1], [1, 0, 50, 60], [1, 70, 0, 80], [1, 90, 75, 0]],
        table(7, 30),
        table(8, 1000, symmetric=True),
        streets(9),
        table(10, 10**8),
        streets(12),
        table(13, 100),
        table(13, 10**8),
    ]
    return [[one] for one in tables]
