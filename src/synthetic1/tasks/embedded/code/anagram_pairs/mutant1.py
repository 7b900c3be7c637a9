def anagram_pairs(words: list[str]) -> int:
    keys = [frozenset(word.lower()) for word in words]
    return sum(keys[i] == keys[j] for i in range(len(keys)) for j in range(i + 1, len(keys)))
