"""Control groups of version 2: one tree of groups, whose folders show every controller that is handed down to them."""

from __future__ import annotations

import os

from synthetic1.sandbox.agent.control_groups.controllers import CpuController, MemoryController
from synthetic1.sandbox.agent.control_groups.kernel_files import field, read, write, write_if_there


class CpuV2(CpuController):
    """``cpu.stat``, which every group has."""

    file = "cpu.stat"

    def used_s(self) -> float:
        return field(self._files.read(self._path), b"usage_usec") / 1e6


class MemoryV2(MemoryController):
    """``memory``."""

    peak_file = "memory.peak"
    oom_file = "memory.events"
    cached_field = b"file"

    def set_limit(self, limit_bytes: int) -> None:
        write(f"{self._folder}/memory.max", limit_bytes)
        write_if_there(f"{self._folder}/memory.swap.max", 0)


def groups_above(folder: str) -> list[str]:
    """The groups that this one lies in, the nearest first."""
    found = [folder]
    while os.path.exists(f"{os.path.dirname(found[-1])}/cgroup.procs"):
        found.append(os.path.dirname(found[-1]))
    return found[1:]


def hand_down(folder: str) -> None:
    """Have a group's children count and bound memory and processes.

    Raises:
        OSError: the kernel refuses, as where processes are in the group itself.
    """
    control = f"{folder}/cgroup.subtree_control"
    enabled = read(control).split()
    missing = [f"+{controller}" for controller in ("memory", "pids") if controller not in enabled]
    if missing:
        write(control, " ".join(missing))


def kill_at_once(folder: str) -> bool:
    """Kill all that is in a group; False: the kernel cannot (before Linux 5.14)."""
    return write_if_there(f"{folder}/cgroup.kill", 1)
