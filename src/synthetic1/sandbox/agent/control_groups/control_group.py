"""A control group: what its processes used, what they may use, and their end."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from synthetic1.sandbox.agent.control_groups import version_2
from synthetic1.sandbox.agent.control_groups.controllers import CpuController, MemoryController, PidsController
from synthetic1.sandbox.agent.control_groups.kernel_files import KeptFiles, read, remove_folder, write
from synthetic1.sandbox.agent.control_groups.version_1 import CpuV1, MemoryV1
from synthetic1.sandbox.agent.control_groups.version_2 import CpuV2, MemoryV2

CONTROLLERS = ("cpu", "memory", "pids")
_CPU: dict[int, type[CpuController]] = {1: CpuV1, 2: CpuV2}
_MEMORY: dict[int, type[MemoryController]] = {1: MemoryV1, 2: MemoryV2}


@dataclass(frozen=True)
class Place:
    """Where the kernel shows one controller of a group."""

    folder: str
    version: Literal[1, 2]
    """A machine may have some controllers in version 1 and the rest in version 2."""


class ControlGroup:
    """A set of processes that the kernel counts and bounds together.

    Args:
        places: of each of ``CONTROLLERS``; in version 2 all are the same folder.

    Raises:
        OSError: from the constructor, when the kernel shows no such group, or does not count all of this for it.
    """

    def __init__(self, places: Mapping[str, Place]) -> None:
        self._folders = list(dict.fromkeys(place.folder for place in places.values()))
        self._all_version_2 = all(place.version == 2 for place in places.values())
        self._files = KeptFiles()
        cpu, memory, pids = (places[name] for name in CONTROLLERS)
        try:
            self._cpu = _CPU[cpu.version](cpu.folder, self._files)
            self._memory = _MEMORY[memory.version](memory.folder, self._files)
            self._pids = PidsController(pids.folder, self._files)
        except OSError:
            self.close()
            raise

    def cpu_s(self) -> float:
        """CPU seconds used so far by all processes that are or were in it."""
        return self._cpu.used_s()

    def peak_bytes(self) -> int | None:
        """The most memory it held since ``reset_peak``, without cached pages of files from before; None: not known.

        Where the kernel lets nobody reset it (a container's read-only view), it is known only when it set a new record.
        """
        return self._memory.peak_bytes()

    def reset_peak(self) -> None:
        """Forget the peak so far."""
        self._memory.reset_peak()

    def oom_kills(self) -> int:
        """How many of its processes the kernel ever killed because memory ran out."""
        return self._memory.oom_kills()

    def processes(self) -> int:
        """Processes and threads in it now."""
        return self._pids.count()

    def set_limits(self, memory_bytes: int | None, processes: int) -> None:
        """Bound its memory (swap included, page cache and files in memory too) and its processes and threads.

        Args:
            memory_bytes: None = leave it.

        Raises:
            OSError: the kernel refuses; ``EBUSY`` when more memory is in use than allowed.
        """
        self._pids.set_limit(processes)
        if memory_bytes is not None:
            self._memory.set_limit(memory_bytes)

    def enter(self, pid: int = 0) -> None:
        """Move a process into it, with all its threads; 0 is the caller.

        Raises:
            OSError: there is no such process, or it is not ours to move.
        """
        for folder in self._folders:
            write(f"{folder}/cgroup.procs", pid)

    def members(self) -> set[int]:
        """The processes in it now, as this process numbers them."""
        return {int(pid) for folder in self._folders for pid in read(f"{folder}/cgroup.procs").split()}

    def kill_all(self, timeout_s: float = 10.0) -> None:
        """Kill everything in it and wait until it is empty.

        Raises:
            TimeoutError: something did not die (it hangs in the kernel).
        """
        deadline = time.monotonic() + timeout_s
        pids = self._pids.folder
        limit = read(f"{pids}/pids.max")
        self._pids.set_limit(0)  # nothing in it can fork any more, so one round of kills is enough
        try:
            while victims := self.members():
                if not (self._all_version_2 and version_2.kill_at_once(pids)):
                    for pid in victims:
                        with contextlib.suppress(ProcessLookupError):
                            os.kill(pid, signal.SIGKILL)
                if time.monotonic() > deadline:
                    raise TimeoutError(f"processes {sorted(victims)} in {pids} do not die")
                time.sleep(0.001)
        finally:
            self._pids.set_limit(limit)

    def remove(self) -> None:
        """Kill what is in it and remove it; may be called twice.

        Raises:
            OSError: it cannot be emptied.
        """
        folders = [folder for folder in self._folders if os.path.isdir(folder)]
        if len(folders) == len(self._folders):
            self.kill_all()
        self.close()
        for folder in folders:
            remove_folder(folder)

    def close(self) -> None:
        """Let go of its files; the group itself stays."""
        self._files.close()
