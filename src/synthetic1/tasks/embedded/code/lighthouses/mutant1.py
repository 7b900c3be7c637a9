import sys
from math import gcd

numbers = list(map(int, sys.stdin.read().split()))[1:]
second, period = 0, 1
for a, m in zip(numbers[::2], numbers[1::2]):
    if (a - second) % gcd(period, m):
        print("never")
        break
    while second % m != a:
        second += period
    period = period * m // gcd(period, m)
else:
    print(second)
