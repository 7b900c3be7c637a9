# It kills every process it may kill, which must be its own alone.
#
# verdict = "runtime_error"

import os, signal

os.kill(-1, signal.SIGKILL)
raise SystemExit(1)
