"""The settings of a judge's calibration: what people write in configs/calibrate_judge.yaml and on the command line."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, NonNegativeInt, PositiveInt, field_validator

from synthetic1.jobs.imports import ProgramSettings
from synthetic1.jobs.judge_settings import JudgeSection

Family = Literal["math", "stem", "swe", "similarity"]


class CalibrationSettings(ProgramSettings):
    """What ``synthetic1 judge calibrate`` is told."""

    judge: JudgeSection
    """The judge that is measured; the same settings as where it is used."""
    families: list[Family] = Field(default=["math", "stem", "swe"], min_length=1)
    """Whose rubrics are measured; ``similarity`` uses the tasks of ``stem``, ``math`` is for ``env.answer_judge``."""
    tasks: PositiveInt | None = None
    """Only the first so many tasks of each family; None = all."""
    tasks_per_attack: PositiveInt = 3
    """How many tasks each attack is tried on."""
    seed: NonNegativeInt = 0
    """Decides which tasks those are."""
    run_name: str | None = None
    """Name of the run's folder; None = the judge's model."""
    runs: str = "runs"
    """Run folders go to ``<runs>/calibrate_judge/<run_name>/``."""
    overwrite: bool = False
    """Put an older calibration of this name aside and start anew."""

    @field_validator("judge")
    @classmethod
    def there_is_one(cls, judge: JudgeSection) -> JudgeSection:
        if judge.url is None:
            raise ValueError("say which judge: judge=local, or judge=URL of an OpenAI-compatible server")
        return judge
