# A fork bomb. Which limit it meets first, that of processes or that of time, is a matter of luck.
#
# verdict = ["time_limit", "runtime_error", "memory_limit"]
# time_limit_s = 0.5

import os

while True:
    os.fork()
