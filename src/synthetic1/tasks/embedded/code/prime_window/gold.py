from math import isqrt


def main() -> None:
    low, high = map(int, input().split())
    root = isqrt(high)
    small = bytearray([1]) * (root + 1)  # whether a number up to the root is prime
    shown = bytearray([1]) * (high - low + 1)
    if low == 1:
        shown[0] = 0
    for p in range(2, root + 1):
        if small[p]:
            small[p * p :: p] = bytes(len(range(p * p, root + 1, p)))
            first = max(p * p, -(-low // p) * p) - low
            shown[first::p] = bytes(len(range(first, len(shown), p)))
    count = shown.count(1)
    print(*[count, low + shown.find(1), low + shown.rfind(1)] if count else [0])


main()
