from functools import reduce
from operator import xor


def winning_moves(rows: list[int]) -> int:
    longest = max(rows)
    value = [0] * (longest + 1)  # the Grundy number of a row
    for length in range(1, longest + 1):
        reached = set()
        for pins in (1, 2):
            rest = length - pins
            reached.update(value[left] ^ value[rest - left] for left in range(rest // 2 + 1 if rest >= 0 else 0))
        while value[length] in reached:
            value[length] += 1
    whole = reduce(xor, (value[row] for row in rows))
    # A move wins if it leaves 0.
    return sum(
        value[left] ^ value[row - pins - left] == whole ^ value[row]
        for row in rows
        for pins in (1, 2)
        for left in range(row - pins + 1)
    )
