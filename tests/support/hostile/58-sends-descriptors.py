# It sends the write ends of its own output through its channel and leaves them there unread: the pipes then have no end
# for as long as nobody reads the channel, though nobody is left that writes.
#
# verdict = ["tampered", "runtime_error"]
# function = "f"
# tests = [[[3], 7]]

import os, socket

channel = socket.socket(fileno=3)


def f(n):
    try:
        for _ in range(3):
            channel.sendall(bytes(60_000))
        for _ in range(60):
            socket.send_fds(channel, [b"x"], [1, 2, 3])
    finally:
        os._exit(0)
