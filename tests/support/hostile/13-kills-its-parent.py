# It kills its parent, if it may. Whatever that does to its own verdict, the slot must live on.
#
# verdict = ["correct", "runtime_error"]

import os, signal

try:
    os.kill(os.getppid(), signal.SIGKILL)
except OSError:
    pass
print(int(input()) + 1, flush=True)
