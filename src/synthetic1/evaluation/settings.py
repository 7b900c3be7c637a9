"""The settings of an evaluation: what people write in configs/evaluate_model.yaml and on the command line."""

from __future__ import annotations

from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from synthetic1.trainers.reinforcement.settings import EnvSettings, ModelSettings, Section


class EvaluationSampling(Section):
    max_tokens: PositiveInt
    temperature: float = Field(default=0.6, ge=0.0)
    top_p: float = Field(default=0.95, gt=0.0, le=1.0)


class EvaluationSettings(Section):
    env: EnvSettings
    model: ModelSettings
    engine: Literal["transformers", "vllm", "server"] = "transformers"
    server: str | None = None
    """Base URL of an OpenAI-compatible server, for ``engine=server``."""
    server_model: str | None = None
    """Its name for the model; None = the one model it serves."""
    vllm_arguments: list[str] = Field(default_factory=list)
    n: PositiveInt
    """Held-out tasks."""
    samples: PositiveInt = 1
    """Completions a task."""
    k: list[PositiveInt] = Field(default_factory=list)
    """pass@k for these k; empty = powers of two up to ``samples``."""
    sampling: EvaluationSampling
    batch_size: PositiveInt = 128
    concurrency: PositiveInt = 64
    compare: str | None = None
    """Another evaluation's folder or result.json, to be compared with, task by task."""
    seed: NonNegativeInt = 0
    run_name: str | None = None
    runs: str = "runs"
    overwrite: bool = False

    @model_validator(mode="before")
    @classmethod
    def server_means_engine(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("server") and values.get("engine") in (None, "transformers"):
            return {**values, "engine": "server"}
        return values

    @model_validator(mode="after")
    def whole(self) -> EvaluationSettings:
        if self.engine == "server" and not self.server:
            raise ValueError("engine=server wants server=URL, e.g. server=http://localhost:8000/v1")
        if any(k > self.samples for k in self.k):
            raise ValueError(f"k={max(self.k)} needs samples={max(self.k)} or more completions a task")
        return self

    @property
    def ks(self) -> list[int]:
        return sorted(self.k) or [2**i for i in range(1, self.samples.bit_length()) if 2**i <= self.samples]

    @property
    def model_name(self) -> str:
        if self.engine == "server":
            return self.server_model or urlsplit(self.server or "").netloc.replace(":", "-")
        return self.model.name

    @property
    def name(self) -> str:
        model = self.model_name.rstrip("/").rpartition("/")[2]
        return self.run_name or f"{self.env.name}-{model}-s{self.seed}"
