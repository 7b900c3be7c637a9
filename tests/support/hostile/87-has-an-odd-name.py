# It calls itself what the lines of /proc/PID/stat and its neighbours look like, and adopts orphans.
#
# verdict = "wrong_answer"

import ctypes, os, time

prctl = ctypes.CDLL(None).prctl
for name in (b") R 1 1 1\n", b"\n0\n\xff(((", b") Z 0 0"):
    if os.fork() == 0:
        os.setsid()
        prctl(15, name)
        prctl(36, 1)
        prctl(4, 0)
        os.fork()
        time.sleep(100)
prctl(15, b") X 0 (")
time.sleep(0.1)
print("nothing")
