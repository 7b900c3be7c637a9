"""One tracker, fed from a thread of its own, so that no network and no database ever holds up a run."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from synthetic1.reports.sinks.sink import Ending, Sink

MOST_WAITING = 2_000
"""Entries that wait for a tracker; what comes when there are as many is left out, and counted."""
AFTER_FAILURE_S = 2.0
"""What the end of a run still waits for a tracker that has failed before."""
Entry = Callable[[Sink], None]


class Feed:
    """A bounded queue and the thread that opens the tracker and hands it what waits, in order.

    Nothing a tracker does is raised here. The first failure becomes ``warning``, a line that the run's own thread takes
    and shows; later ones are counted.

    Args:
        name: of the tracker, for the warning.
        open_sink: opens it; runs on the thread.
    """

    def __init__(self, name: str, open_sink: Callable[[], Sink]) -> None:
        self.name = name
        self._open = open_sink
        self._waiting: deque[Entry] = deque()
        self._changed = threading.Condition()
        self._ending: Ending | None = None
        self._warning: str | None = None
        self.lost = 0
        """Entries that the tracker does not have."""
        self.dead = False
        """It could not be opened, or has been given up."""
        self._thread = threading.Thread(target=self._work, name=f"tracker {name}", daemon=True)
        self._thread.start()

    def put(self, entry: Entry) -> None:
        """Hand over without waiting."""
        with self._changed:
            if self.dead or len(self._waiting) >= MOST_WAITING:
                self.lost += 1
                return
            self._waiting.append(entry)
            self._changed.notify()

    def end(self, ending: Ending) -> None:
        """Nothing more comes; ``join`` waits for the rest."""
        with self._changed:
            self._ending = ending
            self._changed.notify()

    def join(self, until: float) -> bool:
        """Wait for the tracker to take what is left; whether it has.

        Args:
            until: in seconds of ``time.monotonic``; sooner for a tracker that has failed before.
        """
        if self.lost:
            until = min(until, time.monotonic() + AFTER_FAILURE_S)
        self._thread.join(max(until - time.monotonic(), 0.0))
        with self._changed:
            left = self._thread.is_alive()
            if left:
                self.lost += len(self._waiting)
                self._waiting.clear()
                self.dead = True
        return not left

    def take_warning(self) -> str | None:
        """What there is to say that has not been said."""
        with self._changed:
            warning, self._warning = self._warning, None
        return warning

    def _work(self) -> None:
        try:
            sink = self._open()
        except BaseException as error:  # SystemExit too: a tracker that gives up ends nothing
            with self._changed:
                self.dead = True
                self.lost += len(self._waiting) + 1
                self._waiting.clear()
            self._failed(f"cannot be opened, and the run goes on without it: {_said(error)}")
            return
        failed = False
        while (entry := self._next()) is not None:
            try:
                entry(sink)
            except BaseException as error:
                with self._changed:
                    self.lost += 1
                if not failed:
                    failed = True
                    self._failed(f"did not take what it was told, and the run goes on: {_said(error)}")
        try:
            sink.finish(self._ending or "finished")
        except BaseException as error:
            with self._changed:
                self.lost += 1
            if not failed:
                self._failed(f"could not be closed: {_said(error)}")

    def _next(self) -> Entry | None:
        with self._changed:
            while not self._waiting and self._ending is None and not self.dead:
                self._changed.wait()
            return self._waiting.popleft() if self._waiting and not self.dead else None

    def _failed(self, what: str) -> None:
        with self._changed:
            self._warning = f"{self.name} {what}"


def _said(error: BaseException, most: int = 300) -> str:
    """An error on one line."""
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return text if len(text) <= most else f"{text[:most]} …"
