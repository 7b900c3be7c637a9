def shortest_round(minutes: list[list[int]]) -> int:
    customers = len(minutes) - 1
    if customers == 0:
        return 0
    far = float("inf")
    # least[visited][last]: the fastest way from the depot over the customers of a set to the last one of them;
    # customer i + 1 has bit i and place i
    least = [[far] * customers for _ in range(1 << customers)]
    for i in range(customers):
        least[1 << i][i] = minutes[0][i + 1]
    for visited in range(1, 1 << customers):
        ways = least[visited]
        missing = [i for i in range(customers) if not visited >> i & 1]
        for last, way in enumerate(ways):
            if way == far:
                continue
            row = minutes[last + 1]
            for i in missing:
                longer = way + row[i + 1]
                if longer < least[visited | 1 << i][i]:
                    least[visited | 1 << i][i] = longer
    return min(way + minutes[last + 1][0] for last, way in enumerate(least[-1]))
