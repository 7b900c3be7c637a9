# A fork bomb that goes on when fork fails.
#
# verdict = ["time_limit", "runtime_error"]
# time_limit_s = 0.5

import os

while True:
    try:
        os.fork()
    except OSError:
        pass
