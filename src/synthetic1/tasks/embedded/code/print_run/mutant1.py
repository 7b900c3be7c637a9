import sys


def main():
    n, k, *numbers = map(int, sys.stdin.read().split())
    machines = list(zip(numbers[0 : 2 * n : 2], numbers[1 : 2 * n : 2]))

    def copies(seconds):
        return sum((seconds - warm_up) // each for warm_up, each in machines if seconds > warm_up)

    low, high = 0, k * max(each for _, each in machines)
    while low < high:
        middle = (low + high) // 2
        if copies(middle) >= k:
            high = middle
        else:
            low = middle + 1
    print(low)


main()
