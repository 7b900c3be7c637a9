import sys


def main():
    n, m, *ends = map(int, sys.stdin.read().split())
    roads = [[] for _ in range(n + 1)]
    for i in range(m):
        a, b = ends[2 * i : 2 * i + 2]
        roads[a].append((b, i))
        roads[b].append((a, i))
    odd = [crossing for crossing in range(1, n + 1) if len(roads[crossing]) % 2]
    if len(odd) > 2:
        print("impossible")
        return
    cleared = [False] * m
    stack = [odd[0] if odd else ends[0]]
    trip = []
    while stack:
        here = stack[-1]
        while roads[here] and cleared[roads[here][-1][1]]:
            roads[here].pop()
        if roads[here]:
            there, road = roads[here].pop()
            cleared[road] = True
            stack.append(there)
        else:  # nothing left here: this is the end of what remains
            trip.append(stack.pop())
    print(*trip if len(trip) == m + 1 else ["impossible"])


main()
