from collections import Counter
from math import factorial, prod


def kth_arrangement(letters: str, k: int) -> str:
    left = Counter(letters)

    def arrangements() -> int:
        return factorial(left.total()) // prod(map(factorial, left.values()))

    if k > arrangements():
        return ""
    result = ""
    while len(result) < len(letters):
        for letter in sorted(left):
            if left[letter] == 0:
                continue
            left[letter] -= 1
            beginning_so = arrangements()
            if k <= beginning_so:
                result += letter
                break
            k -= beginning_so
            left[letter] += 1
    return result
