import sys


def main():
    numbers = list(map(int, sys.stdin.read().split()))
    n, m, q = numbers[:3]
    bridges = list(zip(numbers[3 : 3 + 2 * m : 2], numbers[4 : 3 + 2 * m : 2]))
    breaks = [number - 1 for number in numbers[3 + 2 * m : 3 + 2 * m + q]]
    parent = list(range(n + 1))
    size = [1] * (n + 1)
    groups = n
    largest = 1

    def find(island):
        while parent[island] != island:
            parent[island] = parent[parent[island]]
            island = parent[island]
        return island

    def join(bridge):
        nonlocal groups, largest
        a, b = map(find, bridges[bridge])
        if size[a] < size[b]:
            a, b = b, a
        parent[b] = a
        size[a] += size[b]
        groups -= 1
        largest = max(largest, size[a])

    broken = set(breaks)
    for bridge in range(m):
        if bridge not in broken:
            join(bridge)
    answers = [(groups, largest)]
    for bridge in reversed(breaks):  # backwards in time, breaks are repairs
        join(bridge)
        answers.append((groups, largest))
    for answer in reversed(answers):
        print(*answer)


main()
