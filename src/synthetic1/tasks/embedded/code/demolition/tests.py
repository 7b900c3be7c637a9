"""Inputs of demolition."""

from __future__ import annotations

import random


def written(charges: int, plan: list[str]) -> str:
    return "\n".join([f"{len(plan)} {len(plan[0])} {charges}", *plan]) + "\n"


def drawn(rng: random.Random, rows: int, columns: int, walls: float) -> list[str]:
    plan = [["#" if rng.random() < walls else "." for _ in range(columns)] for _ in range(rows)]
    start, exit_ = rng.sample(range(rows * columns), 2)
    plan[start // columns][start % columns] = "S"
    plan[exit_ // columns][exit_ % columns] = "E"
    return ["".join(row) for row in plan]


def inputs() -> list[str]:
    rng = random.Random(17)
    found = [
        written(1, ["S.#.E", ".##.#", "....."]),
        written(0, ["S.#.E", ".##.#", "....."]),
        written(0, ["SE"]),
        written(2, ["S###E"]),
        written(3, ["S###E"]),
        written(0, ["S", "#", "E"]),
        # the quick way in spends the charge that the last wall needs
        written(1, ["S#...#E", ".#.#.##", "...####"]),
        written(1, ["S.......", "##.####.", "....#E#.", "#######."]),
        written(20, ["S" + "#" * 20 + "E"]),
    ]
    for rows, columns, walls, charges in ((8, 8, 0.5, 2), (15, 20, 0.55, 4), (20, 20, 0.6, 0), (30, 30, 0.7, 9)):
        found.append(written(charges, drawn(rng, rows, columns, walls)))
    snake = ["." * 30 if r % 2 == 0 else ("#" * 29 + "." if r % 4 == 1 else "." + "#" * 29) for r in range(31)]
    snake[0] = "S" + snake[0][1:]
    snake[-1] = snake[-1][:-1] + "E"
    found += [written(0, snake), written(5, snake)]
    return found
