"""The settings of the R1 recipe: what people write in configs/r1.yaml and on the command line."""

from __future__ import annotations

from typing import Any

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from synthetic1.jobs.env_settings import Section, SplitEnvSettings
from synthetic1.jobs.imports import ProgramSettings

EMBEDDED = {
    # A light touch: at ten times the rate the embedded model learns all that GRPO could teach it.
    "sft": ("trainer.learning_rate=1.0e-4",),
    # A rate and an optimizer for so few weights.
    "grpo": ("recipe=demo", "overwrite=false"),
}
"""Stage → settings that fit the embedded model alone; for another one the trainers' own defaults do."""


class StageArguments(Section):
    """Settings of one program, as its command line takes them."""

    arguments: list[str] = Field(default_factory=list)
    """More settings of the program, each in quotes: ``['sampling.max_tokens=8192']``."""


class FittedArguments(Section):
    """Settings of a trainer, as its command line takes them."""

    arguments: list[str] | None = None
    """More settings of the program; None = for ``base=embedded`` those that fit it alone
    (``configs/r1.yaml``), else none."""


class TraceSettings(StageArguments):
    """Traces: who writes them, and how many. ``arguments`` go to ``datagen/generate.py``."""

    teacher: str | None = None
    """The model whose traces are learned from; None = the base itself (rejection sampling)."""
    server: str | None = None
    """Base URL of a server of the teacher; None = a vLLM server is started for as long as it is needed."""
    tasks: PositiveInt = 400
    """How many training tasks are asked."""
    samples: PositiveInt = 4
    """Completions a task."""


class R1EvalSettings(StageArguments):
    """How each stage is measured. ``arguments`` go to ``synthetic1 evaluate``."""

    n: int = Field(default=1024, ge=1)
    """Held-out tasks; the same ones at every stage."""


class R1Settings(ProgramSettings):
    """What ``trainers/r1.py`` is told."""

    base: str = Field(default="embedded", min_length=1)
    """The model that the recipe starts from: ``embedded``, a folder, or a model id."""
    env: SplitEnvSettings
    """What is learned."""
    traces: TraceSettings = TraceSettings()
    """The first stage: traces, verified."""
    sft: FittedArguments = FittedArguments()
    """The second stage, ``trainers/sft.py``: supervised fine-tuning on them."""
    grpo: FittedArguments = FittedArguments()
    """The third stage, ``trainers/grpo.py``. The stages are evaluated by the recipe, so the trainer does not."""
    eval: R1EvalSettings = R1EvalSettings()
    """How each stage is measured."""
    seed: NonNegativeInt = 0
    """Seed of every stage."""
    run_name: str | None = None
    """Name of the recipe's folder; None = env-base-seed."""
    runs: str = "runs"
    """Everything goes to ``<runs>/r1/<run_name>/``."""

    @model_validator(mode="before")
    @classmethod
    def fit_the_base(cls, values: Any) -> Any:
        """Written out, so that a recipe's folder says what its stages were told."""
        if not isinstance(values, dict):
            return values
        fitted = dict(values)
        for stage, arguments in EMBEDDED.items():
            section = fitted.get(stage) or {}
            if isinstance(section, dict) and section.get("arguments") is None:
                fits = arguments if fitted.get("base", "embedded") == "embedded" else ()
                fitted[stage] = {**section, "arguments": list(fits)}
        return fitted

    @property
    def name(self) -> str:
        """The run's name: stable over restarts, so that the same command goes on with it."""
        return self.run_name or f"{self.env.name}-{self.base.rstrip('/').rpartition('/')[2]}-s{self.seed}"
