# It fills its memory with files, and what is left with small processes that offer themselves last when memory runs out:
# the largest one that the kernel finds may be the agent.
#
# verdict = ["memory_limit", "runtime_error", "wrong_answer", "tampered"]
# memory_limit_mb = 128

import os, time

with open("/proc/self/oom_score_adj", "w") as file:
    try:
        file.write("0")
        file.flush()
    except OSError:
        pass
try:
    for n in range(8):
        with open(f"/tmp/{n}", "wb", 0) as file:
            for _ in range(60):
                file.write(bytes(1 << 20))
except OSError:
    pass
for _ in range(40):
    if os.fork() == 0:
        kept = bytearray(b"x" * (4 << 20))
        time.sleep(0.3)
        os._exit(0)
for _ in range(40):
    os.wait()
