"""Ctrl-C as people mean it: what is under way is finished, nothing new begins; a second one ends the process."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Protocol


class Stoppable(Protocol):
    """Work that can be told to begin nothing more."""

    stopping: bool

    def stop(self) -> None: ...


@contextmanager
def stop_on_signal(work: Stoppable) -> Iterator[None]:
    """Ctrl-C (or SIGTERM) stops cleanly; a second one ends the process. Outside of the main thread nothing does."""
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if work.stopping:
            os._exit(130)
        print("stopping; once more to end at once", flush=True)
        work.stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(RuntimeError, ValueError):  # not in the main thread
            loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            with suppress(RuntimeError, ValueError):
                loop.remove_signal_handler(number)
