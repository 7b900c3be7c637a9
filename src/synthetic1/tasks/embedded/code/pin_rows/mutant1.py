from functools import reduce
from operator import xor


def winning_moves(rows: list[int]) -> int:
    # one or two objects from a heap: the rest modulo 3 decides
    whole = reduce(xor, (row % 3 for row in rows))
    return sum((row - pins) % 3 == whole ^ row % 3 for row in rows for pins in (1, 2) for _ in range(row - pins + 1))
