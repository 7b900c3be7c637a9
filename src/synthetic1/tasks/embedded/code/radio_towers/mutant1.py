import sys

n, m, *ends = map(int, sys.stdin.read().split())
close: list[set[int]] = [set() for _ in range(n)]
for a, b in zip(ends[::2], ends[1::2]):
    close[a - 1].add(b - 1)
    close[b - 1].add(a - 1)
channels = [0] * n
for tower in range(n):
    left = {1, 2, 3} - {channels[other] for other in close[tower]}
    if not left:
        print("impossible")
        break
    channels[tower] = min(left)
else:
    print(*channels)
