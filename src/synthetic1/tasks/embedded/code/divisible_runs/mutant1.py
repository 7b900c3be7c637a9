import sys


def main():
    n, k, *numbers = map(int, sys.stdin.read().split())
    seen = {}
    total = 0
    runs = 0
    for number in numbers[:n]:
        total = (total + number) % k
        before = seen.get(total, 0)
        runs += before
        seen[total] = before + 1
    print(runs)


main()
