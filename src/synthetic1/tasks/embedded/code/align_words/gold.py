def main() -> None:
    a, b = input().strip(), input().strip()
    # least[i][j]: differences of the best alignment of a[i:] and b[j:]
    least = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i in range(len(a), -1, -1):
        for j in range(len(b), -1, -1):
            if i == len(a) or j == len(b):
                least[i][j] = len(a) - i + len(b) - j
            else:
                pair = least[i + 1][j + 1] + (a[i] != b[j])
                least[i][j] = min(pair, least[i + 1][j] + 1, least[i][j + 1] + 1)
    above, below = "", ""
    i = j = 0
    while i < len(a) or j < len(b):
        if i < len(a) and j < len(b) and least[i][j] == least[i + 1][j + 1] + (a[i] != b[j]):
            above, below = above + a[i], below + b[j]
            i, j = i + 1, j + 1
        elif i < len(a) and least[i][j] == least[i + 1][j] + 1:
            above, below = above + a[i], below + "-"
            i += 1
        else:
            above, below = above + "-", below + b[j]
            j += 1
    print(least[0][0], above, below, sep="\n")


main()
