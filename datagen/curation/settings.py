"""The settings of curation: what people write in configs/curate.yaml and on the command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, field_validator, model_validator

from synthetic1.datagen.curation.recipes.code import CodeCuration
from synthetic1.datagen.curation.recipes.code_understanding import EvolutionSettings
from synthetic1.datagen.curation.recipes.math import MathCuration
from synthetic1.datagen.curation.recipes.repair import Repair
from synthetic1.datagen.curation.recipes.stem import StemCuration
from synthetic1.datagen.curation.recipes.swe import SweCuration
from synthetic1.datagen.curation.sift_settings import SiftSettings
from synthetic1.inference.server import Price, Server
from synthetic1.jobs.env_settings import Section
from synthetic1.jobs.imports import ProgramSettings
from synthetic1.scale.settings import RaySection, ScoringEngine

RecipeName = Literal["math", "code", "swe", "stem", "code_understanding", "repair"]
RECIPES: frozenset[str] = frozenset(get_args(RecipeName))
MAY_CHANGE = frozenset(
    {
        *(
            "imports",
            "input",
            "prompts",
            "output",
            "overwrite",
            "workers",
            "runs",
            "run_name",
            "dry_run",
            "card",
            "rows_per_shard",
            "sift",
            "engine",
            "ray",
            "at_once",
        ),
        *(f"model.{name}" for name in ("url", "launch", "vllm_arguments", "api_key_env", "max_in_flight", "timeout_s")),
        *(f"model.{name}" for name in ("outage_s", "price", "cache")),
    }
)
"""Settings that the same run may go on with: none of them changes what comes out. Input is known by its content."""
ASKING = frozenset({"model", "difficulty"})
"""Settings of what comes after rows were read and sifted."""


class ModelSection(Section):
    """The language model that classifies, rewrites and writes."""

    url: str | list[str] | None = None
    """Base URL of an OpenAI-compatible server, or a list of equal ones; None = no model."""
    launch: Literal["vllm"] | None = None
    """``vllm``: start a server here with ``name``, and stop it at the end."""
    vllm_arguments: list[str] = Field(default_factory=list)
    """More arguments of that server."""
    name: str | None = None
    """The server's name for the model; None = the one model that it serves. With ``launch``: ``embedded``, a folder or
    a model id."""
    max_tokens: PositiveInt = 4096
    """Tokens of a reply, the thought included; models that think need 8192 to 32768."""
    attempts: PositiveInt = 3
    """Replies asked for until one is in the form that was asked for."""
    thinking_open: bool = False
    """Whether the chat template ends inside ``<think>``."""
    api_key_env: str = "OPENAI_API_KEY"
    """The environment variable that holds the server's key; the key itself is written nowhere."""
    max_in_flight: PositiveInt = 64
    """Requests at once."""
    timeout_s: PositiveFloat = 600.0
    """Seconds for one attempt."""
    outage_s: float = Field(default=300.0, ge=0.0)
    """Seconds to wait for a server that is down."""
    price: dict[str, float] | None = None
    """Money for a million tokens, e.g. ``{input: 0.15, output: 0.6}``; None = no costs are shown."""
    cache: str | None = None
    """A file that keeps replies, for several runs to share; None = ``replies.sqlite`` in the run's folder."""
    extra_body: dict[str, Any] = Field(default_factory=dict)
    """More fields of every request, e.g. ``{chat_template_kwargs: {enable_thinking: false}}``."""

    @model_validator(mode="after")
    def makes_a_server(self) -> ModelSection:
        if self.url is not None and self.launch is not None:
            raise ValueError("model.url= asks a server that runs, model.launch=vllm starts one: leave one of them out")
        if self.launch is not None and self.name is None:
            raise ValueError("model.launch=vllm starts which model? give model.name=")
        if self.vllm_arguments and self.launch is None:
            raise ValueError("vllm_arguments are for model.launch=vllm")
        if self.url is not None:
            self.server(self.url)
        elif self.price is not None:
            Price.of(self.price)
        return self

    @property
    def is_named(self) -> bool:
        return self.url is not None or self.launch is not None

    def server(self, urls: Any, **changes: Any) -> Server:
        """The server to ask.

        Raises:
            ValueError: an address that is not one.
        """
        return Server(
            (urls,) if isinstance(urls, str) else tuple(urls),
            changes.get("name", self.name),
            api_key_env=self.api_key_env,
            max_in_flight=self.max_in_flight,
            timeout_s=self.timeout_s,
            outage_s=self.outage_s,
            thinking_open=changes.get("thinking_open", self.thinking_open),
            price=None if self.price is None else Price.of(self.price),
            cache=changes.get("cache", self.cache),
            extra_body=self.extra_body,
        )


