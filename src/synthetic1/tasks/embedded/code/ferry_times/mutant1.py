import heapq
import sys


def main():
    numbers = list(map(int, sys.stdin.read().split()))
    n, m, start = numbers[:3]
    ferries = [[] for _ in range(n + 1)]
    for i in range(m):
        a, b, period, duration = numbers[3 + 4 * i : 7 + 4 * i]
        ferries[a].append((b, period, duration))
    arrival = {1: start}
    heap = [(start, 1)]
    while heap:
        now, island = heapq.heappop(heap)
        if island == n:
            return now
        if now > arrival[island]:
            continue
        for other, period, duration in ferries[island]:
            then = (now // period + 1) * period + duration
            if other not in arrival or then < arrival[other]:
                arrival[other] = then
                heapq.heappush(heap, (then, other))
    return "never"


print(main())
