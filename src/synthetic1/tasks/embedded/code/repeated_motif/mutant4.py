text = input().strip()
for length in range(len(text) // 2, 0, -1):
    found = set()
    for i in range(len(text) - length):
        if text[i : i + length] in text[i + length :]:
            found.add(text[i : i + length])
    if found:
        print(length)
        print(min(found))
        break
else:
    print(0)
