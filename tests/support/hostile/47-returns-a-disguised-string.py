# A string that shows itself as another: what it is counts, not what it says of itself.
#
# verdict = ["wrong_answer", "tampered"]
# function = "f"
# tests = [[[3], 7], [[4], 9]]


class S(str):
    __repr__ = __str__ = __format__ = lambda self, *a: "7"
    encode = lambda self, *a: b"7"

    def __iter__(self):
        return iter("7")


def f(n):
    return S("no")
