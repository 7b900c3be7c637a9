# Fifty processes of the lowest priority there is, each with some memory to give back, have to be ended.
#
# verdict = ["time_limit", "memory_limit"]
# time_limit_s = 0.1

import os, time

for _ in range(50):
    if os.fork() == 0:
        break
for act in (lambda: os.nice(19), lambda: os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))):
    try:
        act()
    except OSError:
        pass
kept = bytearray(b"x" * (2 << 20))
time.sleep(100)
