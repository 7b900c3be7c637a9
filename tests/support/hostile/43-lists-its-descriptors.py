# A program has the three standard descriptors and no other. Anything more would be a way out, or into the next
# program: a pipe of the agent's, the system call filter.
#
# verdict = "correct"
# tests = [["", "absent\n"]]

import os

found = {fd: os.readlink(f"/proc/self/fd/{fd}") for fd in range(3, 256) if os.path.lexists(f"/proc/self/fd/{fd}")}
print(found or "absent")
