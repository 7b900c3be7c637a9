"""``report.html`` of a run that goes on: there from the first minute, and a last time however the run ends."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from types import TracebackType

from synthetic1.reports import terminal
from synthetic1.reports.page.html import write_report
from synthetic1.reports.readable import one_line
from synthetic1.reports.run_folder import RunFolder
from synthetic1.reports.run_status import RunState, RunStatus

EVERY_S = 10.0
COST = 0.008
"""The page is written again after so long that writing it takes at most this share of a run's time."""


class LivePage:
    """Around a run: within the block its page and ``status.json`` follow it, after it they say how it ended.

    Both are written now and then however long a step lasts, by a thread that ends with the block. A forked child has no
    such thread, and writes nothing. A page that cannot be written is a warning, said once: no run shall die of its
    report.

    Args:
        run: the run folder; ``None`` on ranks other than 0, which write nothing.
    """

    def __init__(self, run: RunFolder | None) -> None:
        self.run = run
        self.ending = ""
        """What is said of a run that was stopped, e.g. how to go on with it; printed then, too."""
        self._doing = ""
        self._wait_s = EVERY_S
        self._next = 0.0
        self._warning = ""
        self._warned = False
        self._process = os.getpid()
        self._writing = threading.Lock()
        self._over = threading.Event()
        self._writer: threading.Thread | None = None

    def __enter__(self) -> LivePage:
        if self.run is not None:
            self._writer = threading.Thread(target=self._follow, name="live page", daemon=True)
            self._writer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.run is None or os.getpid() != self._process:
            return
        stopped = isinstance(error, KeyboardInterrupt | SystemExit)
        if stopped and self.ending:
            print(self.ending, flush=True)  # before all that a second Ctrl-C could cut short
        self._over.set()
        if self._writer is not None:
            self._writer.join()
        if error is None:
            self._write("finished", "")
        elif stopped:
            self._write("stopped", self.ending or "stopped before its end")
        else:
            self._write("failed", one_line(f"{type(error).__name__}: {error}", 1_000))
        self._warn()

    @property
    def path(self) -> Path | None:
        return None if self.run is None else self.run.path / "report.html"

    def doing(self, what: str) -> None:
        """Say what the run does from here on, and write the page."""
        self._doing = what
        self._write("running", what)
        self._warn()

    def refresh(self) -> None:
        """Write the page if it is time to: what has been logged since is on it then."""
        self._write_if_due()
        self._warn()

    def _follow(self) -> None:
        while not self._over.wait(self._wait_s):
            self._write_if_due()

    def _write_if_due(self) -> None:
        if time.monotonic() >= self._next:
            self._write("running", None)

    def _write(self, state: RunState, said: str | None) -> None:
        """``None``: what is being done, if nobody has written it meanwhile."""
        if self.run is None or os.getpid() != self._process:  # a forked child: the lock may be held for ever there
            return
        with self._writing:
            began = time.monotonic()
            if said is None and began < self._next:
                return
            try:
                status = RunStatus(state, self._doing if said is None else said, self._wait_s)
                status.write(self.run.path)
                write_report(self.run.path, status=status)
            except Exception as error:
                self._warning = f"report.html could not be written: {one_line(str(error), 400)}"
            now = time.monotonic()
            self._wait_s = max(EVERY_S, (now - began) / COST)
            self._next = now + self._wait_s

    def _warn(self) -> None:
        """By the thread of the run alone: a fork in the middle of it would leave the screen locked in the child."""
        if self._warning and not self._warned:
            terminal.show_warning(self._warning)
            self._warned = True
