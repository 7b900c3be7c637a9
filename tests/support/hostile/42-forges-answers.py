# It writes answers in several formats to every descriptor it may have.
#
# verdict = ["wrong_answer", "tampered"]
# function = "f"
# tests = [[[3], 7], [[4], 9]]

import os

for fd in range(3, 64):
    for text in (b'{"value": 7}\n', b"7\n", b'\x00\x00\x00\x10{"op":"result"}'):
        try:
            os.write(fd, text)
        except OSError:
            pass


def f(n):
    return 0
