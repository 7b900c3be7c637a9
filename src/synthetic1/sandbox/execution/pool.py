"""The slots of a sandbox: handed out in the order of asking, several at once or none."""

from __future__ import annotations

import asyncio
from collections import deque

from synthetic1.sandbox.backend import Backend
from synthetic1.sandbox.execution.slot import Slot


class Pool:
    """Slots start their agents when they are first used; the one used last is handed out first.

    Args:
        size: at least 1. Who asks for more at once makes it grow.
    """

    def __init__(self, backend: Backend, size: int) -> None:
        self._backend = backend
        self._slots = [Slot(backend) for _ in range(size)]
        self._idle = list(self._slots)
        self._waiting: deque[tuple[int, asyncio.Future[list[Slot]]]] = deque()

    @property
    def slots(self) -> tuple[Slot, ...]:
        return tuple(self._slots)

    async def acquire(self, count: int = 1) -> list[Slot]:
        """``count`` slots, all together: nobody holds some and waits for others. First come, first served."""
        while len(self._slots) < count:
            slot = Slot(self._backend)
            self._slots.append(slot)
            self._idle.insert(0, slot)
        wanted: asyncio.Future[list[Slot]] = asyncio.get_running_loop().create_future()
        self._waiting.append((count, wanted))
        self._serve()
        try:
            return await wanted
        except asyncio.CancelledError:
            if wanted.done() and not wanted.cancelled() and not wanted.exception():
                self._idle += wanted.result()
            self._serve()
            raise

    def release(self, slot: Slot) -> None:
        """Give a slot back; it runs nothing (any more)."""
        self._idle.append(slot)
        self._serve()

    def close(self, error: Exception) -> None:
        """Whoever waits gets ``error``."""
        while self._waiting:
            _, wanted = self._waiting.popleft()
            if not wanted.done():
                wanted.set_exception(error)

    def _serve(self) -> None:
        # Only the first in line is looked at: a large wish is not overtaken by small ones for ever.
        while self._waiting:
            count, wanted = self._waiting[0]
            if not wanted.done():
                if len(self._idle) < count:
                    return
                taken = [self._idle.pop() for _ in range(count)]
                wanted.set_result(taken)
            self._waiting.popleft()
