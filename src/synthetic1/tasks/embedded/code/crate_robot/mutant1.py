import sys

words = sys.stdin.read().split()
h, w = int(words[0]), int(words[1])
floor = [list(row) for row in words[2 : 2 + h]]
r, c = next((r, c) for r in range(h) for c in range(w) if floor[r][c] == "R")
for command in words[2 + h]:
    dr, dc = {"U": (-1, 0), "D": (1, 0), "L": (0, -1), "R": (0, 1)}[command]
    try:
        ahead = floor[r + dr][c + dc]
        if ahead == "C" and floor[r + 2 * dr][c + 2 * dc] == ".":
            floor[r + 2 * dr][c + 2 * dc] = "C"
            ahead = "."
        if ahead == ".":
            floor[r][c] = "."
            r, c = r + dr, c + dc
            floor[r][c] = "R"
    except IndexError:
        pass
print("\n".join("".join(row) for row in floor))
