import heapq
import sys

rows = [list(map(int, line.split())) for line in sys.stdin]
n, k, m = rows[0]
prices: list[dict[int, int]] = [{} for _ in range(n + 1)]
for a, b in rows[1 : k + 1]:
    prices[a][b] = prices[b][a] = 0
for a, b, price in rows[k + 1 : k + m + 1]:
    prices[a][b] = prices[b][a] = price
total, joined, queue = 0, set(), [(0, 1)]
while queue:
    price, village = heapq.heappop(queue)
    if village in joined:
        continue
    joined.add(village)
    total += price
    for other, p in prices[village].items():
        heapq.heappush(queue, (p, other))
print(total if len(joined) == n else "impossible")
