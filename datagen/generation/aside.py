"""Calls that may wait, one after the other beside the event loop: of a journal that is on another machine."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

Result = TypeVar("Result")


class Aside:
    """A thread of its own, not the loop's executor: a call that hangs must not keep the program from ending."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[Any] = queue.SimpleQueue()
        threading.Thread(target=self._work, name="synthetic1-aside", daemon=True).start()

    async def __call__(self, call: Callable[[], Result]) -> Result:
        """What ``call`` gives. Where its caller is cancelled, it goes on, and what it gives is lost."""
        done: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._calls.put((call, done))
        return await done

    def close(self) -> None:
        """No more calls."""
        self._calls.put(None)

    def _work(self) -> None:
        while (item := self._calls.get()) is not None:
            call, done = item
            if done.cancelled():
                continue
            try:
                result, error = call(), None
            except BaseException as raised:
                result, error = None, raised
            with suppress(RuntimeError):  # the loop is gone
                done.get_loop().call_soon_threadsafe(_settle, done, result, error)


def _settle(done: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    if done.done():
        return
    if error is not None:
        done.set_exception(error)
    else:
        done.set_result(result)
