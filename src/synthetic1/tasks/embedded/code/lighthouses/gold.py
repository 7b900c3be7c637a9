import sys
from math import gcd


def main() -> None:
    numbers = list(map(int, sys.stdin.read().split()))[1:]
    second, period = 0, 1  # all lighthouses so far flash together at `second`, and then every `period` seconds
    for a, m in zip(numbers[::2], numbers[1::2]):
        common = gcd(period, m)
        if (a - second) % common:
            print("never")
            return
        steps = (a - second) // common * pow(period // common, -1, m // common) % (m // common)
        second += steps * period
        period *= m // common
    print(second)


main()
