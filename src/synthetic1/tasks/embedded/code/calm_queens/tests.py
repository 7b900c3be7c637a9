import random


def inputs() -> list[str]:
    rng = random.Random(1313)

    def board(*rows: str) -> str:
        return "\n".join([str(len(rows)), *rows]) + "\n"

    def broken(n: int, share: float) -> str:
        return board(*("".join("#" if rng.random() < share else "." for _ in range(n)) for _ in range(n)))

    return [
        board("..#.", "....", "....", "#..."),
        board("."),
        board("#"),
        board("..", ".."),
        board("...", "...", "..."),
        board("....", "....", "....", "...."),
        board(".#..", "....", "....", "...."),  # the first solution that comes to mind is gone
        board(".##.", "....", "....", "...."),
        board(".....", ".....", "#####", ".....", "....."),
        broken(5, 0.3),
        broken(6, 0.15),
        broken(8, 0.35),
        broken(8, 0.1),
        broken(9, 0.5),
        broken(10, 0.3),
        broken(11, 0.2),
        broken(11, 0.6),
    ]
