from itertools import groupby


def squeeze(text: str) -> str:
    parts = []
    for letter, run in groupby(text):
        length = len(list(run))
        parts.append(letter if length == 1 else f"{letter}{length}")
    return "".join(parts)
