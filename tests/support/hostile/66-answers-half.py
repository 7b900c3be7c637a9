# It begins the right answer, in single bytes, and ends in its middle.
#
# verdict = "tampered"
# function = "f"
# tests = [[[3], 7]]

import os, sys


def f(n):
    nonce = sys._getframe(1).f_locals["nonce"].encode()
    for byte in nonce + b' {"value": 7':
        os.write(3, bytes([byte]))
    os._exit(0)
