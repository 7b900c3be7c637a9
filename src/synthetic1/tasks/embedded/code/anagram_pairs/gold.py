from collections import Counter


def anagram_pairs(words: list[str]) -> int:
    groups = Counter("".join(sorted(word.lower())) for word in words)
    return sum(size * (size - 1) // 2 for size in groups.values())
