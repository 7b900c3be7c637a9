# It shuts its channel for both directions and returns the right value.
#
# verdict = ["runtime_error", "tampered"]
# function = "f"
# tests = [[[3], 7]]

import socket


def f(n):
    socket.socket(fileno=3).shutdown(socket.SHUT_RDWR)
    return 7
