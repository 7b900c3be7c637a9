"""Control groups of version 1, where each controller has a tree of groups of its own."""

from __future__ import annotations

from synthetic1.sandbox.agent.control_groups.controllers import CpuController, MemoryController
from synthetic1.sandbox.agent.control_groups.kernel_files import write, write_if_there

NAMES = {"cpu": "cpuacct", "memory": "memory", "pids": "pids"}
"""Controller → what version 1 calls it."""


class CpuV1(CpuController):
    """``cpuacct``."""

    file = "cpuacct.usage"

    def used_s(self) -> float:
        return int(self._files.read(self._path)) / 1e9


class MemoryV1(MemoryController):
    """``memory``."""

    peak_file = "memory.max_usage_in_bytes"
    oom_file = "memory.oom_control"
    cached_field = b"cache"

    def set_limit(self, limit_bytes: int) -> None:
        with_swap = f"{self._folder}/memory.memsw.limit_in_bytes"
        # At every moment memory + swap must be at least memory, so the first is lifted before either is set.
        write_if_there(with_swap, -1)
        write(f"{self._folder}/memory.limit_in_bytes", limit_bytes)
        if not write_if_there(with_swap, limit_bytes):
            write_if_there(f"{self._folder}/memory.swappiness", 0)
