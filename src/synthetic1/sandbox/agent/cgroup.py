"""Control groups, version 1, 2 and both at once: what a set of processes used, and what it may use."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

_CONTROLLERS = ("cpu", "memory", "pids")
_V1_NAMES = {"cpu": "cpuacct", "memory": "memory", "pids": "pids"}
_CPU = {1: "cpuacct.usage", 2: "cpu.stat"}
_PEAK = {1: "memory.max_usage_in_bytes", 2: "memory.peak"}
_OOM = {1: "memory.oom_control", 2: "memory.events"}


@dataclass(frozen=True)
class _Place:
    """One controller's folder. Version 1 has a tree for each controller, version 2 one tree for all."""

    folder: str
    version: int


class Cgroup:
    """A set of processes that the kernel counts and bounds together.

    The files it reads often stay open: a reading costs a few microseconds.

    Raises:
        OSError: from the constructor, when the kernel shows no such group, or counts none of it.
    """

    def __init__(self, places: dict[str, _Place]) -> None:
        self._places = places
        self._open: dict[str, int] = {}
        self._unreset_peak = -1
        self._cached_before = 0
        try:
            cpu, memory, pids = (places[name] for name in _CONTROLLERS)
            self._open["cpu"] = os.open(f"{cpu.folder}/{_CPU[cpu.version]}", os.O_RDONLY)
            self._open["oom"] = os.open(f"{memory.folder}/{_OOM[memory.version]}", os.O_RDONLY)
            # The machine's root group has no such file, and what it counts is not ours.
            self._open["pids"] = os.open(f"{pids.folder}/pids.current", os.O_RDONLY)
            self._open["stat"] = os.open(f"{memory.folder}/memory.stat", os.O_RDONLY)
            self._open_peak(f"{memory.folder}/{_PEAK[memory.version]}")
        except OSError:
            self.close()
            raise

    def cpu_s(self) -> float:
        """CPU seconds used so far by all processes that are or were in it."""
        text = self._read("cpu")
        if self._places["cpu"].version == 1:
            return int(text) / 1e9
        return _field(text, b"usage_usec") / 1e6

    def peak_bytes(self) -> int | None:
        """The most memory it held since ``reset_peak``, without cached pages of files from before; None: not known.

        Where the kernel lets nobody reset it (a container's read-only view), it is known only when it set a new record.
        """
        if "peak" not in self._open:
            return None
        peak = int(self._read("peak"))
        return max(peak - self._cached_before, 0) if peak > self._unreset_peak else None

    def reset_peak(self) -> None:
        """Forget the peak so far."""
        if "peak" not in self._open:
            return
        self._cached_before = self._cached_bytes()
        try:
            os.pwrite(self._open["peak"], b"0", 0)
            self._unreset_peak = -1
        except OSError:
            self._unreset_peak = int(self._read("peak"))

    def oom_kills(self) -> int:
        """How many of its processes the kernel ever killed because memory ran out."""
        return _field(self._read("oom"), b"oom_kill")

    def processes(self) -> int | None:
        """Processes and threads in it now."""
        return int(self._read("pids"))

    def set_limits(self, memory_bytes: int | None, processes: int) -> None:
        """Bound its memory (swap included, page cache and files in memory too) and its processes and threads.

        Args:
            memory_bytes: None = leave it.

        Raises:
            OSError: the kernel refuses; ``EBUSY`` when more memory is in use than allowed.
        """
        self._write("pids", "pids.max", processes)
        if memory_bytes is None:
            return
        if self._places["memory"].version == 2:
            self._write("memory", "memory.max", memory_bytes)
            self._write_if_there("memory.swap.max", 0)
            return
        # At every moment memory + swap must be at least memory, so the first is lifted before either is set.
        self._write_if_there("memory.memsw.limit_in_bytes", -1)
        self._write("memory", "memory.limit_in_bytes", memory_bytes)
        if not self._write_if_there("memory.memsw.limit_in_bytes", memory_bytes):
            self._write_if_there("memory.swappiness", 0)

    def enter(self, pid: int = 0) -> None:
        """Move a process into it, with all its threads; 0 is the caller.

        Raises:
            OSError: no such process, or not ours to move.
        """
        for folder in self._folders():
            _write(f"{folder}/cgroup.procs", pid)

    def kill_all(self, timeout_s: float = 10.0) -> None:
        """Kill everything in it and wait until it is empty.

        Raises:
            TimeoutError: something did not die (it hangs in the kernel).
        """
        deadline = time.monotonic() + timeout_s
        pids = self._places["pids"].folder
        limit = Path(f"{pids}/pids.max").read_text(encoding="ascii")
        _write(f"{pids}/pids.max", 0)  # nothing in it can fork any more, so one round of kills is enough
        try:
            while victims := self._members():
                if not self._kill_at_once():
                    for pid in victims:
                        with contextlib.suppress(ProcessLookupError):
                            os.kill(pid, signal.SIGKILL)
                if time.monotonic() > deadline:
                    raise TimeoutError(f"processes {sorted(victims)} in {pids} do not die")
                time.sleep(0.001)
        finally:
            _write(f"{pids}/pids.max", limit)

    def remove(self) -> None:
        """Kill what is in it and remove it; may be called twice.

        Raises:
            OSError: it cannot be emptied.
        """
        folders = [folder for folder in self._folders() if os.path.isdir(folder)]
        if len(folders) == len(self._folders()):
            self.kill_all()
        self.close()
        for folder in folders:
            _remove_folder(folder)

    def close(self) -> None:
        """Let go of its files; the group itself stays."""
        for descriptor in self._open.values():
            os.close(descriptor)
        self._open.clear()

    def _open_peak(self, path: str) -> None:
        for mode in (os.O_RDWR, os.O_RDONLY):  # version 2 resets for one open file only, so it must be this one
            with contextlib.suppress(OSError):
                self._open["peak"] = os.open(path, mode)
                return

    def _cached_bytes(self) -> int:
        """Pages of files on disks, which the kernel keeps for as long as nobody needs the room."""
        stat = self._read("stat")
        cached = _field(stat, b"cache") if self._places["memory"].version == 1 else _field(stat, b"file")
        return cached - _field(stat, b"shmem")

    def _read(self, name: str) -> bytes:
        return os.pread(self._open[name], 8192, 0)

    def _write(self, controller: str, name: str, value: int) -> None:
        _write(f"{self._places[controller].folder}/{name}", value)

    def _write_if_there(self, name: str, value: int) -> bool:
        """A setting of the memory controller that kernels may lack."""
        there = os.path.exists(f"{self._places['memory'].folder}/{name}")
        if there:
            self._write("memory", name, value)
        return there

    def _folders(self) -> list[str]:
        return list(dict.fromkeys(place.folder for place in self._places.values()))

    def _members(self) -> set[int]:
        found: set[int] = set()
        for folder in self._folders():
            with open(f"{folder}/cgroup.procs", encoding="ascii") as file:
                found.update(map(int, file.read().split()))
        return found

    def _kill_at_once(self) -> bool:
        """By the kernel's own means: version 2, since Linux 5.14."""
        if any(place.version == 1 for place in self._places.values()):
            return False
        path = f"{self._places['pids'].folder}/cgroup.kill"
        if not os.path.exists(path):
            return False
        _write(path, 1)
        return True


