import string

DIGITS = string.digits + string.ascii_lowercase


def written(value: int, base: int) -> str:
    digits = ""
    while value:
        value, digit = divmod(value, base)
        digits = DIGITS[digit] + digits
    return digits or "0"


for _ in range(int(input())):
    a, b, number = input().split()
    print(written(int(number, int(a)), int(b)))
