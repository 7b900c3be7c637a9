"""What lives on an event loop: opened there when first needed, shared by all with equal settings, closed there."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, Protocol, TypeVar
from weakref import WeakKeyDictionary


class Closable(Protocol):
    """What ``PerLoop`` keeps: a pool, a client, a sandbox."""

    async def aclose(self) -> None:
        """Let go of everything. Called once."""


S = TypeVar("S", bound=Hashable)
R = TypeVar("R", bound=Closable)


class PerLoop(Generic[S, R]):
    """One resource for equal settings on each event loop: such things serve the loop that opened them, and no other.

    A forked child has its own, even if it goes on with a loop of its parent's.

    Args:
        open_with: opens the resource that some settings, any hashable value, ask for.
    """

    def __init__(self, open_with: Callable[[S], Coroutine[Any, Any, R]]) -> None:
        self._open_with = open_with
        self._by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[tuple[int, S], asyncio.Task[R]]]
        self._by_loop = WeakKeyDictionary()

    async def get(self, settings: S) -> R:
        """The resource of this loop with these settings. Who asks while it is being opened waits for the same one.

        Raises what opening it raises; the next call tries again.
        """
        openings = self._by_loop.setdefault(asyncio.get_running_loop(), {})
        key = (os.getpid(), settings)
        opening = openings.get(key)
        if opening is None or (opening.done() and not _is_open(opening)):
            opening = openings[key] = asyncio.create_task(self._open_with(settings))
        return await asyncio.shield(opening)  # a caller that gives up must not end what others wait for

    async def aclose(self, settings: S) -> None:
        """Close the resource of this loop with these settings, if there is one. A later ``get`` opens it anew."""
        opening = self._by_loop.get(asyncio.get_running_loop(), {}).pop((os.getpid(), settings), None)
        if opening is None:
            return
        opening.cancel()  # does nothing if it is open already
        await asyncio.wait({opening})
        if _is_open(opening):
            await opening.result().aclose()


def _is_open(opening: asyncio.Task[R]) -> bool:
    """Whether an opening that has ended gave a resource."""
    return not opening.cancelled() and opening.exception() is None
