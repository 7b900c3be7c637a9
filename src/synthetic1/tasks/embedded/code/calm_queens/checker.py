def check(input: str, output: str, expected: str) -> bool | str:
    """Whether the queens leave one another alone."""
    words = output.split()
    if expected.split() == ["impossible"]:
        return words == ["impossible"] or "there is no way"
    if words == ["impossible"]:
        return "there is a way"
    size, *board = input.split()
    n = int(size)
    columns = [str(column) for column in range(1, n + 1)]
    if len(words) != n:
        return f"{len(words)} numbers for {n} rows"
    for word in words:
        if word not in columns:
            return f"no such column: {word[:20]!r}"
    queens = [(row, int(word) - 1) for row, word in enumerate(words)]
    for index, (row, column) in enumerate(queens):
        if board[row][column] == "#":
            return f"the queen in row {row + 1} stands on a broken square"
        for other_row, other_column in queens[:index]:
            if column == other_column or abs(column - other_column) == row - other_row:
                return f"the queens in rows {other_row + 1} and {row + 1} attack each other"
    return True
