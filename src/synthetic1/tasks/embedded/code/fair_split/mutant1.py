def main():
    input()
    prices = list(map(int, input().split()))
    sums = [0, 0]
    parts = [[], []]
    for price, number in sorted(((price, i + 1) for i, price in enumerate(prices)), reverse=True):
        poorer = 0 if sums[0] <= sums[1] else 1
        sums[poorer] += price
        parts[poorer].append(number)
    print(abs(sums[0] - sums[1]))
    print(len(parts[0]), *parts[0])


main()
