"""The settings of generation: what people write in configs/generate.yaml and on the command line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, field_validator, model_validator

from synthetic1.inference.server import Price, Server
from synthetic1.jobs.env_settings import EnvSettings, Section
from synthetic1.jobs.judge_settings import JudgeSection, with_judge

MAY_CHANGE = frozenset(
    {
        *("server", "api_key_env", "concurrency", "price", "timeout_s", "outage_s", "extra_body", "launch"),
        *("vllm_arguments", "stream", "continue_truncated", "retries", "runs", "run_name", "dry_run", "limit"),
        *("lookahead", "thinking_open"),
    }
)
"""Settings that the same run may go on with: none of them changes what is asked. ``samples`` and ``keep`` may rise."""
JUDGE_MAY_CHANGE = frozenset(
    {"allow_uncalibrated", "max_false_accept", "max_false_reject", "api_key_env", "max_in_flight"}
    | {"timeout_s", "outage_s", "price", "cache"}
)
"""Settings of the judge that change no verdict."""
OPEN_GROUPS = {"model": (None, "model_name"), "judge": ("server", "judge.url")}
"""Config groups whose choice may be a free value: a model's name, the address of a judge."""
R1_NAMES = re.compile(r"deepseek.*\br1\b", re.IGNORECASE)
"""Models whose chat templates open the thought, so that servers without a reasoning parser send no ``<think>``."""


class GenerationSampling(Section):
    max_tokens: PositiveInt
    temperature: float = Field(default=0.6, ge=0.0)
    top_p: float = Field(default=0.95, gt=0.0, le=1.0)
    top_k: PositiveInt | None = None


class PriceSettings(Section):
    input: float = Field(ge=0.0)
    output: float = Field(ge=0.0)


class GenerateSettings(Section):
    env: EnvSettings
    judge: JudgeSection = JudgeSection()
    model_name: str
    server: str | list[str] | None = None
    launch: Literal["vllm"] | None = None
    vllm_arguments: list[str] = Field(default_factory=list)
    limit: PositiveInt | None = None
    samples: PositiveInt = 1
    keep: PositiveInt | None = None
    threshold: float = Field(default=1.0, gt=0.0, le=1.0)
    sampling: GenerationSampling
    thinking_open: bool | None = None
    continue_truncated: bool = False
    concurrency: PositiveInt = 64
    lookahead: PositiveInt = 512
    timeout_s: PositiveFloat = 3600.0
    outage_s: float = Field(default=300.0, ge=0.0)
    retries: NonNegativeInt = 5
    stream: bool = False
    extra_body: dict[str, Any] = Field(default_factory=dict)
    api_key_env: str = "OPENAI_API_KEY"
    price: PriceSettings | None = None
    seed: NonNegativeInt = 0
    run_name: str | None = None
    runs: str = "runs"
    dry_run: bool = False

    @field_validator("run_name")
    @classmethod
    def one_folder(cls, name: str | None) -> str | None:
        if name and (Path(name).name != name or name == ".."):
            raise ValueError("a run's name is that of one folder in <runs>/generate: no `/` and no `..` in it")
        return name

    @model_validator(mode="after")
    def sensible(self) -> GenerateSettings:
        if (self.server is None) == (self.launch is None):
            raise ValueError("where from? give server=http://localhost:8000/v1, or launch=vllm to start one here")
        if self.keep is not None and self.keep > self.samples:
            raise ValueError(f"keep={self.keep} wants at least samples={self.keep} a task, got samples={self.samples}")
        if self.server is not None:
            try:
                self.server_for(self.server, None)
            except ValueError as error:
                raise ValueError(str(error).replace("urls:", "server:", 1)) from None
        return self

    @property
    def name(self) -> str:
        """The run's name: stable over restarts, so that the same command goes on with it."""
        return self.run_name or f"{self.env.name}-{self.model_name.rstrip('/').rpartition('/')[2]}-s{self.seed}"

    @property
    def judged_env(self) -> EnvSettings:
        """The environment, with the judge for every judged family in it."""
        return with_judge(self.env, self.judge)

    @property
    def opens_thinking(self) -> bool | None:
        """What is known of the chat template from the settings alone."""
        return True if self.thinking_open is None and R1_NAMES.search(self.model_name) else self.thinking_open

    def server_for(self, urls: Any, thinking_open: bool | None) -> Server:
        """The server to ask.

        Raises:
            ValueError: an address that is none.
        """
        return Server(
            (urls,) if isinstance(urls, str) else tuple(urls),
            self.model_name,
            api_key_env=self.api_key_env,
            max_in_flight=self.concurrency,
            timeout_s=self.timeout_s,
            retries=self.retries,
            outage_s=self.outage_s,
            thinking_open=bool(thinking_open),
            stream=self.stream,
            price=Price(self.price.input, self.price.output) if self.price else None,
            extra_body=self.extra_body,
        )

    def identity(self) -> dict[str, Any]:
        """The settings that decide what is asked, as JSON values."""
        values = self.model_dump(mode="json", exclude={"judge": set(JUDGE_MAY_CHANGE)})
        if self.judge.argument is None:
            del values["judge"]
        return {name: value for name, value in values.items() if name not in MAY_CHANGE}


def differences(stored: dict[str, Any], wanted: dict[str, Any]) -> list[str]:
    """What a run would have to be another one for, in words; ``samples`` and ``keep`` may rise."""
    found = []
    for name in sorted(stored.keys() | wanted.keys()):
        before, now = stored.get(name), wanted.get(name)
        if before == now:
            continue
        if name == "samples" and before is not None and now is not None and now > before:
            continue
        if name == "keep" and before is not None and (now is None or now > before):
            continue
        if isinstance(before, dict) and isinstance(now, dict):
            found += [f"{name}.{inner}" for inner in differences(before, now)]
        else:
            found.append(f"{name} was {before!r} and is now {now!r}")
    return found
