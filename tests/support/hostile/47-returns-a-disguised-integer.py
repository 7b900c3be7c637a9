# An integer that shows itself as another: what it is counts, not what it says of itself.
#
# verdict = ["wrong_answer", "tampered"]
# function = "f"
# tests = [[[3], 7], [[4], 9]]


class I(int):
    __repr__ = __str__ = __format__ = lambda self, *a: str(7)
    __int__ = __index__ = __trunc__ = lambda self: 7


def f(n):
    return I(0)
