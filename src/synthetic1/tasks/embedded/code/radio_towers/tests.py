import random
from itertools import combinations

Pairs = list[tuple[int, int]]


def inputs() -> list[str]:
    rng = random.Random(1010)

    def map_of(n: int, pairs: Pairs) -> str:
        return "\n".join(f"{a} {b}" for a, b in [(n, len(pairs)), *pairs]) + "\n"

    def ring(n: int) -> Pairs:
        return [(i, i % n + 1) for i in range(1, n + 1)]

    def planted(n: int, m: int) -> Pairs:
        """Pairs for which there is a way: towers of a hidden channel are never close."""
        hidden = [rng.randrange(3) for _ in range(n)]
        fitting = [(a, b) for a, b in combinations(range(1, n + 1), 2) if hidden[a - 1] != hidden[b - 1]]
        return rng.sample(fitting, min(m, len(fitting)))

    crown = [(2 * i - 1, 2 * j) for i in range(1, 6) for j in range(1, 6) if i != j]  # bad for first fit
    petersen = [*ring(5), *((i, i + 5) for i in range(1, 6)), (6, 8), (8, 10), (10, 7), (7, 9), (9, 6)]
    # Four channels are needed although no three towers are close to one another (the graph of Grötzsch).
    outer = [(i, j + 5) for a, b in ring(5) for i, j in ((a, b), (b, a))]
    four = [*ring(5), *outer, *((i, 11) for i in range(6, 11))]
    even, odd = 8, 7
    return [
        map_of(4, [(1, 2), (2, 3), (3, 4), (4, 1), (1, 3)]),
        map_of(1, []),
        map_of(3, [(1, 2), (2, 3), (3, 1)]),
        map_of(4, list(combinations(range(1, 5), 2))),
        map_of(10, crown),
        map_of(10, petersen),
        map_of(11, four),
        map_of(even + 1, [*ring(even), *((i, even + 1) for i in range(1, even + 1))]),
        map_of(odd + 1, [*ring(odd), *((i, odd + 1) for i in range(1, odd + 1))]),
        map_of(12, planted(12, 25)),
        map_of(25, planted(25, 55)),
        map_of(40, planted(40, 90)),
        map_of(40, planted(40, 140)),
        map_of(30, [*planted(26, 60), *combinations(range(27, 31), 2)]),
    ]
