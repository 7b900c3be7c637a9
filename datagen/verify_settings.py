"""The settings of verifying anew: what people write in configs/verify.yaml and on the command line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field, PositiveInt

from synthetic1.jobs.imports import ProgramSettings
from synthetic1.jobs.judge_settings import JudgeSection
from synthetic1.scale.settings import RaySection, ScoringEngine


class VerifySettings(ProgramSettings):
    """What ``datagen/verify.py`` is told."""

    run: str
    """A run's name or folder."""
    env: dict[str, Any] = Field(default_factory=dict)
    """Arguments of the run's environment to be changed."""
    judge: JudgeSection = JudgeSection()
    """Without one, the run's own; how far it is trusted is said here."""
    engine: ScoringEngine = "local"
    """Where verifiers work: ``local``, on this machine; ``ray``, on the nodes of a Ray cluster."""
    ray: RaySection = RaySection()
    """The cluster of ``engine=ray``."""
    tasks_at_once: PositiveInt = 256
    """Tasks whose completions are verified together; twice as many are in memory."""
    runs: str = "runs"
    """Where runs are looked for by name: ``<runs>/generate/<run>``."""

    def judge_of(self, stored: dict[str, Any] | None) -> JudgeSection:
        """The judge to ask, where the run was made with ``stored``."""
        if self.judge.argument is not None or not stored:
            return self.judge
        return JudgeSection.model_validate({**stored, **self.judge.model_dump(exclude_unset=True, exclude={"url"})})

    @property
    def cluster(self) -> RaySection | None:
        """Where verifiers work, if not on this machine."""
        return self.ray if self.engine == "ray" else None

    def idle(self) -> Iterator[tuple[str, str]]:
        """Settings that do nothing here, and why; ``run_program`` refuses those that were typed."""
        yield from self.ray.idle(self.engine)
