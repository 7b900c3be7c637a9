a, b, m = map(int, input().split())
count = 0
for number in range(a, b + 1):
    digits = str(number)
    if all(x != y for x, y in zip(digits, digits[1:])) and sum(map(int, digits)) % m == 0:
        count += 1
print(count)
