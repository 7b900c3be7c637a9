import sys

Point = tuple[int, int]


def turn(o: Point, a: Point, b: Point) -> int:
    """Positive if the way from o over a to b turns left, 0 if it is straight."""
    return (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0])


def half(points: list[Point]) -> list[Point]:
    """The fence from the first point to the last, without the last one."""
    line: list[Point] = []
    for point in points:
        while len(line) >= 2 and turn(line[-2], line[-1], point) <= 0:
            line.pop()
        line.append(point)
    return line[:-1]


def main() -> None:
    numbers = list(map(int, sys.stdin.read().split()))[1:]
    points = sorted(set(zip(numbers[::2], numbers[1::2])))
    corners = half(points) + half(points[::-1]) if len(points) > 1 else points
    following = corners[1:] + corners[:1]
    area = sum(a[0] * b[1] - a[1] * b[0] for a, b in zip(corners, following))
    print(len(corners), area)


main()
