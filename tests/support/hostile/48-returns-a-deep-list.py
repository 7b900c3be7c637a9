# A value nested a million times, which overflows the stack of whoever writes it down.
#
# verdict = ["runtime_error", "tampered", "memory_limit"]
# function = "f"
# tests = [[[3], 7], [[4], 9]]

import sys

sys.setrecursionlimit(10**9)


def f(n):
    x = []
    for _ in range(10**6):
        x = [x]
    return x
