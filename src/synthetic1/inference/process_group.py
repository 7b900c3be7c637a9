"""A process group that ends with the process that started it, however that dies.

The kernel can end the one process that was started when its parent dies (``end_with_parent``), but not what that one
has started meanwhile: a server that is killed while it loads a model would leave processes behind that hold its GPUs.
So a guard outside of the group waits until that process is gone, and ends the group. It is this file, run as a program.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

PR_SET_PDEATHSIG = 1
GRACE_S = 20.0  # for the group, from SIGTERM to SIGKILL


class GroupGuard:
    """Ends process group ``group`` when this process dies; ``close`` when there is nothing to be ended any more.

    No process that is forked from this one without ``exec`` may live longer: it keeps the guard waiting.
    """

    def __init__(self, group: int) -> None:
        reading, self._pipe = os.pipe()  # which the kernel closes when this process dies
        with os.fdopen(reading, "rb") as read:
            subprocess.run(
                [sys.executable, "-I", "-S", __file__, str(group)],
                stdin=read,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=True,
            )

    def close(self) -> None:
        """End the guard, not the group."""
        with suppress(BrokenPipeError):  # somebody has ended it
            os.write(self._pipe, b".")
        os.close(self._pipe)


def end_with_parent() -> None:
    """For a child, before ``exec``: have the kernel end it when the thread that started it dies."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def end_group(group: int) -> None:
    """SIGTERM, and SIGKILL for what is left of it after ``GRACE_S``."""
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGTERM)
        ends = time.monotonic() + GRACE_S
        while time.monotonic() < ends:
            os.killpg(group, 0)  # raises where nobody is left
            time.sleep(0.1)
        os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    if os.fork():  # no child of the one that is watched: Ray ends the children of a process that ends
        os._exit(0)
    os.setsid()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    if not sys.stdin.buffer.read():
        end_group(int(sys.argv[1]))
