# Its answer is well framed, and nested deeper than a parser's stack.
#
# verdict = "tampered"
# function = "f"
# tests = [[[3], 7]]

import os, sys


def f(n):
    nonce = sys._getframe(1).f_locals["nonce"].encode()
    text = nonce + b' {"value": ' + b"[" * 4_000_000 + b"]" * 4_000_000 + b"}\n"
    while text:
        text = text[os.write(3, text) :]
    os._exit(0)
