# Files that exist in memory only count as memory.
#
# verdict = "memory_limit"

import os

chunk, fds = b"x" * (1 << 20), []
while True:
    fds.append(os.memfd_create("m"))
    for _ in range(16):
        os.write(fds[-1], chunk)
