import sys


def main():
    numbers = list(map(int, sys.stdin.read().split()))
    n, q = numbers[:2]
    levels = [0] * (n + 1)
    at = 2
    for _ in range(q):
        kind, l, r = numbers[at : at + 3]
        if kind == 1:
            v = numbers[at + 3]
            for lock in range(l, r + 1):
                levels[lock] += v
            at += 4
        else:
            print(max(levels[l : r + 1]))
            at += 3


main()
