# It leaves files of many gigabytes that hold nothing, and one that fills what room there is.
#
# verdict = ["wrong_answer", "runtime_error", "memory_limit"]

import os

for n in range(500):
    with open(f"/tmp/sparse-{n}", "wb") as file:
        os.truncate(file.fileno(), 60 << 20)
with open("/tmp/full", "wb", 0) as file:
    for _ in range(500):
        file.write(bytes(1 << 16))
print("nothing")
