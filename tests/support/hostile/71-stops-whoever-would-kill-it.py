# What it leaves stops every process that it can, all the time: also one that has just become this user to kill it.
#
# verdict = ["wrong_answer", "time_limit"]
# time_limit_s = 0.3

import os, signal

for _ in range(2):
    if os.fork() == 0:
        os.setsid()
        while True:
            try:
                os.kill(-1, signal.SIGSTOP)
            except OSError:
                pass
print("nothing")
