import random


def inputs() -> list[str]:
    rng = random.Random(1212)

    def word(size: int, letters: str) -> str:
        return "".join(rng.choice(letters) for _ in range(size))

    def altered(text: str, changes: int) -> str:
        letters = list(text)
        for _ in range(changes):
            place = rng.randrange(len(letters))
            kind = rng.randrange(3)
            if kind == 0:
                letters[place] = rng.choice("abc")
            elif kind == 1:
                letters.insert(place, rng.choice("abc"))
            elif len(letters) > 1:
                del letters[place]
        return "".join(letters)

    long = word(90, "abc")
    pairs = [
        ("kitten", "sitting"),
        ("a", "a"),
        ("a", "b"),
        ("a", "bbbba"),
        ("abcdef", "f"),
        ("bcdef", "abcde"),
        ("aaaa", "aaaaaa"),
        ("interest", "industry"),
        (word(12, "ab"), word(15, "ab")),
        (word(30, "abc"), word(20, "abc")),
        (word(60, "xy"), word(60, "xy")),
        (long, altered(long, 15)),
        (word(100, "abcd"), word(100, "abcd")),
    ]
    return [f"{a}\n{b}\n" for a, b in pairs]
