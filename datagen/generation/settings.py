"""The settings of generation: what people write in configs/generate.yaml and on the command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from synthetic1.datagen.journal.shared_place import checked_url
from synthetic1.inference.server import Price, Server
from synthetic1.jobs import chat
from synthetic1.jobs.env_settings import EnvSettings, Section
from synthetic1.jobs.imports import ProgramSettings
from synthetic1.jobs.judge_settings import JudgeSection, with_judge
from synthetic1.jobs.same_run import JUDGE_MAY_CHANGE
from synthetic1.jobs.tracking import ReportTo
from synthetic1.scale.settings import RayReplicaSection, RaySection, ScoringEngine
from synthetic1.tasks.sources.bad_rows import BadRows

MAY_CHANGE = frozenset(
    {
        *("server", "api_key_env", "concurrency", "price", "timeout_s", "outage_s", "extra_body", "launch"),
        *("vllm_arguments", "stream", "continue_truncated", "retries", "runs", "run_name", "dry_run", "limit"),
        *("lookahead", "thinking_open", "bad_rows", "imports", "report_to", "engine", "ray"),
        *("journal", "lease_s"),
    }
)
"""Settings that the same run may go on with: none of them changes what is asked."""
MAY_RISE = frozenset({"samples", "keep"})
OPEN_GROUPS = {"model": (None, "model_name"), "judge": ("server", "judge.url")}
"""Config groups whose choice may be a free value: a model's name, the address of a judge."""


def _one_folder(name: str | None) -> str | None:
    if name and (Path(name).name != name or name == ".."):
        raise ValueError("a run's name is that of one folder in <runs>/generate: no `/` and no `..` in it")
    return name


RunName = Annotated[str | None, AfterValidator(_one_folder)]
JournalUrl = Annotated[str | None, AfterValidator(lambda url: None if url is None else checked_url(url))]
"""Without a password in it."""


class GenerationSampling(Section):
    """How completions are sampled."""

    max_tokens: PositiveInt = 1024
    """Tokens of a completion, the thought included; a reasoning model needs 8192 to 32768."""
    temperature: float = Field(default=0.6, ge=0.0)
    """Sampling temperature; 0.6 as DeepSeek-R1's card says."""
    top_p: float = Field(default=0.95, gt=0.0, le=1.0)
    """Sample from the most probable tokens that together have this probability."""
    top_k: PositiveInt | None = None
    """Sample from so many of the most probable tokens; None = all."""

    def of_run(self, seed: int) -> dict[str, Any]:
        """What is part of every rollout's key in a run with this seed."""
        found = {"max_tokens": self.max_tokens, "temperature": self.temperature, "top_p": self.top_p, "seed": seed}
        return found | ({"top_k": self.top_k} if self.top_k is not None else {})


class PriceSettings(Section):
    """What a server takes for a million tokens."""

    input: float = Field(ge=0.0)
    """A million tokens of prompts."""
    output: float = Field(ge=0.0)
    """A million tokens of completions."""


