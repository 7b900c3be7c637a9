# Its threads write to its channel for ever.
#
# verdict = "output_limit"
# function = "f"
# tests = [[[3], 7]]

import os, threading


def flood():
    while True:
        os.write(3, bytes(1 << 16))


def f(n):
    for _ in range(8):
        threading.Thread(target=flood).start()
    flood()
