# It stops itself and all of its children.
#
# verdict = "time_limit"
# time_limit_s = 0.1

import os, signal

for _ in range(5):
    os.fork()
os.kill(-1, signal.SIGSTOP)
os.kill(os.getpid(), signal.SIGSTOP)