class GenerateSettings(ProgramSettings):
    """What ``datagen/generate.py`` is told."""

    env: EnvSettings
    """Whose tasks are asked; ``env.split=all`` takes the held-out ones, too."""
    bad_rows: BadRows = "quarantine"
    """What becomes of a row that is not a task, or that nobody verifies: ``quarantine`` leaves it out, and keeps it in
    the run's ``bad_rows.jsonl``; ``error`` stops."""
    judge: JudgeSection = JudgeSection()
    """The judge of judged families."""
    model_name: str
    """The name under which the server serves the model; for ``launch=``: ``embedded``, a folder or a model id.
    ``model=`` is short for it."""
    server: str | list[str] | None = None
    """Base URL of an OpenAI-compatible server, or a list of equal ones."""
    launch: Literal["vllm", "ray"] | None = None
    """``vllm``: start a vLLM server here, and stop it at the end; ``ray``: servers on the nodes of a Ray cluster."""
    vllm_arguments: list[str] = Field(default_factory=list)
    """More arguments of that server, or of each, e.g. ``[--tensor-parallel-size, "8"]``."""
    engine: ScoringEngine = "local"
    """Where verifiers work: ``local``, on this machine; ``ray``, on the nodes of a Ray cluster."""
    ray: RayReplicaSection = RayReplicaSection()
    """The cluster of ``engine=ray`` and ``launch=ray``."""
    limit: PositiveInt | None = None
    """Only so many tasks; None = all."""
    samples: PositiveInt = 1
    """Completions a task."""
    keep: PositiveInt | None = None
    """Stop asking for a task that has so many verified completions; None = ask for all ``samples``."""
    threshold: float = Field(default=1.0, gt=0.0, le=1.0)
    """Score from which a completion is verified."""
    sampling: GenerationSampling = GenerationSampling()
    """How completions are sampled."""
    thinking_open: bool | None = None
    """Whether the chat template ends inside ``<think>``; None = the chat template says it with
    ``launch=``, else the model's name does (DeepSeek-R1)."""
    continue_truncated: bool = False
    """Go on with completions that ran into ``max_tokens`` (vLLM, SGLang)."""
    concurrency: PositiveInt = 64
    """Requests in flight, all servers together; the client backs off by itself."""
    lookahead: PositiveInt = 512
    """Tasks among which those known to be hard come first."""
    timeout_s: PositiveFloat = 3600.0
    """Seconds for one completion."""
    outage_s: float = Field(default=300.0, ge=0.0)
    """Seconds to wait for a server that is down, or answers nothing but errors."""
    retries: NonNegativeInt = 5
    """How often a request whose answer was lost is sent again."""
    stream: bool = False
    """Ask for answers piece by piece: for proxies that cut silent connections."""
    extra_body: dict[str, Any] = Field(default_factory=dict)
    """More fields of every request."""
    api_key_env: str = "OPENAI_API_KEY"
    """The environment variable that holds the server's key."""
    price: PriceSettings | None = None
    """Money for a million tokens, e.g. ``{input: 0.55, output: 2.19}``; None = no costs are shown."""
    seed: NonNegativeInt = 0
    """Seed of the order of tasks, and of the completions where the server takes one."""
    run_name: RunName = None
    """Name of the run's folder; None = env-model-seed."""
    runs: str = "runs"
    """Run folders go to ``<runs>/generate/<run_name>/``."""
    journal: JournalUrl = None
    """A PostgreSQL database that several processes share the run in, e.g. ``postgresql://user@host/name``; None = a
    file in the run's folder, which one process writes."""
    lease_s: float = Field(default=60.0, ge=1.0)
    """Of ``journal=postgresql://…``: seconds after which the others take over the tasks of a process that gives no sign
    of life."""
    report_to: ReportTo = Field(default_factory=list)
    """Trackers that show the run besides its folder: ``wandb``, ``trackio``, ``tensorboard``, ``mlflow``."""
    dry_run: bool = False
    """Ask for 50 tasks, then say tokens, hours and money for the whole."""

    @model_validator(mode="after")
    def sensible(self) -> GenerateSettings:
        if self.server is not None and self.launch is not None:
            where = "here" if self.launch == "vllm" else "on a cluster"
            raise ValueError(
                f"server= asks a server that runs, launch={self.launch} starts one {where}: leave one of them out"
            )
        if self.server is None and self.launch is None:
            raise ValueError("where from? give server=http://localhost:8000/v1, or launch=vllm to start one here")
        if self.vllm_arguments and self.launch is None:
            raise ValueError("vllm_arguments= is for launch=vllm; the server of server= has been started already")
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
    def cluster(self) -> RaySection | None:
        """Where verifiers work, if not on this machine."""
        return self.ray if self.engine == "ray" else None

    def idle(self) -> Iterator[tuple[str, str]]:
        """Settings that do nothing here, and why; ``run_program`` refuses those that were typed."""
        yield from self.ray.idle_beside(self.engine, self.launch)
        if self.journal is None:
            yield "lease_s", "without journal=postgresql://…"

    @property
    def judged_env(self) -> EnvSettings:
        """The environment, with the judge for every judged family in it."""
        return with_judge(self.env, self.judge)

    def server_for(self, urls: Any, thinking_open: bool | None) -> Server:
        """The server to ask.

        Args:
            thinking_open: whether its prompts end inside ``<think>``; None: as the model's name says.

        Raises:
            ValueError: an address that is not one.
        """
        return Server(
            (urls,) if isinstance(urls, str) else tuple(urls),
            self.model_name,
            api_key_env=self.api_key_env,
            max_in_flight=self.concurrency,
            timeout_s=self.timeout_s,
            retries=self.retries,
            outage_s=self.outage_s,
            thinking_open=chat.opens_thinking(self.model_name) if thinking_open is None else thinking_open,
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
