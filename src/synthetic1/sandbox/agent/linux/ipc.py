"""System V shared memory, semaphores and message queues: they outlive their processes, so somebody removes them."""

from __future__ import annotations

import ctypes
import os

_IPC_RMID = 0
_KINDS = {"shm": b"shmid", "sem": b"semid", "msg": b"msqid"}  # and what the column of their numbers is called
_LIBC = ctypes.CDLL(None)


def _remove(kind: str, number: int) -> None:
    if kind == "sem":
        _LIBC.semctl(number, 0, _IPC_RMID, 0)
    else:
        {"shm": _LIBC.shmctl, "msg": _LIBC.msgctl}[kind](number, _IPC_RMID, None)


def any_left() -> bool:
    """Whether this namespace has any, of whomever."""
    return any(len(_lines(kind)) > 1 for kind in _KINDS)


def remove_own() -> None:
    """Remove those of this process's user."""
    for kind in _KINDS:
        names, *lines = _lines(kind) or [b""]
        for line in lines:
            fields = dict(zip(names.split(), map(int, line.split()), strict=False))
            if fields[b"uid"] == os.geteuid():
                _remove(kind, fields[_KINDS[kind]])


def _lines(kind: str) -> list[bytes]:
    try:
        with open(f"/proc/sysvipc/{kind}", "rb", buffering=0) as file:
            return file.readall().splitlines()
    except OSError:
        return []  # the kernel has none of that kind
