import sys


def coloured(close: list[set[int]], channels: list[int]) -> bool:
    """Fill in the missing channels, the most constrained tower first."""
    waiting = [tower for tower, channel in enumerate(channels) if channel == 0]
    if not waiting:
        return True
    options = {tower: {1, 2, 3} - {channels[other] for other in close[tower]} for tower in waiting}
    tower = min(waiting, key=lambda one: (len(options[one]), -len(close[one])))
    for channel in sorted(options[tower]):
        channels[tower] = channel
        if coloured(close, channels):
            return True
    channels[tower] = 0
    return False


def main() -> None:
    n, m, *ends = map(int, sys.stdin.read().split())
    close: list[set[int]] = [set() for _ in range(n)]
    for a, b in zip(ends[: 2 * m : 2], ends[1 : 2 * m : 2]):
        close[a - 1].add(b - 1)
        close[b - 1].add(a - 1)
    channels = [0] * n
    print(*channels if coloured(close, channels) else ["impossible"])


main()
