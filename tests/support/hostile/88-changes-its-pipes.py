# It makes its pipes as small as they can be, has them carry packets, and fills its own stdin from the wrong side.
#
# verdict = "wrong_answer"
# tests = [[{repeat = "41\n", times = 300000}, "42\n"]]

import fcntl, os

for fd in (0, 1, 2):
    for act in ((1031, 4096), (fcntl.F_SETFL, os.O_DIRECT | os.O_NONBLOCK), (fcntl.F_SETOWN, 1)):
        try:
            fcntl.fcntl(fd, *act)
        except OSError:
            pass
full = os.open("/proc/self/fd/0", os.O_WRONLY | os.O_NONBLOCK)
try:
    while True:
        os.write(full, b"x")
except OSError:
    pass
for _ in range(1000):
    try:
        os.write(1, b"7")
    except OSError:
        pass
