# It recurses until the stack or the memory ends. The memory limit is small because a busy machine hands out
# memory slowly.
#
# verdict = ["runtime_error", "memory_limit"]
# memory_limit_mb = 96

import sys

sys.setrecursionlimit(10**9)


def f(n):
    return f(n + 1) + 1


f(0)
