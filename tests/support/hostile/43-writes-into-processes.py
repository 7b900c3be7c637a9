# It writes into the memory and the descriptors of every other process, at addresses that are mapped to be written: the
# first process of a namespace may run as the same user. It would answer right if one took it.
#
# verdict = "wrong_answer"

import os


def write(pid):
    """Whether one byte or more of another process's memory, or into one of its descriptors, could be written."""
    with open(f"/proc/{pid}/maps") as maps:
        spans = [line.split()[0].split("-") for line in maps if line.split()[1].startswith("rw")]
    with open(f"/proc/{pid}/mem", "r+b", buffering=0) as memory:
        for start, _ in spans:
            memory.seek(int(start, 16))
            byte = memory.read(1)
            memory.seek(int(start, 16))
            if memory.write(byte):
                return True
    return False


written = []
for pid in filter(str.isdigit, os.listdir("/proc")):
    if int(pid) == os.getpid():
        continue
    try:
        written += [pid] if write(pid) else []
    except OSError:
        pass
    for fd in range(10):
        try:
            with open(f"/proc/{pid}/fd/{fd}", "r+b", buffering=0) as file:
                file.write(b"42\n")
        except OSError:
            pass
print(42 if written else "nothing")
