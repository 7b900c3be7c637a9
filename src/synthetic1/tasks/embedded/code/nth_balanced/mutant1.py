from functools import lru_cache


@lru_cache(maxsize=None)
def completions(left: int, depth: int) -> int:
    """In how many ways `left` further characters can close `depth` open brackets."""
    if depth < 0 or depth > left:
        return 0
    if left == 0:
        return 1
    return completions(left - 1, depth + 1) + completions(left - 1, depth - 1)


def nth_balanced(n: int, k: int) -> str:
    if k > completions(2 * n, 0):
        return ""
    sequence = ""
    depth = 0
    for left in range(2 * n - 1, -1, -1):
        opening = completions(left, depth + 1)
        if k < opening:
            sequence += "("
            depth += 1
        else:
            k -= opening
            sequence += ")"
            depth -= 1
    return sequence
