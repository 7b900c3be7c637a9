"""Who is served now, who waits, who is sent away: a limit of requests at work, and one of those that wait."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress


class Overloaded(Exception):
    """As many requests wait as may."""


class Admission:
    """First come, first served. Belongs to one event loop.

    Args:
        at_once: requests at work.
        waiting: requests that may wait behind them.
    """

    def __init__(self, at_once: int, waiting: int) -> None:
        self._at_once, self._most_waiting = at_once, waiting
        self.at_work = 0
        self._line: deque[asyncio.Future[None]] = deque()

    @property
    def waiting(self) -> int:
        """How many wait now."""
        return len(self._line)

    async def enter(self) -> None:
        """Wait for a turn, which lasts until ``leave``. Cancelling who waits takes them out of the line.

        Raises:
            Overloaded: too many wait already.
        """
        if self.at_work < self._at_once:
            self.at_work += 1
        else:
            await self._wait()  # whose turn it is then counts already: nobody can slip in between

    def leave(self) -> None:
        """End a turn; the first of those that wait has it then."""
        while self._line:
            place = self._line.popleft()
            if not place.done():
                place.set_result(None)
                return
        self.at_work -= 1

    async def _wait(self) -> None:
        if len(self._line) >= self._most_waiting:
            raise Overloaded
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._line.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self.leave()  # the turn had come; the next one takes it
            else:
                with suppress(ValueError):
                    self._line.remove(place)
            raise
