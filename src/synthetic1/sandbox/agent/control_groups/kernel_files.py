"""Reading and writing the small files by which the kernel shows a control group."""

from __future__ import annotations

import contextlib
import os
import time


class KeptFiles:
    """Files that stay open: reading one again costs a few microseconds."""

    def __init__(self) -> None:
        self._descriptors: dict[str, int] = {}

    def open(self, path: str, flags: int = os.O_RDONLY) -> None:
        """Raises OSError: the kernel shows no such file."""
        self._descriptors[path] = os.open(path, flags)

    def __contains__(self, path: str) -> bool:
        return path in self._descriptors

    def read(self, path: str) -> bytes:
        """What one of them says now."""
        return os.pread(self._descriptors[path], 8192, 0)

    def overwrite(self, path: str, content: bytes) -> None:
        """Raises OSError: the kernel refuses."""
        os.pwrite(self._descriptors[path], content, 0)

    def close(self) -> None:
        """Close them all; may be called twice."""
        for descriptor in self._descriptors.values():
            os.close(descriptor)
        self._descriptors.clear()


def field(text: bytes, name: bytes) -> int:
    """The number in the line ``name number``; 0 if there is no such line."""
    for line in text.splitlines():
        key, _, value = line.partition(b" ")
        if key == name:
            return int(value)
    return 0


def read(path: str) -> str:
    """Raises OSError: the kernel shows no such file."""
    with open(path, encoding="ascii") as file:
        return file.read()


def write(path: str, value: int | str) -> None:
    """Raises OSError: the kernel shows no such file, or refuses the value."""
    descriptor = os.open(path, os.O_WRONLY)  # never made when missing: that would be a plain file in a wrong place
    try:
        os.write(descriptor, str(value).encode("ascii"))
    finally:
        os.close(descriptor)


def write_if_there(path: str, value: int) -> bool:
    """Write a setting that kernels may lack; whether this one has it.

    Raises:
        OSError: the kernel refuses the value.
    """
    there = os.path.exists(path)
    if there:
        write(path, value)
    return there


def remove_folder(folder: str) -> None:
    """Remove an empty group. The kernel frees it a moment after its last process is gone, so it is asked repeatedly.

    Raises:
        OSError: it stays.
    """
    for _ in range(200):
        try:
            os.rmdir(folder)
            return
        except FileNotFoundError:
            return
        except OSError:
            time.sleep(0.005)
    with contextlib.suppress(FileNotFoundError):
        os.rmdir(folder)
