a, b = input().strip(), input().strip()
above, below = "", ""
i = j = 0
while i < len(a) and j < len(b):
    if a[i] != b[j] and b[j] in a[i + 1 : i + 2]:
        above, below, i = above + a[i], below + "-", i + 1
    elif a[i] != b[j] and a[i] in b[j + 1 : j + 2]:
        above, below, j = above + "-", below + b[j], j + 1
    else:
        above, below, i, j = above + a[i], below + b[j], i + 1, j + 1
above += a[i:] + "-" * (len(b) - j)
below += "-" * (len(a) - i) + b[j:]
print(sum(x != y for x, y in zip(above, below)), above, below, sep="\n")
