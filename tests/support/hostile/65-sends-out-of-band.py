# It sends bytes out of band through its channel, which a plain read passes over.
#
# verdict = ["tampered", "runtime_error"]
# function = "f"
# tests = [[[3], 7]]

import os, socket

channel = socket.socket(fileno=3)


def f(n):
    try:
        for _ in range(100):
            channel.send(b"x", socket.MSG_OOB)
    finally:
        os._exit(0)
