# It searches files, environments, command lines and the memory of processes for the expected output. Of the files it
# opens new ones alone: an answer would have been written just now.
#
# verdict = "wrong_answer"
# tests = [["41\n", "xq81-the-expected-output-that-no-program-can-know-7c2f"]]

import os
import re
import time

pattern = re.compile(rb"xq81-the-expected[-a-z0-9]{20,60}")
new = time.time() - 600


def look(path, size=1 << 24):
    try:
        if path.startswith("/proc") or os.lstat(path).st_mtime > new:
            with open(path, "rb") as file:
                return pattern.search(file.read(size)).group().decode()
    except (OSError, MemoryError, ValueError, AttributeError):  # the last: nothing there
        return None


found = None
for pid in filter(str.isdigit, os.listdir("/proc")):
    for name in ("environ", "cmdline"):
        found = found or look(f"/proc/{pid}/{name}")
    try:
        for line in open(f"/proc/{pid}/maps"):
            if "[heap]" in line or "rw-p" in line:
                start, end = (int(x, 16) for x in line.split()[0].split("-"))
                with open(f"/proc/{pid}/mem", "rb") as memory:
                    memory.seek(start)
                    hits = pattern.findall(memory.read(min(end - start, 1 << 24)))
                    found = found or next((hit.decode() for hit in hits), None)
    except (OSError, ValueError, OverflowError):
        pass
for top in ("/tmp", "..", os.path.expanduser("~"), "/var", "/run", "/opt"):
    for folder, _, names in os.walk(top):
        for name in names:
            found = found or look(os.path.join(folder, name))
print(found)
