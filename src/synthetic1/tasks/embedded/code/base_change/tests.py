import random
import string


def inputs() -> list[str]:
    rng = random.Random(808)
    digits = string.digits + string.ascii_lowercase

    def number(base: int, length: int) -> str:
        return "".join(rng.choice(digits[:base]) for _ in range(length))

    def some(count: int, longest: int) -> list[str]:
        tasks = []
        for _ in range(count):
            a, b = rng.randint(2, 36), rng.randint(2, 36)
            tasks.append(f"{a} {b} {number(a, rng.randint(1, longest))}")
        return tasks

    lists = [
        ["10 16 255", "16 2 0f", "2 36 0000", "36 10 zz"],
        ["7 7 0", "7 8 0", "2 2 1", "36 36 00z0"],
        ["10 2 9223372036854775808", "10 16 18446744073709551615", "10 16 18446744073709551616"],
        ["10 10 9007199254740993", "2 10 " + "1" * 63, "2 10 " + "1" * 65],
        ["36 2 " + "z" * 30, "2 36 1" + "0" * 155],
        some(5, 8),
        some(10, 20),
        some(10, 60),
        ["10 7 " + number(10, 600)],
        ["36 35 " + number(36, 600)],
        ["2 36 " + "0" * 100 + number(2, 500), "36 3 " + number(36, 150)],
    ]
    return ["\n".join([str(len(tasks)), *tasks]) + "\n" for tasks in lists]
