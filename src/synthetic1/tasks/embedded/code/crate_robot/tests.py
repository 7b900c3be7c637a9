import random


def inputs() -> list[str]:
    rng = random.Random(606)

    def floor(height: int, width: int, filling: str, commands: int) -> str:
        cells = [[rng.choice(filling) for _ in range(width)] for _ in range(height)]
        cells[rng.randrange(height)][rng.randrange(width)] = "R"
        return drawing(["".join(row) for row in cells], "".join(rng.choice("UDLR") for _ in range(commands)))

    def drawing(rows: list[str], commands: str) -> str:
        return "\n".join([f"{len(rows)} {len(rows[0])}", *rows, commands]) + "\n"

    return [
        drawing(["......", ".RC..#", "......"], "RRRRDR"),
        drawing(["R"], "UDLR"),
        drawing(["..CR."], "LLLL"),
        drawing(["R", "C", ".", "."], "DDDD"),
        drawing([".", "C", "R"], "UUU"),
        drawing(["RCC.", "...."], "RRDRRUU"),
        drawing(["RC#", "..."], "RRDRUL"),
        drawing(["....", ".CC.", ".R.."], "UURULLDRRR"),
        floor(6, 6, "....C", 60),
        floor(5, 8, "...C#", 200),
        floor(10, 10, ".....CC#", 500),
        floor(20, 20, "........CC#", 1500),
        floor(2, 15, "...C", 100),
    ]
