import sys


def main():
    numbers = list(map(int, sys.stdin.read().split()))
    n, q = numbers[:2]
    size = 1
    while size < n:
        size *= 2
    # A change of a whole block stays at its node: `highest` counts it in, the nodes below do not.
    change = [0] * (2 * size)
    highest = [0] * (2 * size)

    def add(node, low, high, l, r, v):
        if l <= low and high <= r:
            change[node] += v
            highest[node] += v
            return
        middle = (low + high) // 2
        if l <= middle:
            add(2 * node, low, middle, l, r, v)
        if r > middle:
            add(2 * node + 1, middle + 1, high, l, r, v)
        highest[node] = change[node] + max(highest[2 * node], highest[2 * node + 1])

    def ask(node, low, high, l, r):
        if l <= low and high <= r:
            return highest[node]
        middle = (low + high) // 2
        found = []
        if l <= middle:
            found.append(ask(2 * node, low, middle, l, r))
        if r > middle:
            found.append(ask(2 * node + 1, middle + 1, high, l, r))
        return change[node] + max(found)

    at = 2
    for _ in range(q):
        if numbers[at] == 1:
            add(1, 1, size, *numbers[at + 1 : at + 4])
            at += 4
        else:
            print(ask(1, 1, size, *numbers[at + 1 : at + 3]))
            at += 3


main()
