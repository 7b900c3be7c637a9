"""Python's garbage collector while a run works: nearly all that a request makes is freed without it."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

NEW_OBJECTS = 5_000  # before it looks at them; Python's own 700 are those of a dozen requests


@contextmanager
def collecting_rarely() -> Iterator[None]:
    """Within the block it looks less often, and not at what was there before: modules, settings, tasks."""
    thresholds, frozen_before = gc.get_threshold(), gc.get_freeze_count()
    if 0 < thresholds[0] < NEW_OBJECTS:
        gc.set_threshold(NEW_OBJECTS, *thresholds[1:])
    gc.freeze()
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        if not frozen_before:  # else somebody wants it so, as before a fork
            gc.unfreeze()
