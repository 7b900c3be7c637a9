"""The slots of a sandbox: lent in the order of asking, several at once or none."""

from __future__ import annotations

import asyncio
from collections import deque

from synthetic1.sandbox.backend import Backend
from synthetic1.sandbox.errors import SandboxError
from synthetic1.sandbox.execution.slot import SandboxSlot


class Pool:
    """Slots start their agents when they are first used; the one used last is lent first.

    It belongs to the event loop that first acquires a slot.

    Args:
        size: at least 1. It grows when more are acquired at once.
    """

    def __init__(self, backend: Backend, size: int) -> None:
        self.backend = backend
        self._size = size
        self._closed = False
        self._reset()

    def _reset(self) -> None:
        self._slots = [SandboxSlot(self.backend) for _ in range(self._size)]
        self._idle = list(self._slots)
        self._waiting: deque[tuple[int, asyncio.Future[list[SandboxSlot]]]] = deque()
        self._finishing: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def slots(self) -> tuple[SandboxSlot, ...]:
        """All of them, lent or not."""
        return tuple(self._slots)

    async def acquire(self, count: int = 1) -> list[SandboxSlot]:
        """``count`` slots, all together: nobody holds some and waits for others. First come, first served.

        Raises:
            SandboxError: it was closed, or belongs to another event loop.
        """
        self._check()
        while len(self._slots) < count:
            slot = SandboxSlot(self.backend)
            self._slots.append(slot)
            self._idle.insert(0, slot)
        wanted: asyncio.Future[list[SandboxSlot]] = asyncio.get_running_loop().create_future()
        self._waiting.append((count, wanted))
        self._serve()
        try:
            slots = await wanted
        except asyncio.CancelledError:
            if wanted.done() and not wanted.cancelled() and not wanted.exception():
                self._idle += wanted.result()
            self._serve()
            raise
        if self._closed:
            self._idle += slots
            self._check()
        return slots

    def release(self, slot: SandboxSlot) -> None:
        """Let others have the slot, once what it still does has been stopped; nobody waits for that."""
        if slot.settled:
            self._put_back(slot)
            return
        finishing = asyncio.get_running_loop().create_task(self._finish(slot))
        self._finishing.add(finishing)
        finishing.add_done_callback(self._finishing.discard)

    async def _finish(self, slot: SandboxSlot) -> None:
        try:
            await slot.finish()
        finally:
            self._put_back(slot)

    def _put_back(self, slot: SandboxSlot) -> None:
        if slot in self._slots:  # not one of a parent process
            self._idle.append(slot)
            self._serve()

    async def aclose(self) -> None:
        """End all slots and what they run; waiting for one fails with a SandboxError. May be called twice."""
        self._closed = True
        while self._waiting:
            _, wanted = self._waiting.popleft()
            if not wanted.done():
                wanted.set_exception(SandboxError("the sandbox was closed"))
        await asyncio.gather(*(slot.close() for slot in self.slots))
        while self._finishing:
            await asyncio.wait(self._finishing)

    def reset_after_fork(self) -> None:
        """In a forked child: leave the parent's agents alone and begin with slots of its own."""
        for slot in self._slots:
            slot.abandon()
        self._reset()

    def _check(self) -> None:
        if self._closed:
            raise SandboxError("the sandbox was closed")
        loop = asyncio.get_running_loop()
        if self._loop is None:
            self._loop = loop
        elif self._loop is not loop:
            raise SandboxError("the sandbox belongs to another event loop; open one in this loop")

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
