import sys


def main():
    n, capacity, *numbers = map(int, sys.stdin.read().split())
    best = [0] * (capacity + 1)  # largest value within each weight
    for i in range(n):
        weight, value, count = numbers[3 * i : 3 * i + 3]
        count = min(count, capacity // weight)
        bundle = 1
        while count > 0:
            pieces = min(bundle, count)
            grams, gain = pieces * weight, pieces * value
            packed = [best[w - grams] + gain for w in range(grams, capacity + 1)]
            best[grams:] = [max(pair) for pair in zip(best[grams:], packed)]
            count -= pieces
            bundle *= 2
    print(best[capacity])


main()
