"""Looking at processes through /proc."""

from __future__ import annotations

import os
from collections.abc import Iterable

_TICKS_S = 1 / os.sysconf("SC_CLK_TCK")


def children(pid: int) -> list[int]:
    """The children of a single-threaded process, zombies too; none if there is no such process."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children", "rb", buffering=0) as file:
            return [int(child) for child in file.read().split()]
    except FileNotFoundError:  # the process is gone, or the kernel is built without that file
        return [child for child in _all() if (stat := _stat(child)) and int(stat[1]) == pid]
    except ProcessLookupError:
        return []


class Children:
    """The children of this process, which has one thread: the same as ``children``, with the file kept open."""

    def __init__(self) -> None:
        self._pid = os.getpid()
        try:
            self._file = os.open(f"/proc/{self._pid}/task/{self._pid}/children", os.O_RDONLY)
        except FileNotFoundError:
            self._file = -1

    def pids(self) -> list[int]:
        if self._file < 0:
            return children(self._pid)
        text = os.pread(self._file, 1 << 16, 0)
        return [int(child) for child in text.split()] if len(text) < 4000 else children(self._pid)


def descendants(pid: int) -> list[int]:
    """All processes below one, parents before children. (The main thread's children only, by ``children``'s file.)"""
    parents: dict[int, list[int]] = {}
    for child in _all():
        if stat := _stat(child):
            parents.setdefault(int(stat[1]), []).append(child)
    found = list(parents.get(pid, ()))
    for child in found:
        found += parents.get(child, ())
    return found


def cpu_s(pid: int) -> float:
    """CPU seconds of a process and of the children it waited for; 0 if it has gone."""
    stat = _stat(pid)
    return sum(map(int, stat[11:15])) * _TICKS_S if stat else 0.0


def are_asleep(pids: Iterable[int]) -> bool:
    """Whether all threads of these processes wait for something other than a processor or a disk, or have ended; those
    that have gone do not count. False if all have."""
    states = [state for pid in pids for state in _thread_states(pid)]
    return bool(states) and all(state in b"SZXxTt" for state in states)


def waited_s(pids: Iterable[int]) -> float:
    """Seconds that a thread of these processes was ready to run and no processor was free; of the thread that has
    waited longest. 0 where the kernel does not count them."""
    return max((_run_delay_s(f"{pid}/task/{thread}") for pid in pids for thread in _threads(pid)), default=0.0)


def uid(pid: int) -> int | None:
    """The user it runs as; None if it has gone."""
    try:
        return os.stat(f"/proc/{pid}").st_uid
    except (FileNotFoundError, ProcessLookupError):
        return None


def _thread_states(pid: int) -> list[bytes]:
    return [stat[0] for thread in _threads(pid) if (stat := _stat(f"{pid}/task/{thread}"))]


def _threads(pid: int) -> list[str]:
    try:
        return os.listdir(f"/proc/{pid}/task")
    except (FileNotFoundError, ProcessLookupError):
        return []


def _run_delay_s(thread: str) -> float:
    try:
        with open(f"/proc/{thread}/schedstat", "rb", buffering=0) as file:
            return int(file.read().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0


def _all() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdecimal()]


def _stat(pid: int | str) -> list[bytes] | None:
    """The fields after the command's name: state, parent, …"""
    try:
        with open(f"/proc/{pid}/stat", "rb", buffering=0) as file:
            return file.read().rpartition(b")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
