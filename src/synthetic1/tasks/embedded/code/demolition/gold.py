import sys
from collections import deque


def main():
    first, *plan = sys.stdin.read().split("\n")
    rows, columns, charges = map(int, first.split())
    start = next((r, plan[r].index("S")) for r in range(rows) if "S" in plan[r])
    most = {start: charges}  # square -> most charges left on any visit so far
    queue = deque([(start, charges, 0)])
    while queue:
        (r, c), left, steps = queue.popleft()
        if plan[r][c] == "E":
            return steps
        for square in ((r + 1, c), (r - 1, c), (r, c + 1), (r, c - 1)):
            if not (0 <= square[0] < rows and 0 <= square[1] < columns):
                continue
            rest = left - (plan[square[0]][square[1]] == "#")
            if rest > most.get(square, -1):
                most[square] = rest
                queue.append((square, rest, steps + 1))
    return -1


print(main())
