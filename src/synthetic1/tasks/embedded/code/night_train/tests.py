import random


def inputs() -> list[str]:
    rng = random.Random(303)

    def train(longest: int) -> str:
        date = f"{rng.randint(1700, 2900)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
        return f"{date} {rng.randint(0, 23):02}:{rng.randint(0, 59):02} {rng.randint(0, longest)}"

    lists = [
        ["2024-02-28 23:30 45", "2023-12-31 00:00 1440", "1900-02-28 12:05 1440"],
        ["2001-01-01 00:00 0"],
        ["2000-02-28 00:01 1439", "2000-02-28 00:01 1440"],
        ["2100-02-28 23:59 1", "2400-02-28 23:59 1", "2096-02-28 23:59 1"],
        ["2022-01-31 10:00 59040", "2022-01-31 10:00 59039", "2022-12-31 23:59 5000000"],
        ["1999-12-31 23:59 1", "2015-07-04 09:08 60", "2015-07-04 09:08 52"],
        ["1700-01-01 00:00 5000000", "2900-12-31 23:59 5000000"],
        [train(1000) for _ in range(20)],
        [train(100_000) for _ in range(30)],
        [train(5_000_000) for _ in range(60)],
    ]
    return ["\n".join([str(len(trains)), *trains]) + "\n" for trains in lists]
