def nth_balanced(n: int, k: int) -> str:
    found = []

    def extend(sequence: str, opened: int, depth: int) -> None:
        if len(sequence) == 2 * n:
            found.append(sequence)
            return
        if opened < n:
            extend(sequence + "(", opened + 1, depth + 1)
        if depth > 0:
            extend(sequence + ")", opened, depth - 1)

    extend("", 0, 0)
    return found[k] if k < len(found) else ""
