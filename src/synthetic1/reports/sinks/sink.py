"""What a tracker is to us, and what it is told of the run it follows."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from synthetic1.reports.storage import replace_file

Ending = Literal["finished", "stopped", "failed"]
"""How a session of a run ended; a stopped one is meant to go on."""
Row = Mapping[str, Any]
FOLDER = "tracking"
"""In the run folder: what trackers keep there, and the ids by which they know the run."""


class Sink(Protocol):
    """One tracker, opened for one run. Any method may raise: ``Feed`` says so once and goes on."""

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        """Numbers of a step, by their names in trackers (``synthetic1.reports.sinks.names``)."""

    def table(self, name: str, step: int, rows: Sequence[Row]) -> None:
        """Rows with the same keys, whose values are numbers, strings and None."""

    def artifact(self, path: Path, name: str) -> None:
        """A file, to be kept beside the run as it is now."""

    def finish(self, ending: Ending) -> None:
        """Send what is left and close; nothing is called after it."""


@dataclass(frozen=True)
class TrackerRun:
    """The run as trackers are to know it.

    Args:
        program: ``grpo``, ``sft``, ``evaluate`` or ``generate``.
        path: the run folder.
        config: settings as JSON values, sections nested.
    """

    program: str
    path: Path
    config: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The run's name in a tracker, where all programs share a project."""
        return f"{self.program}-{self.path.name}"

    @property
    def folder(self) -> Path:
        return self.path / FOLDER

    def stored_id(self, tracker: str) -> str | None:
        """The id by which ``tracker`` knows this run; None in the run's first session."""
        path = self.folder / f"{tracker}.id"
        return path.read_text(encoding="utf-8").strip() if path.exists() else None

    def store_id(self, tracker: str, value: str) -> None:
        """Keep the id, so that a resumed run goes on in the same run of the tracker."""
        self.folder.mkdir(exist_ok=True)
        replace_file(self.folder / f"{tracker}.id", f"{value}\n".encode())

    def own_id(self, tracker: str) -> tuple[str, bool]:
        """(id, whether the run has had it before), for trackers that let us choose it."""
        if (known := self.stored_id(tracker)) is not None:
            return known, True
        made = uuid.uuid4().hex
        self.store_id(tracker, made)
        return made, False


def flat(values: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Nested settings as ``{"trainer.max_steps": 200}``."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            found |= flat(value, f"{before}{name}.")
        else:
            found[f"{before}{name}"] = value
    return found
