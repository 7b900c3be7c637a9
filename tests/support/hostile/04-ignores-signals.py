# A limit that is a signal the program may ignore, such as SIGXCPU or SIGTERM, would not end it.
#
# verdict = "time_limit"
# time_limit_s = 0.5

import signal

for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
while True:
    pass
