# Its children use the time while it sleeps: the limit counts them too.
#
# verdict = "time_limit"
# time_limit_s = 0.5

import os, time

for _ in range(4):
    if os.fork() == 0:
        while True:
            pass
time.sleep(1000)