class BenchmarkSettings(Section):
    """Benchmarks whose problems must not be among the tasks."""

    benchmarks: list[str] = Field(default_factory=list)
    """Files, folders and globs: JSON Lines, JSON, Parquet, or text with a problem a paragraph."""
    n: PositiveInt = 8
    """Words and signs of an n-gram."""
    share: float = Field(default=0.5, ge=0.0, le=1.0)
    """A row goes that holds so large a share of a problem's n-grams; 0 = any one of them, as s1 and open-r1 have it."""


class DifficultySettings(Section):
    """How hard the tasks are for a model: its pass rate, in ``metadata.pass_rate``."""

    samples: NonNegativeInt = 0
    """Completions a task by the model of ``model=``; 0 = not measured."""
    temperature: float = Field(default=0.6, ge=0.0, le=2.0)
    """Sampling temperature."""
    min_pass_rate: float | None = Field(default=None, ge=0.0, le=1.0)
    """Only tasks solved at least so often; None = all."""
    max_pass_rate: float | None = Field(default=None, ge=0.0, le=1.0)
    """Only tasks solved at most so often; None = all."""

    @model_validator(mode="after")
    def measured(self) -> DifficultySettings:
        low, high = self.min_pass_rate, self.max_pass_rate
        if not self.samples and (low is not None or high is not None):
            raise ValueError("a pass rate has to be measured: give difficulty.samples=")
        if low is not None and high is not None and low > high:
            raise ValueError(f"min_pass_rate={low} must not lie above max_pass_rate={high}")
        return self


class CardSettings(Section):
    """What the dataset card says, and nobody but you can know."""

    pretty_name: str | None = None
    """The name of the set; None = that of the run."""
    license: str = "other"
    """Its licence, as hubs write it, e.g. ``apache-2.0``; that of every row, where its source says it, stands in the
    row."""
    language: list[str] = Field(default_factory=lambda: ["en"])
    """The languages of its prompts, as ISO 639-1 codes."""


