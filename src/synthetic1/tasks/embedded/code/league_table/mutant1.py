import sys


def main():
    words = iter(sys.stdin.read().split())
    teams, matches = int(next(words)), int(next(words))
    points, scored, taken = {}, {}, {}
    for _ in range(teams):
        name = next(words)
        points[name] = scored[name] = taken[name] = 0
    for _ in range(matches):
        a, b, x, y = next(words), next(words), int(next(words)), int(next(words))
        points[a] += 3 if x > y else 1 if x == y else 0
        points[b] += 3 if y > x else 1 if x == y else 0
        scored[a] += x
        taken[a] += y
        scored[b] += y
        taken[b] += x

    def rank(name):
        return -points[name], taken[name] - scored[name], name

    for name in sorted(points, key=rank):
        print(name, points[name], scored[name] - taken[name], scored[name])


main()
