"""An event loop on a thread of its own, so that what lives on it outlasts any caller's loop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")

log = logging.getLogger(__name__)

GRACE_S = 2.0  # for cancelled tasks to clean up, and then for each client to close


class LoopThread:
    """Starts with the first ``submit``. A daemon: it never keeps the interpreter from ending."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._ending: asyncio.Task[None] | None = None

    @property
    def is_current(self) -> bool:
        """Whether the caller runs on this thread."""
        return self._thread is threading.current_thread()

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Run ``work`` as a task of the loop; callable from any thread. Cancelling the future cancels the task."""
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._run, args=(self._loop,), name=self.name, daemon=True)
                self._thread.start()
            return asyncio.run_coroutine_threadsafe(work, self._loop)

    def pulse(self) -> Future[None]:
        """A future that ends as soon as the loop gets to it: the sign that nothing blocks it."""
        beat: Future[None] = Future()
        with self._lock:
            assert self._loop is not None, "only a started loop can be blocked"
            with contextlib.suppress(RuntimeError):  # closed: this heart beats no more
                self._loop.call_soon_threadsafe(_beat, beat)
        return beat

    def stop(self, closers: Iterable[Callable[[], Awaitable[None]]] = (), *, wait_s: float = 5.0) -> None:
        """Cancel all tasks, await ``closers``, end the thread. Idempotent.

        Args:
            wait_s: how long to wait for the end; a blocked loop ends by itself when its thread comes back, if ever.
        """
        with self._lock:
            loop, thread = self._loop, self._thread
        if loop is None or thread is None:
            return

        def begin() -> None:
            if self._ending is None:
                self._ending = loop.create_task(_wind_down(loop, closers))  # a task that nobody holds may vanish

        with contextlib.suppress(RuntimeError):  # closed already
            loop.call_soon_threadsafe(begin)
        if not self.is_current:  # there, collected by the garbage collector, it would wait for itself
            thread.join(wait_s)

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        try:
            while True:
                try:
                    loop.run_forever()
                    break
                except (KeyboardInterrupt, SystemExit):
                    continue  # raised by a task, whose waiter gets it: the loop has others to serve
        finally:
            loop.close()


def _beat(beat: Future[None]) -> None:
    if beat.set_running_or_notify_cancel():
        beat.set_result(None)


async def _wind_down(loop: asyncio.AbstractEventLoop, closers: Iterable[Callable[[], Awaitable[None]]]) -> None:
    try:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=GRACE_S)
        for close in closers:
            try:
                await asyncio.wait_for(close(), GRACE_S)
            except Exception as error:
                log.warning("%s while closing: %s", type(error).__name__, error, exc_info=True)
    finally:
        loop.stop()
