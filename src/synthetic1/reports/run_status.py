"""``status.json``: what a run was doing when it last said so, and how it ended."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from synthetic1.reports.storage import json_bytes, replace_file

FILE = "status.json"
RunState = Literal["running", "finished", "stopped", "failed"]
STATES: tuple[RunState, ...] = ("running", "finished", "stopped", "failed")


@dataclass(frozen=True)
class RunStatus:
    """Of a run, at a moment."""

    state: RunState
    said: str = ""
    """While it runs, what it is doing; else why it ended, and how to go on. One line; may be empty."""
    every_s: float = 0.0
    """While it runs: its page is written again after about so many seconds."""
    written: float = field(default_factory=time.time)
    """In seconds since 1970."""

    def write(self, folder: Path) -> None:
        """Into a run's folder, whole or not at all.

        Raises:
            RunFolderError: it cannot be written.
        """
        replace_file(folder / FILE, json_bytes(asdict(self)) + b"\n")


def read_status(folder: Path) -> RunStatus | None:
    """What a run's folder says; ``None`` where it says nothing that can be read."""
    try:
        stored: Any = json.loads((folder / FILE).read_text(encoding="utf-8"))
        said, numbers = str(stored["said"]), [float(stored[name]) for name in ("every_s", "written")]
        return RunStatus(stored["state"], said, *numbers) if stored["state"] in STATES else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
