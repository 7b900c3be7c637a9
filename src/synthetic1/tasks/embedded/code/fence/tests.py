import random

Tree = tuple[int, int]


def inputs() -> list[str]:
    rng = random.Random(1515)
    far = 10**9

    def wood(trees: list[Tree]) -> str:
        return "\n".join([str(len(trees)), *(f"{x} {y}" for x, y in trees)]) + "\n"

    def some(count: int, reach: int) -> list[Tree]:
        return [(rng.randint(-reach, reach), rng.randint(-reach, reach)) for _ in range(count)]

    border = [(x, y) for x in range(5) for y in range(5) if x in (0, 4) or y in (0, 4)]
    rng.shuffle(border)
    # Almost straight: only exact arithmetic sees the corner.
    bent = [(-far, -far), (far, far), (0, 1), (1, 0), (0, 0)]
    parabola = [(i, i * i) for i in range(-40, 41)]
    rng.shuffle(parabola)
    return [
        wood([(0, 0), (4, 0), (2, 0), (4, 3), (0, 3), (1, 1)]),
        wood([(5, -7)]),
        wood([(2, 2), (2, 2), (2, 2)]),
        wood([(3, 1), (-2, 1)]),
        wood([(0, 0), (2, 4), (1, 2), (3, 6), (1, 2)]),
        wood([(7, 5), (7, -5), (7, 0), (7, 5)]),
        wood([(0, 0), (1, 0), (0, 1)]),
        wood(border),
        wood([(-far, -far), (far, far), (-far, far), (far, -far)]),
        wood(bent),
        wood([(-far, 0), (far, 1), (0, 0), (1, 1), (far, -far)]),
        wood(parabola),
        wood(some(60, 10)),
        wood(some(60, far)),
        wood(some(300, 100)),
    ]