class CurateSettings(ProgramSettings):
    """What ``datagen/curate.py`` is told."""

    recipe_name: RecipeName
    """How rows become tasks. ``recipe=`` is short for it."""
    input: list[str]
    """Files, folders and globs of raw rows; ``git:PATH`` for ``swe``."""
    output: str
    """Where the set goes: a folder, or a URL that fsspec knows (``s3://bucket/folder``)."""
    model: ModelSection = ModelSection()
    """The language model that classifies, rewrites and writes."""
    prompts: str | None = None
    """A folder of ``NAME.md`` files that stand in for the prompts of these names; None = ours."""
    deduplicate: bool = True
    """Keep one of rows with nearly the same problem."""
    decontaminate: BenchmarkSettings = BenchmarkSettings()
    """Benchmarks whose problems must not be among the tasks."""
    sift: SiftSettings = SiftSettings()
    """Where duplicates and contamination are looked for."""
    engine: ScoringEngine = "local"
    """Where verifiers work: ``local``, on this machine; ``ray``, on the nodes of a Ray cluster."""
    ray: RaySection = RaySection()
    """The cluster of ``engine=ray`` and of ``sift.executor=ray``."""
    difficulty: DifficultySettings = DifficultySettings()
    """How hard the tasks are for a model."""
    card: CardSettings = CardSettings()
    """What the dataset card says."""
    code: CodeCuration = CodeCuration()
    """Of ``recipe=code``."""
    code_understanding: EvolutionSettings = EvolutionSettings()
    """Of recipe=code_understanding."""
    math: MathCuration = MathCuration()
    """Of recipe ``math``."""
    repair: Repair = Repair()
    """Of ``recipe=repair``."""
    stem: StemCuration = StemCuration()
    """Of recipe ``stem``."""
    swe: SweCuration = SweCuration()
    """Of recipe ``swe``."""
    limit: PositiveInt | None = None
    """Only so many rows of the input; None = all."""
    seed: NonNegativeInt = 0
    """Of every random choice."""
    workers: PositiveInt | None = None
    """Processes that look for duplicates and contamination, jobs of Slurm, or parts at once on Ray's nodes; None = as
    many as there are cores, or one job for 20,000 rows."""
    at_once: PositiveInt = 64
    """Rows that are worked on at once."""
    rows_per_shard: PositiveInt = 50_000
    """Tasks of a file."""
    overwrite: bool = False
    """Replace a set that is at ``output`` already."""
    run_name: str | None = None
    """Name of the run's folder; None = the recipe and the name of ``output``."""
    runs: str = "runs"
    """Run folders go to ``<runs>/curate/<run_name>/``."""
    dry_run: bool = False
    """Read and sift, then say how many calls, tokens and how much money the model would take; nothing is asked."""

    @field_validator("input", mode="before")
    @classmethod
    def a_list(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @field_validator("run_name")
    @classmethod
    def one_folder(cls, name: str | None) -> str | None:
        if name and (Path(name).name != name or name == ".."):
            raise ValueError("a run's name is that of one folder in <runs>/curate: no `/` and no `..` in it")
        return name

    @model_validator(mode="after")
    def sensible(self) -> CurateSettings:
        if not self.input:
            raise ValueError("input: name at least one file or folder")
        if self.difficulty.samples and not self.model.is_named:
            raise ValueError("difficulty.samples= asks a model: give model=http://localhost:8000/v1")
        return self

    @property
    def cluster(self) -> RaySection | None:
        """Where verifiers work, if not on this machine."""
        return self.ray if self.engine == "ray" else None

    @property
    def held_cluster(self) -> RaySection | None:
        """The one that the run is connected to all the time, so that it is known at once whether it is there."""
        is_asked = (self.engine == "ray" and not self.dry_run) or self.sift.executor == "ray"
        return self.ray if is_asked else None

    def idle(self) -> Iterator[tuple[str, str]]:
        """Settings that do nothing here, and why; ``run_program`` refuses those that were typed."""
        yield from self.sift.idle()
        if self.sift.executor == "ray":  # as if for verifiers, but for what only they have
            yield from (one for one in self.ray.idle(self.engine) if one[0] == "ray.cores")
        elif self.engine == "local":
            for name in RaySection.model_fields:
                yield f"ray.{name}", "with engine=local; choose engine=ray, or sift.executor=ray"

    @property
    def name(self) -> str:
        """The run's name: stable over restarts, so that the same command goes on with it."""
        return self.run_name or f"{self.recipe_name}-{self.output.rstrip('/').rpartition('/')[2] or 'out'}"

    def identity(self) -> dict[str, Any]:
        """The settings that decide what comes out, as JSON values."""
        other = RECIPES - {self.recipe_name}
        values = self.model_dump(mode="json", exclude={*MAY_CHANGE, *other})
        model = {k: v for k, v in values["model"].items() if f"model.{k}" not in MAY_CHANGE}
        return {**values, "model": model}

    def drafting_identity(self) -> dict[str, Any]:
        """Those that decide which rows are left before a model is asked."""
        return {name: value for name, value in self.identity().items() if name not in ASKING}
