def close_pairs(moments: list[int], d: int) -> int:
    ordered = sorted(moments)
    first = 0
    pairs = 0
    for last, moment in enumerate(ordered):
        while moment - ordered[first] > d:
            first += 1
        pairs += last - first
    return pairs
