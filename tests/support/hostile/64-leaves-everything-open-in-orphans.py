# Thirty orphans hold its output and its channel, and write to both now and then; it ends without an answer.
#
# verdict = ["tampered", "output_limit"]
# function = "f"
# tests = [[[3], 7]]

import os, time


def f(n):
    for _ in range(30):
        if os.fork() == 0:
            os.setsid()
            if os.fork():
                os._exit(0)
            while True:
                for fd in (1, 2, 3):
                    os.write(fd, b"x")
                time.sleep(0.01)
    os._exit(0)
