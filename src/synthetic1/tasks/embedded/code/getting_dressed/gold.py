import sys


def main():
    n, m, *rules = map(int, sys.stdin.read().split())
    later = [[] for _ in range(n + 1)]
    missing = [0] * (n + 1)  # how many pieces still have to come before this one
    for a, b in zip(rules[0 : 2 * m : 2], rules[1 : 2 * m : 2]):
        later[a].append(b)
        missing[b] += 1
    order = [piece for piece in range(1, n + 1) if missing[piece] == 0]
    for piece in order:  # grows while we walk over it
        for other in later[piece]:
            missing[other] -= 1
            if missing[other] == 0:
                order.append(other)
    print(*order if len(order) == n else ["impossible"])


main()
