"""Writing in groups: one thread, many rows a commit, each on the disk before its caller hears of it."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
import time
from collections.abc import Sequence
from typing import Any

from synthetic1.datagen.journal.database import Database

GROUP_ROWS = 256
FLUSH_LOOK_S = 0.2
HANGS_S = 15.0  # of a database that does not answer: so long is waited at the end
GROUP_S = 0.025  # that rows nobody waits for may wait for company


class GroupWriter:
    """Commits what is put, in order. Rows that somebody waits for are committed at once.

    The first error is the last thing it does: it keeps it in ``error``, writes nothing more, and lets nobody wait.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.error: BaseException | None = None
        """Why nothing is written any more, e.g. a full disk."""
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._thread: threading.Thread | None = threading.Thread(
            target=self._write, name="synthetic1-journal", daemon=True
        )
        self._thread.start()

    def put(self, statement: str, row: Sequence[Any]) -> None:
        """Have a statement executed with these parameters; returns at once."""
        self._queue.put((statement, row))

    async def recorded(self) -> None:
        """Wait until all that was put is on the disk, or ``error`` is set."""
        done = asyncio.get_running_loop().create_future()
        self._queue.put(done)
        await done

    def flush(self) -> bool:
        """As ``recorded``, for callers without a loop; whether it was waited for: not where the database hangs at the
        end."""
        done, ending_s = self.mark(), 0.0
        while not done.wait(FLUSH_LOOK_S):
            if self._thread is None or not self._thread.is_alive():
                break
            ending_s += FLUSH_LOOK_S if self._database.is_ending else 0.0
            if ending_s > HANGS_S:
                return False
        return True

    def mark(self) -> threading.Event:
        """Set once all that was put is on the disk, or ``error`` is set."""
        done = threading.Event()
        self._queue.put(done)
        return done

    def close(self) -> None:
        """Write what is waiting, and end the thread; may be called twice."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(HANGS_S if self._database.is_ending else None)
            self._thread = None

    def _write(self) -> None:
        ending = False
        while not ending:
            rows, waiters, ending = self._group()
            try:
                if rows and self.error is None:
                    self._database.commit(rows)
            except Exception as error:  # of any kind: a thread that died in silence would lose all that comes
                self.error = error
            _release(waiters)
        self._database.done_writing()

    def _group(self) -> tuple[list[Any], list[Any], bool]:
        """Rows to be committed together, who waits for them, and whether they are the last."""
        rows: list[Any] = []
        waiters: list[Any] = []
        until = None
        while len(rows) < GROUP_ROWS:
            try:
                if until is None:
                    item = self._queue.get()
                    until = time.monotonic() + GROUP_S
                elif waiters:
                    item = self._queue.get_nowait()
                else:
                    item = self._queue.get(timeout=max(until - time.monotonic(), 0.0))
            except queue.Empty:
                break
            if item is None:
                return rows, waiters, True
            if isinstance(item, tuple):
                rows.append(item)
            else:
                waiters.append(item)
        return rows, waiters, False


def _release(waiters: list[Any]) -> None:
    """Let go on who waited: threads by their event, tasks by their future, all of a loop in one call."""
    loops: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
    for waiter in waiters:
        if isinstance(waiter, threading.Event):
            waiter.set()
        else:
            loops.setdefault(waiter.get_loop(), []).append(waiter)
    for loop, futures in loops.items():
        with contextlib.suppress(RuntimeError):  # the loop is gone, and who waited with it
            loop.call_soon_threadsafe(_resolve, futures)


def _resolve(futures: list[asyncio.Future[None]]) -> None:
    for future in futures:
        if not future.done():
            future.set_result(None)
