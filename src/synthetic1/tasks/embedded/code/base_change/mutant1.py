DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

for _ in range(int(input())):
    a, b, number = input().split()
    value = int(number, int(a))
    digits = ""
    while value:
        digits = DIGITS[value % int(b)] + digits
        value //= int(b)
    print(digits)
