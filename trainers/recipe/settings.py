"""The settings of the R1 recipe: what people write in configs/r1.yaml and on the command line."""

from __future__ import annotations

from pydantic import Field, NonNegativeInt, PositiveInt

from synthetic1.trainers.reinforcement.settings import EnvSettings, Section


class StageArguments(Section):
    """Settings of one program, as its command line takes them."""

    arguments: list[str] = Field(default_factory=list)


class TraceSettings(StageArguments):
    teacher: str | None = None
    """The model whose traces are learned from; None = the base itself (rejection sampling)."""
    server: str | None = None
    """Base URL of a server of the teacher; None = a vLLM server is started for as long as it is needed."""
    tasks: PositiveInt
    """How many training tasks are asked."""
    samples: PositiveInt
    """Completions a task."""


class R1EvalSettings(StageArguments):
    n: int = Field(ge=1)
    """Held-out tasks; the same ones at every stage."""


class R1Settings(Section):
    base: str = Field(min_length=1)
    """The model that the recipe starts from: ``embedded``, a folder, or a model id."""
    env: EnvSettings
    traces: TraceSettings
    sft: StageArguments
    grpo: StageArguments
    eval: R1EvalSettings
    seed: NonNegativeInt = 0
    run_name: str | None = None
    runs: str = "runs"

    @property
    def name(self) -> str:
        """The run's name: stable over restarts, so that the same command goes on with it."""
        return self.run_name or f"{self.env.name}-{self.base.rstrip('/').rpartition('/')[2]}-s{self.seed}"
