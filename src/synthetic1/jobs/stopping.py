"""Ctrl-C as people mean it: what is under way is finished, nothing new begins; a second one ends the process.

SIGTERM, of schedulers and containers, and SIGHUP, of a terminal that was closed, are the same. A process that was told
to ignore SIGHUP (``nohup``) goes on ignoring it.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

HANG_UP = getattr(signal, "SIGHUP", None)
SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class Stoppable(Protocol):
    """Work that can be told to begin nothing more."""

    stopping: bool

    def stop(self) -> None: ...


@contextmanager
def stop_on_signal(work: Stoppable) -> Iterator[None]:
    """Ctrl-C stops cleanly; a second one ends the process. Outside of the main thread nothing does."""
    import asyncio

    loop = asyncio.get_running_loop()
    terminals = _terminals()

    def stop(number: int) -> None:
        if number == HANG_UP:
            _leave(terminals)
        if work.stopping:
            os._exit(130)
        work.stop()
        print("stopping; once more to end at once", flush=True)

    before = {number: signal.getsignal(number) for number in SIGNALS}
    caught = [number for number in SIGNALS if before[number] is not signal.SIG_IGN]
    for number in caught:
        with suppress(RuntimeError, ValueError):  # not in the main thread
            loop.add_signal_handler(number, stop, number)
    try:
        yield
    finally:
        for number in caught:
            with suppress(RuntimeError, ValueError):
                loop.remove_signal_handler(number)  # which leaves the default, whatever was there before
                signal.signal(number, before[number] or signal.SIG_DFL)


@contextmanager
def like_ctrl_c() -> Iterator[None]:
    """SIGTERM and SIGHUP raise ``KeyboardInterrupt``, as Ctrl-C does. Outside of the main thread nothing does."""

    terminals = _terminals()

    def stop(number: int, frame: object) -> None:
        if number == HANG_UP:
            _leave(terminals)
        raise KeyboardInterrupt

    before = {number: signal.getsignal(number) for number in SIGNALS if number != signal.SIGINT}
    caught = {number: handler for number, handler in before.items() if handler is not signal.SIG_IGN}
    with suppress(ValueError):  # not in the main thread
        for number in caught:
            signal.signal(number, stop)
    try:
        yield
    finally:
        with suppress(ValueError):
            for number, handler in caught.items():
                signal.signal(number, handler or signal.SIG_DFL)


def _terminals() -> list[int]:
    """Which of the standard streams are terminals."""
    return [stream for stream in (1, 2) if os.isatty(stream)]


def _leave(terminals: list[int]) -> None:
    """What is said from now on nobody reads: a write to a terminal that was closed fails, and would end what is to be
    finished."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in terminals:
        os.dup2(nowhere, stream)
    os.close(nowhere)
