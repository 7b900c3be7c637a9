"""Who owns a container: a process, named so that anyone on this machine can tell whether it still lives."""

from __future__ import annotations

import functools
import os
from pathlib import Path


@functools.cache
def _here() -> str:
    """Boot and pid namespace: process ids mean the same exactly where this is equal."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return f"{boot}:{os.stat('/proc/self/ns/pid').st_ino}"


def _start_time(pid: int) -> int | None:
    """Clock ticks between boot and the start of a process; None if there is none, or only its remains."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, *fields = stat.rpartition(")")[2].split()  # the name before it may hold spaces and parentheses
    return None if state in ("Z", "X") else int(fields[18])


def owner_id() -> str:
    """This process: ``<boot-id>:<pid namespace>:<pid>:<start time>``; pids come again, with the time they do not."""
    pid = os.getpid()
    return f"{_here()}:{pid}:{_start_time(pid)}"


def is_alive(owner: str) -> bool | None:
    """Whether the process of an ``owner_id`` lives; None: it is of another machine or pid namespace, unseen here."""
    here, *process = owner.rsplit(":", 2)
    if here != _here() or len(process) != 2 or not all(part.isdigit() for part in process):
        return None
    pid, started = map(int, process)
    return _start_time(pid) == started
