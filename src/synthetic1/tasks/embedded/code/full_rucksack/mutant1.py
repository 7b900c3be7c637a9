import sys


def main():
    n, capacity, *numbers = map(int, sys.stdin.read().split())
    kinds = [numbers[3 * i : 3 * i + 3] for i in range(n)]
    kinds.sort(key=lambda kind: kind[1] / kind[0], reverse=True)
    total = 0
    for weight, value, count in kinds:
        pieces = min(count, capacity // weight)
        total += pieces * value
        capacity -= pieces * weight
    print(total)


main()
