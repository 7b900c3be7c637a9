"""Ctrl-C as people mean it: what is under way is finished, nothing new begins; a second one ends the process.

SIGTERM, of schedulers and containers, and SIGHUP, of a terminal that was closed, are the same; but SIGHUP is never a
second one: a terminal that is closed sends it twice, systemd together with SIGTERM. A process that was told to ignore
SIGHUP (``nohup``) goes on ignoring it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Literal, Protocol

from synthetic1.jobs.program import STOPPED

HANG_UP = getattr(signal, "SIGHUP", None)
SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
ONE_REQUEST_S = 1.0  # launchers and parents pass on what the whole group has been sent already
_listening: list[Signals] = []
"""Of the blocks that this process is in, the outermost first; all have the same one."""


class Stoppable(Protocol):
    """Work that can be told to begin nothing more."""

    stopping: bool

    def stop(self) -> None: ...


class Signals:
    """What the signals so far have asked for."""

    def __init__(self) -> None:
        self.asked = False
        self._pressed: float | None = None
        self._terminals = _terminals()

    @classmethod
    def of_block(cls) -> Signals:
        """Those of the block around, whose first signal may be long past; new ones outside of any."""
        return _listening[-1] if _listening else cls()

    def heard(self, number: int) -> Literal["stop", "stop at once", "known"]:
        """What one more signal asks for."""
        first, self.asked = not self.asked, True
        if number == HANG_UP:
            _leave(self._terminals)
        elif self._pressed is None:
            self._pressed = time.monotonic()
        elif time.monotonic() - self._pressed > ONE_REQUEST_S:
            return "stop at once"
        return "stop" if first else "known"


@contextmanager
def stop_on_signal(work: Stoppable) -> Iterator[None]:
    """Ctrl-C stops cleanly; a second one ends the process. Outside of the main thread nothing does."""
    import asyncio

    loop = asyncio.get_running_loop()

    def stop(number: int) -> None:
        said = signals.heard(number)
        if said == "stop at once" and work.stopping:
            os._exit(STOPPED)
        if said != "known" or not work.stopping:
            work.stop()
            print("stopping; once more to end at once", flush=True)

    before = {number: signal.getsignal(number) for number in SIGNALS}
    caught = [number for number in SIGNALS if before[number] is not signal.SIG_IGN]
    with _listen() as signals:
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

    def stop(number: int, frame: object) -> None:
        if signals.heard(number) != "known":
            raise KeyboardInterrupt

    before = {number: signal.getsignal(number) for number in SIGNALS if number != signal.SIGINT}
    caught = {number: handler for number, handler in before.items() if handler is not signal.SIG_IGN}
    with _listen() as signals:
        with suppress(ValueError):  # not in the main thread
            for number in caught:
                signal.signal(number, stop)
        try:
            yield
        finally:
            with suppress(ValueError):
                for number, handler in caught.items():
                    signal.signal(number, handler or signal.SIG_DFL)


def run_to_its_end(command: Sequence[str]) -> int:
    """Run a program that stops by itself when it is told to, and wait for it: through Ctrl-C, too.

    The program has Ctrl-C from the terminal, as this process has; SIGTERM and SIGHUP are passed on to it.

    Returns:
        Its exit status; ``STOPPED`` if either of the two was told to stop, whatever it made of it.
    """
    signals = Signals.of_block()
    process: subprocess.Popen[bytes] | None = None
    early: list[int] = []  # before there was anyone to pass it on to

    def stop(number: int, frame: object) -> None:
        signals.heard(number)
        if process is None:
            early.append(number)
        elif number != signal.SIGINT:
            process.send_signal(number)

    before = {number: signal.getsignal(number) for number in SIGNALS}
    caught = {number: handler for number, handler in before.items() if handler is not signal.SIG_IGN}
    with suppress(ValueError):  # not in the main thread
        for number in caught:
            signal.signal(number, stop)
    try:
        with subprocess.Popen(command) as process:
            for number in early:
                process.send_signal(number)
            status = process.wait()
    finally:
        with suppress(ValueError):
            for number, handler in caught.items():
                signal.signal(number, handler or signal.SIG_DFL)
    return STOPPED if signals.asked else status


@contextmanager
def _listen() -> Iterator[Signals]:
    """A closed terminal's second SIGHUP may come when an inner block has been left already: it is known then."""
    signals = Signals.of_block()
    _listening.append(signals)
    try:
        yield signals
    finally:
        _listening.pop()


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
