# It closes its stdin while 1 MB of input is on the way.
#
# verdict = "correct"
# tests = [[{ repeat = "x", times = 1_000_000 }, "42"]]

import os

os.close(0)
print(42)
