def suffix_array(text):
    """The beginnings of all suffixes, in alphabetical order: by 1, 2, 4, … letters."""
    n = len(text)
    rank = [ord(letter) for letter in text]
    width = 1
    while True:
        keys = [rank[i] * (n + 200) + (rank[i + width] + 1 if i + width < n else 0) for i in range(n)]
        order = sorted(range(n), key=keys.__getitem__)
        rank[order[0]] = 0
        for before, suffix in zip(order, order[1:]):
            rank[suffix] = rank[before] + (keys[suffix] != keys[before])
        if rank[order[-1]] == n - 1:
            return order
        width *= 2


def common_prefixes(text, order):
    """For each suffix in the order, how many letters it shares with the one before it."""
    n = len(text)
    place = [0] * n
    for index, suffix in enumerate(order):
        place[suffix] = index
    shared = [0] * n
    length = 0
    for suffix in range(n):
        if place[suffix] == 0:
            length = 0
            continue
        other = order[place[suffix] - 1]
        while max(suffix, other) + length < n and text[suffix + length] == text[other + length]:
            length += 1
        shared[place[suffix]] = length
        length = max(0, length - 1)
    return shared


def motif(length, order, shared):
    """Where the first motif of this length in alphabetical order stands, or None."""
    first = last = order[0]
    for suffix, letters in zip(order[1:], shared[1:]):
        if letters < length:
            first = last = suffix
        else:
            first, last = min(first, suffix), max(last, suffix)
            if last - first >= length:
                return first
    return None


def main():
    text = input().strip()
    order = suffix_array(text)
    shared = common_prefixes(text, order)
    low, high = 0, len(text) // 2
    while low < high:
        middle = (low + high + 1) // 2
        if motif(middle, order, shared) is None:
            high = middle - 1
        else:
            low = middle
    print(low)
    if low > 0:
        at = motif(low, order, shared)
        print(text[at : at + low])


main()
