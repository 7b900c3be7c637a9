# It answers the call once more, at its end, on the descriptor that answers may use.
#
# verdict = ["wrong_answer", "tampered"]
# function = "f"
# tests = [[[3], 7], [[4], 9]]

import atexit, os

atexit.register(lambda: os.write(3, b'{"value": 7}\n'))


def f(n):
    return 0
