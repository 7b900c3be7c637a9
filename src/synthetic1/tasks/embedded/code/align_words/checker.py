def check(input: str, output: str, expected: str) -> bool | str:
    """Whether the rows align the two words with the least number of differences."""
    words = input.split()
    least = expected.split()[0]
    lines = output.split()
    if len(lines) != 3:
        return f"three lines are wanted, there are {len(lines)}"
    if lines[0] != least:
        return f"the least number of differences is {least}, not {lines[0][:20]}"
    rows = lines[1:]
    for row, word in zip(rows, words):
        if row.replace("-", "") != word:
            return f"{row[:120]!r} is not {word} with gaps"
    if len(rows[0]) != len(rows[1]):
        return f"the rows have {len(rows[0])} and {len(rows[1])} columns"
    columns = list(zip(*rows))
    if ("-", "-") in columns:
        return "a column of two gaps"
    differences = sum(a != b for a, b in columns)
    return differences == int(least) or f"the rows differ in {differences} columns, not in {least}"
