"""What this machine says of itself to a pool: no name, no address."""

from __future__ import annotations

import os
from pathlib import Path

SHARE = 4
"""Of the memory, one part in so many is given to a challenge."""


def device_of() -> tuple[str, int]:
    """The device that generates, and the bytes of memory that it can give to a challenge."""
    try:
        import torch

        if torch.cuda.is_available():
            properties = torch.cuda.get_device_properties(0)
            return f"{properties.name} x{torch.cuda.device_count()}"[:80], properties.total_memory // SHARE
    except Exception:  # a driver that does not fit says so in many ways; then there is no GPU for us
        pass
    return f"{_cpu()}, {os.cpu_count()} cores"[:80], _memory_bytes() // SHARE


def _cpu() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()[:60] or "CPU"
    except OSError:
        pass
    return "CPU"


def _memory_bytes() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return 1 << 30