def own() -> Cgroup | None:
    """The group this process is in, to read from; None where the kernel shows none, or only the machine's root."""
    places = _own_places()
    try:
        return Cgroup(places) if places else None
    except OSError:
        return None


def create(name: str) -> Cgroup | None:
    """A new group below this process's own; None where we may not make one, or have no say over memory and processes.

    In version 2 a group that holds processes cannot hand controllers down, so there the nearest one above that does.
    """
    places = _own_places()
    if not places:
        return None
    try:
        made = {controller: _create_folder(place, name) for controller, place in places.items()}
    except OSError:
        _remove_litter(places, name)
        return None
    try:
        return Cgroup(made)
    except OSError:
        for place in made.values():
            _remove_folder(place.folder)
        return None


def leftovers(prefix: str) -> list[str]:
    """Names beginning with ``prefix`` of groups below our own, from this process or from others, dead ones too."""
    names: set[str] = set()
    for place in (_own_places() or {}).values():
        for parent in _parents(place):
            with contextlib.suppress(OSError):
                names.update(name for name in os.listdir(parent) if name.startswith(prefix))
    return sorted(names)


def remove_leftover(name: str) -> None:
    """Kill what is in a group that another process made and left, and remove it; what is not ours to remove stays."""
    found = {
        controller: _Place(f"{parent}/{name}", place.version)
        for controller, place in (_own_places() or {}).items()
        for parent in _parents(place)
        if os.path.isdir(f"{parent}/{name}")
    }
    if len(found) == len(_CONTROLLERS):
        with contextlib.suppress(OSError):
            Cgroup(found).remove()
    for place in found.values():  # of one that was half made, or half removed
        with contextlib.suppress(OSError):
            os.rmdir(place.folder)


