import sys

count, *numbers = map(int, sys.stdin.read().split())
films = sorted(zip(numbers[::2], numbers[1::2]))
seen, free_from = 0, 0
for start, end in films:
    if start >= free_from:
        seen += 1
        free_from = end
print(seen)
