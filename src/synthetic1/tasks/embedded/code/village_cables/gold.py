import sys


def main() -> None:
    rows = [list(map(int, line.split())) for line in sys.stdin]
    n, k, m = rows[0]
    leader = list(range(n + 1))

    def find(village: int) -> int:
        while leader[village] != village:
            leader[village] = leader[leader[village]]
            village = leader[village]
        return village

    cables = [(0, a, b) for a, b in rows[1 : k + 1]]
    cables += [(price, a, b) for a, b, price in rows[k + 1 : k + m + 1]]
    groups, total = n, 0
    for price, a, b in sorted(cables):
        a, b = find(a), find(b)
        if a != b:
            leader[a] = b
            groups -= 1
            total += price
    print(total if groups == 1 else "impossible")


main()
