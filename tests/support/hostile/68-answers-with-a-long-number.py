# Its answer is well framed: a number of four million digits, which takes minutes to read as one.
#
# verdict = ["wrong_answer", "tampered"]
# function = "f"
# tests = [[[3], 7]]

import os, sys


def f(n):
    nonce = sys._getframe(1).f_locals["nonce"].encode()
    text = nonce + b' {"value": ' + b"7" * 4_000_000 + b"}\n"
    while text:
        text = text[os.write(3, text) :]
    os._exit(0)
