# It takes all that the kernel counts for a user as a whole, in every process that it may have, and ends: descriptors,
# pipe buffers, watches, timers, terminals, sockets in flight.
#
# verdict = ["wrong_answer", "runtime_error"]

import ctypes, fcntl, os, socket, time

libc = ctypes.CDLL(None)


def take():
    try:
        while True:
            libc.inotify_init()
            libc.timerfd_create(1, 0)
            libc.timer_create(1, None, ctypes.byref(ctypes.c_long()))
            os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY)
            fcntl.fcntl(os.pipe()[0], 1031, 1 << 20)
            a, b = socket.socketpair()
            socket.send_fds(a, [b"x"], [a.detach(), b.detach()])
    except OSError:
        pass


for _ in range(50):
    if os.fork() == 0:
        take()
        time.sleep(100)
take()
print("nothing")
