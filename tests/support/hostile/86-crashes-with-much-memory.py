# Five processes of it crash at once with all of their memory, which somebody may want to write down.
#
# verdict = ["runtime_error", "memory_limit"]

import os

kept = bytearray(b"x" * (40 << 20))
for _ in range(5):
    if os.fork() == 0:
        break
os.abort()
