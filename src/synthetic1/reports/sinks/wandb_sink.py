"""Weights & Biases: online for who is logged in, else in the run folder, from where ``wandb sync`` sends it.

``WANDB_MODE``, ``WANDB_PROJECT``, ``WANDB_ENTITY`` and the other variables of W&B say more. No source code, no state of
the Git repository and no load of the machine is collected.
"""

from __future__ import annotations

import netrc
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from synthetic1.reports.sinks.sink import Ending, Row, TrackerRun

EXIT_CODES: Mapping[Ending, int] = {"finished": 0, "stopped": 130, "failed": 1}
OPEN_WITHIN_S = 30.0
STEP = "train/global_step"
"""The axis of every chart, as transformers has it. W&B's own step may not go back, and a resumed run does."""


def prepare() -> None:
    """Import what opening needs."""
    import wandb  # noqa: F401


def open_sink(run: TrackerRun) -> WandbSink:
    """The run in W&B: a new one, or the one of this run folder."""
    import wandb

    known, _ = run.own_id("wandb")
    settings = wandb.Settings(
        silent=True,
        console="off",
        init_timeout=OPEN_WITHIN_S,
        disable_code=True,
        disable_git=True,
        save_code=False,
        x_disable_stats=True,
    )
    opened = wandb.init(
        project=os.environ.get("WANDB_PROJECT", "synthetic1"),
        name=run.name,
        id=known,
        resume="allow",
        job_type=run.program,
        config=dict(run.config),
        dir=run.folder,
        mode=None if "WANDB_MODE" in os.environ or is_logged_in() else "offline",
        allow_val_change=True,
        settings=settings,
    )
    opened.define_metric(STEP)
    opened.define_metric("*", step_metric=STEP)
    return WandbSink(opened)


def is_logged_in() -> bool:
    """Whether there are credentials; without any, W&B would ask on the terminal, in the middle of a run."""
    if os.environ.get("WANDB_API_KEY") or os.environ.get("WANDB_IDENTITY_TOKEN_FILE"):
        return True
    host = urlsplit(os.environ.get("WANDB_BASE_URL", "https://api.wandb.ai")).hostname or ""
    try:
        return netrc.netrc(os.environ.get("NETRC")).authenticators(host) is not None
    except (OSError, netrc.NetrcParseError):
        return False


class WandbSink:
    """Writes to an open run of W&B."""

    def __init__(self, run: Any) -> None:
        self.run = run

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        self.run.log({**metrics, STEP: step})

    def table(self, name: str, step: int, rows: Sequence[Row]) -> None:
        import wandb

        columns: list[str | int] = list(rows[0])
        data = [list(row.values()) for row in rows]
        self.run.log({name: wandb.Table(columns=columns, data=data, allow_mixed_types=True), STEP: step})

    def artifact(self, path: Path, name: str) -> None:
        import wandb

        kept = wandb.Artifact(f"{self.run.id}-{path.stem}", type="result")
        kept.add_file(str(path), name=name)
        self.run.log_artifact(kept)

    def finish(self, ending: Ending) -> None:
        self.run.finish(exit_code=EXIT_CODES[ending])
