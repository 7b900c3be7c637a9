"""``report.html`` of a run that goes on: there from the first minute, and a last time however the run ends."""

from __future__ import annotations

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

    A page that cannot be written is a warning, said once: no run shall die of its report.

    Args:
        run: the run folder; ``None`` on ranks other than 0, which write nothing.
    """

    def __init__(self, run: RunFolder | None) -> None:
        self.run = run
        self.ending = ""
        """What is said of a run that was stopped, e.g. how to go on with it."""
        self._doing = ""
        self._wait_s = EVERY_S
        self._next = 0.0
        self._warned = False

    def __enter__(self) -> LivePage:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._write("finished", "")
        elif isinstance(error, KeyboardInterrupt | SystemExit):
            self._write("stopped", self.ending or "stopped before its end")
        else:
            self._write("failed", one_line(f"{type(error).__name__}: {error}", 1_000))

    @property
    def path(self) -> Path | None:
        return None if self.run is None else self.run.path / "report.html"

    def doing(self, what: str) -> None:
        """Say what the run does from here on, and write the page."""
        self._doing = what
        self._write("running", what)

    def refresh(self) -> None:
        """Write the page if it is time to: what has been logged since is on it then."""
        if time.monotonic() >= self._next:
            self._write("running", self._doing)

    def _write(self, state: RunState, said: str) -> None:
        if self.run is None:
            return
        began = time.monotonic()
        try:
            status = RunStatus(state, said, self._wait_s)
            status.write(self.run.path)
            write_report(self.run.path, status=status)
        except Exception as error:
            if not self._warned:
                terminal.show_warning(f"report.html could not be written: {one_line(str(error), 400)}")
            self._warned = True
        now = time.monotonic()
        self._wait_s = max(EVERY_S, (now - began) / COST)
        self._next = now + self._wait_s
