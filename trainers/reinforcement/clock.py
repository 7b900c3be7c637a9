"""Where the time of a step goes: nested phases, each counted without those inside it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class PhaseClock:
    """Exclusive wall-clock seconds by phase. Entering a phase pauses the one around it."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._open: list[str] = []
        self._since = 0.0

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        self._credit()
        self._open.append(name)
        try:
            yield
        finally:
            self._credit()
            self._open.pop()

    def take(self) -> dict[str, float]:
        """The seconds since the last call, and start anew."""
        self._credit()
        taken, self.seconds = self.seconds, {}
        return taken

    def _credit(self) -> None:
        now = time.perf_counter()
        if self._open:
            self.seconds[self._open[-1]] = self.seconds.get(self._open[-1], 0.0) + now - self._since
        self._since = now
