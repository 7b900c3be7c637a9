import sys


def main() -> None:
    count, *numbers = map(int, sys.stdin.read().split())
    films = sorted(zip(numbers[1::2], numbers[::2]))  # by their ends
    seen, free_from = 0, 0
    for end, start in films:
        if start >= free_from:
            seen += 1
            free_from = end
    print(seen)


main()
