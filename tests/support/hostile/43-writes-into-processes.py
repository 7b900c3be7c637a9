# It writes the right answer into the memory and the descriptors of every other process.
#
# verdict = ["wrong_answer", "runtime_error"]

import os

for pid in filter(str.isdigit, os.listdir("/proc")):
    if int(pid) == os.getpid():
        continue
    for name in ("mem", "fd/0", "fd/1", "fd/2", "fd/3", "fd/4", "fd/5"):
        try:
            with open(f"/proc/{pid}/{name}", "r+b", buffering=0) as file:
                file.write(b"42\n" * 1000)
        except OSError:
            pass
print("nothing")
