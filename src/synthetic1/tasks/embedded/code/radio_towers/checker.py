def check(input: str, output: str, expected: str) -> bool | str:
    """Whether the channels suit all close pairs."""
    channels = output.split()
    if expected.split() == ["impossible"]:
        return channels == ["impossible"] or "there is no way"
    rows = [list(map(int, line.split())) for line in input.splitlines()]
    towers, pairs = rows[0]
    if channels == ["impossible"]:
        return "there is a way"
    if len(channels) != towers:
        return f"{len(channels)} channels for {towers} towers"
    for channel in channels:
        if channel not in ("1", "2", "3"):
            return f"no such channel: {channel[:20]!r}"
    for a, b in rows[1 : pairs + 1]:
        if channels[a - 1] == channels[b - 1]:
            return f"towers {a} and {b} share channel {channels[a - 1]}"
    return True
