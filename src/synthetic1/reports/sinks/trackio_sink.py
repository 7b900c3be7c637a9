"""trackio: SQLite in its own folder (``TRACKIO_DIR``), where ``trackio show`` finds all runs.

With ``TRACKIO_SPACE_ID`` or ``TRACKIO_SERVER_URL`` it logs there instead. ``TRACKIO_PROJECT`` names the project.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from synthetic1.reports.sinks.sink import Ending, Row, TrackerRun

REMOTE = ("TRACKIO_SPACE_ID", "TRACKIO_SERVER_URL")


def prepare() -> None:
    """Import what opening needs."""
    import trackio.run  # noqa: F401


def open_sink(run: TrackerRun) -> TrackioSink:
    """The run in trackio: a new one, or the one of this run folder."""
    import trackio
    from trackio.run import Run

    class LocalRun(Run):  # type: ignore[misc,unused-ignore]
        """A run on this machine, which asks nobody who is logged in to the Hugging Face hub."""

        def _get_username(self) -> None:
            return None

    project = os.environ.get("TRACKIO_PROJECT", "synthetic1")
    known, _ = run.own_id("trackio")
    if any(os.environ.get(name) for name in REMOTE):
        return TrackioSink(
            trackio.init(
                project=project,
                name=f"{run.name}-{known[:8]}",  # it knows runs by name, and the name of a run folder can come again
                group=run.program,
                config=dict(run.config),
                resume="allow",
                embed=False,
                auto_log_cpu=False,
                auto_log_gpu=False,
            )
        )
    # Not `init`, which prints on the terminal that is the run's, and goes on with whatever run has the same name.
    opened = LocalRun(None, project, None, name=run.name, run_id=known, group=run.program, config=dict(run.config))
    return TrackioSink(opened)


class TrackioSink:
    """Writes to an open run of trackio."""

    def __init__(self, run: Any) -> None:
        self.run = run

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        self.run.log(dict(metrics), step=step)

    def table(self, name: str, step: int, rows: Sequence[Row]) -> None:
        import trackio

        columns = list(rows[0])
        self.run.log({name: trackio.Table(columns=columns, data=[list(row.values()) for row in rows])}, step=step)

    def artifact(self, path: Path, name: str) -> None:
        self.run.log_artifact(path, name=f"{self.run.name}-{path.stem}", type="result")

    def finish(self, ending: Ending) -> None:
        with contextlib.redirect_stdout(io.StringIO()):  # "uploading, please wait": nothing is uploaded
            self.run.finish()
