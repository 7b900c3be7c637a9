import sys


def main():
    n, capacity, *numbers = map(int, sys.stdin.read().split())
    best = [0] * (capacity + 1)
    for i in range(n):
        weight, value, count = numbers[3 * i : 3 * i + 3]
        for w in range(capacity, -1, -1):
            for pieces in range(1, min(count, w // weight) + 1):
                best[w] = max(best[w], best[w - pieces * weight] + pieces * value)
    print(best[capacity])


main()
