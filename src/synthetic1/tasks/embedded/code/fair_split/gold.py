def main():
    n = int(input())
    prices = list(map(int, input().split()))
    # Bit s of reachable[i] tells whether some of the first i things are worth s together.
    reachable = [1]
    for price in prices:
        reachable.append(reachable[-1] | reachable[-1] << price)
    total = sum(prices)
    worth = next(s for s in range(total // 2, -1, -1) if reachable[n] >> s & 1)
    print(total - 2 * worth)
    part = []
    for i in range(n, 0, -1):
        if not reachable[i - 1] >> worth & 1:
            part.append(i)
            worth -= prices[i - 1]
    print(len(part), *part)


main()
