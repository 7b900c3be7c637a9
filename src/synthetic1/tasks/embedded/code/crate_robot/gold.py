import sys

STEPS = {"U": (-1, 0), "D": (1, 0), "L": (0, -1), "R": (0, 1)}


def main() -> None:
    height, width, *rest = sys.stdin.read().split()
    h, w = int(height), int(width)
    floor = [list(row) for row in rest[:h]]
    r, c = next((r, c) for r in range(h) for c in range(w) if floor[r][c] == "R")

    def cell(row: int, column: int) -> str:
        return floor[row][column] if 0 <= row < h and 0 <= column < w else "#"

    for command in rest[h]:
        dr, dc = STEPS[command]
        ahead = cell(r + dr, c + dc)
        if ahead == "C" and cell(r + 2 * dr, c + 2 * dc) == ".":
            floor[r + 2 * dr][c + 2 * dc] = "C"
            ahead = "."
        if ahead == ".":
            floor[r][c] = "."
            r, c = r + dr, c + dc
            floor[r][c] = "R"
    print("\n".join("".join(row) for row in floor))


main()
