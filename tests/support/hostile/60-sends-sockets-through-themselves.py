# It leaves sockets in flight that hold one another, and its channel with them: only the kernel's collector ends them.
#
# verdict = ["tampered", "runtime_error"]
# function = "f"
# tests = [[[3], 7]]

import os, socket


def f(n):
    try:
        for _ in range(40):
            a, b = socket.socketpair()
            socket.send_fds(a, [b"x"], [a.fileno(), b.fileno(), 3, 1])
            socket.send_fds(b, [b"x"], [a.fileno(), b.fileno(), 3, 1])
    finally:
        os._exit(0)
