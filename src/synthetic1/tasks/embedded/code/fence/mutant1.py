import sys

numbers = list(map(int, sys.stdin.read().split()))[1:]
points = sorted(set(zip(numbers[::2], numbers[1::2])))


def half(points: list[tuple[int, int]]) -> list[tuple[int, int]]:
    line: list[tuple[int, int]] = []
    for x, y in points:
        while len(line) >= 2:
            (ox, oy), (ax, ay) = line[-2:]
            if (ax - ox) * (y - oy) - (ay - oy) * (x - ox) >= 0:
                break
            line.pop()
        line.append((x, y))
    return line[:-1]


corners = half(points) + half(points[::-1]) if len(points) > 1 else points
area = sum(a[0] * b[1] - a[1] * b[0] for a, b in zip(corners, corners[1:] + corners[:1]))
print(len(corners), area)