def _own_places(proc: str = "/proc/self") -> dict[str, _Place] | None:
    """Each controller's folder for this process; None if one is not mounted."""
    try:
        mounts = Path(f"{proc}/mountinfo").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
        groups = Path(f"{proc}/cgroup").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return None
    places: dict[str, _Place] = {}
    paths: dict[str, str] = {}  # version 1 controller, or "" for version 2 → the group's path
    for line in groups:
        _, names, path = line.split(":", 2)
        paths.update(dict.fromkeys(names.split(","), path))
    for line in mounts:
        left, _, right = line.partition(" - ")
        root, point = left.split(" ")[3:5]
        kind, _, options = right.split(" ", 2)
        for controller in _CONTROLLERS:
            v1_name = _V1_NAMES[controller]
            if kind == "cgroup" and v1_name in options.split(",") and v1_name in paths:
                places[controller] = _Place(_inside(point, root, paths[v1_name]), 1)
            elif kind == "cgroup2" and v1_name not in paths and "" in paths:
                places.setdefault(controller, _Place(_inside(point, root, paths[""]), 2))
    return places if len(places) == len(_CONTROLLERS) else None


def _inside(mount_point: str, mounted: str, path: str) -> str:
    """Where the group ``path`` shows when ``mounted`` is what the mount shows: in a container that is the group."""
    below = os.path.relpath(path, mounted)
    return mount_point if below == "." or below.startswith("..") else f"{mount_point}/{below}"


def _parents(place: _Place) -> list[str]:
    """Where a new group may go: below our own, or, in version 2, below one above it."""
    found = [place.folder]
    while place.version == 2 and os.path.exists(f"{os.path.dirname(found[-1])}/cgroup.procs"):
        found.append(os.path.dirname(found[-1]))
    return found


def _create_folder(place: _Place, name: str) -> _Place:
    refused: OSError | None = None
    for parent in _parents(place):
        try:
            if place.version == 2:
                _hand_down(parent)
            os.makedirs(f"{parent}/{name}", exist_ok=True)  # version 2: the same folder for every controller
            return _Place(f"{parent}/{name}", place.version)
        except OSError as error:
            refused = error
    raise refused or OSError(f"no group to make {name} in")


def _hand_down(parent: str) -> None:
    """Have a version 2 group's children count and bound what we need; ``cpu.stat`` needs no controller."""
    enabled = Path(f"{parent}/cgroup.subtree_control").read_text(encoding="ascii").split()
    missing = [f"+{controller}" for controller in ("memory", "pids") if controller not in enabled]
    if missing:
        _write(f"{parent}/cgroup.subtree_control", " ".join(missing))


def _remove_litter(places: dict[str, _Place], name: str) -> None:
    for place in places.values():
        for parent in _parents(place):
            with contextlib.suppress(OSError):
                os.rmdir(f"{parent}/{name}")


def _remove_folder(folder: str) -> None:
    """The kernel frees a group a moment after its last process is gone, so it is asked more than once."""
    for _ in range(200):
        try:
            os.rmdir(folder)
            return
        except FileNotFoundError:
            return
        except OSError:
            time.sleep(0.005)
    os.rmdir(folder)


def _field(text: bytes, name: bytes) -> int:
    for line in text.splitlines():
        key, _, value = line.partition(b" ")
        if key == name:
            return int(value)
    return 0


def _write(path: str, value: int | str) -> None:
    descriptor = os.open(path, os.O_WRONLY)  # never made when missing: that would be a plain file in a wrong place
    try:
        os.write(descriptor, str(value).encode("ascii"))
    finally:
        os.close(descriptor)
