"""The settings of an evaluation: what people write in configs/evaluate_model.yaml and on the command line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from synthetic1.jobs.embedded_model import is_trained_from
from synthetic1.jobs.env_settings import Section, SplitEnvSettings
from synthetic1.jobs.imports import ProgramSettings
from synthetic1.jobs.model_settings import ModelSettings
from synthetic1.jobs.tracking import ReportTo
from synthetic1.tasks.sources.bad_rows import BadRows

TOKENS, EMBEDDED_TOKENS = 4_096, 96
"""Of a completion, unless a person says it: what reasoning models want at least, and what the embedded one does."""


class EvaluationSampling(Section):
    """How completions are sampled."""

    max_tokens: PositiveInt | None = None
    """Tokens of a completion, the thought included; None = 96 for the embedded model, 4,096 for any other."""
    temperature: float = Field(default=0.6, ge=0.0)
    """Sampling temperature."""
    top_p: float = Field(default=0.95, gt=0.0, le=1.0)
    """Sample from the most probable tokens that together have this probability."""


class EvaluationSettings(ProgramSettings):
    """What ``synthetic1 evaluate`` is told."""

    env: SplitEnvSettings
    """What is measured."""
    bad_rows: BadRows = "quarantine"
    """What becomes of a row that is not a task, or that nobody verifies: ``quarantine`` leaves it out, and keeps it in
    the run's ``bad_rows.jsonl``; ``error`` stops."""
    model: ModelSettings
    """The model that is measured."""
    engine: Literal["transformers", "vllm", "server"] = "transformers"
    """Who makes completions: transformers in this process, a vLLM server started for it, or a server that runs."""
    server: str | None = None
    """Base URL of an OpenAI-compatible server; it means ``engine=server``."""
    server_model: str | None = None
    """Its name for the model; None = the one model it serves."""
    vllm_arguments: list[str] = Field(default_factory=list)
    """More arguments of ``vllm serve``, for ``engine=vllm``."""
    thinking_open: bool | None = None
    """Whether the chat template of a served model ends inside ``<think>``; None = the template says it with
    ``engine=vllm``, else the model's name does (DeepSeek-R1)."""
    n: PositiveInt = 512
    """Held-out tasks."""
    samples: PositiveInt = 1
    """Completions a task."""
    k: list[PositiveInt] = Field(default_factory=list)
    """pass@k for these k; empty = powers of two up to ``samples``."""
    sampling: EvaluationSampling = EvaluationSampling()
    """How completions are sampled."""
    batch_size: PositiveInt | None = None
    """Completions made at once, for ``engine=transformers``; None = 128, or as many as by estimate fit 80% of the
    device's memory."""
    concurrency: PositiveInt = 64
    """Requests in flight, for the other engines."""
    compare: str | None = None
    """Another evaluation's folder or result.json, to be compared with, task by task."""
    seed: NonNegativeInt = 0
    """Seed of the completions."""
    run_name: str | None = None
    """Name of the run's folder; None = env-model-seed."""
    runs: str = "runs"
    """Run folders go to ``<runs>/evaluate/<run_name>/``."""
    report_to: ReportTo = Field(default_factory=list)
    """Trackers that show the run besides its folder: ``wandb``, ``trackio``, ``tensorboard``, ``mlflow``."""
    overwrite: bool = False
    """Put an older evaluation of this name aside and start anew."""

    @model_validator(mode="before")
    @classmethod
    def server_means_engine(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("server") and values.get("engine") in (None, "transformers"):
            return {**values, "engine": "server"}
        return values

    @model_validator(mode="after")
    def fit_the_model(self) -> EvaluationSettings:
        """Written out, so that the run folder says what was asked for."""
        if self.sampling.max_tokens is None:
            fits = {"max_tokens": EMBEDDED_TOKENS if self.is_embedded else TOKENS}
            object.__setattr__(self, "sampling", self.sampling.model_copy(update=fits))
        return self

    @model_validator(mode="after")
    def whole(self) -> EvaluationSettings:
        if self.engine == "server" and not self.server:
            raise ValueError("engine=server wants server=URL, e.g. server=http://localhost:8000/v1")
        if self.engine != "server":
            for name in ("server", "server_model"):
                if getattr(self, name) is not None:
                    raise ValueError(f"{name}= is for engine=server, got engine={self.engine}: leave one of them out")
        elif self.model.name != "embedded":
            raise ValueError("model= names what is loaded here; with server= its name is server_model=, as served")
        if self.vllm_arguments and self.engine != "vllm":
            raise ValueError(f"vllm_arguments= is for engine=vllm, got engine={self.engine}")
        if self.thinking_open is not None and self.engine == "transformers":
            raise ValueError("thinking_open= is for engine=vllm and engine=server; here the chat template says it")
        if any(k > self.samples for k in self.k):
            raise ValueError(f"k={max(self.k)} needs samples={max(self.k)} or more completions a task")
        return self

    def idle(self) -> Iterator[tuple[str, str]]:
        """Settings that do nothing here, and why; ``run_program`` refuses those that were typed."""
        yield from self.env.idle()
        yield "model.lora", "in an evaluation: adapters are trained; model= takes a folder that holds some"
        if self.engine == "transformers":
            yield "concurrency", "with engine=transformers, which makes batch_size completions at once"
        else:
            yield "batch_size", f"with engine={self.engine}, which makes batches itself; concurrency= limits requests"
        if self.engine == "server":
            for name in ("dtype", "revision", "chat_template"):
                yield f"model.{name}", "with engine=server: the server has loaded its model"
        elif self.model.name == "embedded":
            yield "model.revision", "with model=embedded, which is a part of this package"

    @property
    def is_embedded(self) -> bool:
        """What is measured is the embedded model, maybe trained further."""
        return self.engine != "server" and (self.model.name == "embedded" or is_trained_from(self.model.name))

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
