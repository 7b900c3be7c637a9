from itertools import permutations


def kth_arrangement(letters: str, k: int) -> str:
    arrangements = sorted(set(permutations(letters)))
    return "".join(arrangements[k - 1]) if k <= len(arrangements) else ""
