import random


def calls() -> list[list]:
    rng = random.Random(101)
    texts = ["aaabcc", "", "z", "zzzzzzzzzzzz", "abcabc", "aabbaabb", "abbb", "y" * 100 + "x"]
    for size in (20, 60, 200):
        texts.append("".join(rng.choice("ab") for _ in range(size)))
    texts.append("".join(rng.choice("qrs") * rng.randint(1, 25) for _ in range(40)))
    texts.append("k" * 1000)
    return [[text] for text in texts]
