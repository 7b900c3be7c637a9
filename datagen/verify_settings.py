"""The settings of judging anew: what people write in configs/verify.yaml and on the command line."""

from __future__ import annotations

from typing import Any

from pydantic import Field, PositiveInt

from synthetic1.envs.settings import Section


class VerifySettings(Section):
    run: str
    """A run's name or folder."""
    env: dict[str, Any] = Field(default_factory=dict)
    """Arguments of the run's environment to be changed."""
    tasks_at_once: PositiveInt = 256
    runs: str = "runs"
