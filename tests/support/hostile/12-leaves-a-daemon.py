# It answers and leaves a process behind in a session of its own. The verdict must not wait for that process, and
# the next program must not meet it.
#
# verdict = "correct"

print(int(input()) + 1, flush=True)

import os, time

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(1000)
    os._exit(0)
