"""What a group's three controllers do, whichever version of control groups they are of."""

from __future__ import annotations

import contextlib
import os
from abc import ABC, abstractmethod
from typing import ClassVar

from synthetic1.sandbox.agent.control_groups.kernel_files import KeptFiles, field, write


class CpuController(ABC):
    """Counts CPU time.

    Args:
        folder: where the kernel shows it for one group.
        files: of that group, to be closed together.

    Raises:
        OSError: the kernel does not count it there.
    """

    file: ClassVar[str]

    def __init__(self, folder: str, files: KeptFiles) -> None:
        self._path, self._files = f"{folder}/{self.file}", files
        files.open(self._path)

    @abstractmethod
    def used_s(self) -> float:
        """Seconds used so far by all processes that are or were in the group."""


class MemoryController(ABC):
    """Counts and bounds memory.

    Args:
        folder: where the kernel shows it for one group.
        files: of that group, to be closed together.

    Raises:
        OSError: the kernel does not count it there.
    """

    peak_file: ClassVar[str]
    oom_file: ClassVar[str]
    cached_field: ClassVar[bytes]
    """Of ``memory.stat``: bytes of files, those that are held in memory alone included."""

    def __init__(self, folder: str, files: KeptFiles) -> None:
        self._folder, self._files = folder, files
        self._peak, self._oom, self._stat = (
            f"{folder}/{name}" for name in (self.peak_file, self.oom_file, "memory.stat")
        )
        self._unreset_peak = -1
        self._cached_before = 0
        files.open(self._oom)
        files.open(self._stat)
        for flags in (os.O_RDWR, os.O_RDONLY):  # version 2 resets for one open file only, so it must be this one
            with contextlib.suppress(OSError):
                files.open(self._peak, flags)
                break

    @abstractmethod
    def set_limit(self, limit_bytes: int) -> None:
        """Bound it, swap included.

        Raises:
            OSError: the kernel refuses; ``EBUSY`` when more is in use.
        """

    def peak_bytes(self) -> int | None:
        """The most that the group held since ``reset_peak``; see ``ControlGroup.peak_bytes``."""
        if self._peak not in self._files:
            return None
        peak = int(self._files.read(self._peak))
        return max(peak - self._cached_before, 0) if peak > self._unreset_peak else None

    def reset_peak(self) -> None:
        """Forget the peak so far."""
        if self._peak not in self._files:
            return
        self._cached_before = self._cached_bytes()
        try:
            self._files.overwrite(self._peak, b"0")
            self._unreset_peak = -1
        except OSError:
            self._unreset_peak = int(self._files.read(self._peak))

    def oom_kills(self) -> int:
        """How many of the group's processes the kernel ever killed because memory ran out."""
        return field(self._files.read(self._oom), b"oom_kill")

    def _cached_bytes(self) -> int:
        """Pages of files on disks, which the kernel keeps for as long as nobody needs the room."""
        stat = self._files.read(self._stat)
        return field(stat, self.cached_field) - field(stat, b"shmem")


class PidsController:
    """Counts and bounds processes and threads; the same in both versions.

    Args:
        folder: where the kernel shows it for one group.
        files: of that group, to be closed together.

    Raises:
        OSError: the kernel does not count them there, as in the machine's root group, which is not ours to read.
    """

    def __init__(self, folder: str, files: KeptFiles) -> None:
        self.folder, self._files = folder, files
        self._current = f"{folder}/pids.current"
        files.open(self._current)

    def count(self) -> int:
        """Processes and threads in the group now."""
        return int(self._files.read(self._current))

    def set_limit(self, processes: int | str) -> None:
        """Raises OSError: the kernel refuses."""
        write(f"{self.folder}/pids.max", processes)
