# It locks every file that it can open and others may want: programs, libraries, its own source.
#
# verdict = "wrong_answer"

import fcntl, os, sys, time

held = []
if os.fork() == 0:
    os.setsid()
    for path in ["/etc/ld.so.cache", sys.executable, "../main.py", "/usr/bin", "..", "/dev/null", "/tmp", os.__file__]:
        for lock in (fcntl.flock, fcntl.lockf):
            try:
                held.append(os.open(path, os.O_RDONLY))
                lock(held[-1], fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                pass
    os.write(1, b"locked\n")
    time.sleep(100)
time.sleep(0.1)
