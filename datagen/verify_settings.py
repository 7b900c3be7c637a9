"""The settings of verifying anew: what people write in configs/verify.yaml and on the command line."""

from __future__ import annotations

from typing import Any

from pydantic import Field, PositiveInt

from synthetic1.jobs.imports import ProgramSettings
from synthetic1.jobs.judge_settings import JudgeSection


class VerifySettings(ProgramSettings):
    """What ``datagen/verify.py`` is told."""

    run: str
    """A run's name or folder."""
    env: dict[str, Any] = Field(default_factory=dict)
    """Arguments of the run's environment to be changed."""
    judge: JudgeSection = JudgeSection()
    """Without one, the run's own; how far it is trusted is said here."""
    tasks_at_once: PositiveInt = 256
    """Tasks in memory."""
    runs: str = "runs"
    """Where runs are looked for by name: ``<runs>/generate/<run>``."""

    def judge_of(self, stored: dict[str, Any] | None) -> JudgeSection:
        """The judge to ask, where the run was made with ``stored``."""
        if self.judge.argument is not None or not stored:
            return self.judge
        return JudgeSection.model_validate({**stored, **self.judge.model_dump(exclude_unset=True, exclude={"url"})})
