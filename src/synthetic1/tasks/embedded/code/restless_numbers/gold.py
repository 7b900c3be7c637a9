def tuned(limit, m):
    """How many such numbers there are from 1 to limit."""
    if limit == 0:
        return 0
    digits = list(map(int, str(limit)))
    # smaller[d][s]: beginnings below that of limit which end in digit d and have digit sum s (mod m)
    smaller = [[0] * m for _ in range(10)]
    equal = True  # whether the beginning of limit itself is restless so far
    last, total = -1, 0
    for position, digit in enumerate(digits):
        longer = [[0] * m for _ in range(10)]
        for d in range(10):
            for s in range(m):
                ways = sum(smaller[before][s] for before in range(10) if before != d)
                longer[d][(s + d) % m] += ways
        if equal:
            for d in range(1 if position == 0 else 0, digit):
                if d != last:
                    longer[d][(total + d) % m] += 1
        if position > 0:  # shorter numbers begin here
            for d in range(1, 10):
                longer[d][d % m] += 1
        smaller = longer
        equal = equal and digit != last
        last, total = digit, (total + digit) % m
    return sum(counts[0] for counts in smaller) + (equal and total == 0)


a, b, m = map(int, input().split())
print(tuned(b, m) - tuned(a - 1, m))
