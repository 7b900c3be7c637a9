def main():
    n, voucher = map(int, input().split())
    bill = 0
    for _ in range(n):
        pieces, price = map(int, input().split())
        bill += pieces * price
    if voucher >= bill:
        print("change", voucher - bill)
    else:
        print("short", bill - voucher)


main()
