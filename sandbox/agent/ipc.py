"""System V shared memory, semaphores and message queues: they outlive their processes, so somebody removes them."""

from __future__ import annotations

import ctypes
import os

_IPC_RMID = 0
_LIBC = ctypes.CDLL(None)
_REMOVE = {
    "shm": lambda number: _LIBC.shmctl(number, _IPC_RMID, None),
    "sem": lambda number: _LIBC.semctl(number, 0, _IPC_RMID, 0),
    "msg": lambda number: _LIBC.msgctl(number, _IPC_RMID, None),
}


def remove_own() -> None:
    """Remove those of this process's user, as far as this namespace shows them."""
    for kind, remove in _REMOVE.items():
        try:
            with open(f"/proc/sysvipc/{kind}", "rb", buffering=0) as file:
                lines = file.readall().splitlines()
        except OSError:
            continue  # the kernel has none of that kind
        if len(lines) < 2:
            continue
        names = lines[0].split()
        for line in lines[1:]:
            fields = dict(zip(names, map(int, line.split()), strict=False))
            if fields[b"uid"] == os.geteuid():
                remove(fields[f"{kind}id".encode()])
