import sys

OPENING = {")": "(", "]": "[", "}": "{"}


def fault(text):
    still_open = []
    for position, character in enumerate(text, 1):
        if character in "([{":
            still_open.append((character, position))
        elif character in OPENING:
            if not still_open or still_open[-1][0] != OPENING[character]:
                return position
            still_open.pop()
    return still_open[-1][1] if still_open else None


found = fault(sys.stdin.readline().rstrip("\n"))
print("ok" if found is None else found)
