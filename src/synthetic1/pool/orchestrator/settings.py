"""The settings of `synthetic1 pool serve`: what is generated, and on which terms machines take part."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, field_validator, model_validator

from synthetic1.datagen.generation.settings import GenerationSampling, JournalUrl, RunName
from synthetic1.jobs import chat
from synthetic1.jobs.env_settings import EnvSettings, Section
from synthetic1.jobs.imports import ProgramSettings
from synthetic1.jobs.judge_settings import JudgeSection, with_judge
from synthetic1.pool.node_key import is_node_id
from synthetic1.tasks.sources.bad_rows import BadRows

OPEN_GROUPS = {"model": (None, "model_name"), "judge": ("server", "judge.url")}
"""Config groups whose choice may be a free value."""


class LeaseSection(Section):
    """How tasks are lent out."""

    tasks: PositiveInt = 8
    """At most so many with one lease."""
    seconds: float = Field(default=120.0, ge=1.0)
    """After which they are somebody else's, unless the worker gives a sign of life."""
    longest_s: PositiveFloat = 14_400.0
    """After which signs of life do not help any more."""
    held: PositiveInt = 64
    """At most so many that a node holds, those that wait for their verdict among them."""
    window: PositiveInt = 1024
    """Tasks among which a node's are chosen by its key and the epoch."""
    epoch_s: PositiveFloat = 3600.0
    """Of that choice."""
    repeated: float = Field(default=0.02, ge=0.0, le=0.5)
    """The share of leases that were another node's and are settled: whether a node solves what the others do."""


class ChallengeSection(Section):
    """What a node has to compute before it gets work."""

    memory_bytes: int = Field(default=16 << 20, ge=0, le=24 << 20)
    """The most that is challenged; a node that says it has less is challenged for that. 0 = no challenge."""
    commit_within_s: PositiveFloat = 60.0
    """For the product: what the slowest device that is welcome takes."""
    answer_within_s: PositiveFloat = 20.0
    """For each answer; less than the product takes, or it could be computed anew."""
    at_once: PositiveInt = 4
    """Answers that are checked at once; the others wait."""


class AuditSection(Section):
    """How much is recomputed, and when a node is not asked any more."""

    proof: Literal["none", "toploc"] = "none"
    """What workers hand in with each completion: ``toploc`` has them and the orchestrator open the model."""
    model: str | None = None
    """The model that the orchestrator recomputes with: a folder, a model id, ``embedded``. None = as ``model_name``."""
    dtype: Literal["bfloat16", "float32"] = "bfloat16"
    """In which it computes."""
    exp_mismatches: NonNegativeInt = 38
    """Of 128 places of a TOPLOC proof, so many may have another exponent; these three are to be calibrated by model."""
    mant_err_mean: float = Field(default=10.0, ge=0.0)
    """So much mantissas may differ on average, of 128."""
    mant_err_median: float = Field(default=8.0, ge=0.0)
    """And in the middle."""
    probation: NonNegativeInt = 16
    """So many of a node's first completions are all recomputed."""
    share: float = Field(default=0.1, ge=0.0, le=1.0)
    """Of the later ones; at least one of each group."""
    group: PositiveInt = 8
    """Completions of a node that are settled together: until one of them is recomputed, none of them is believed."""
    group_s: PositiveFloat = 10.0
    """Seconds after which a smaller group is settled."""
    tries: PositiveInt = 3
    """How often what could not be judged, for a failure of ours, is tried again."""
    false_rejections: float = Field(default=0.005, gt=0.0, lt=1.0)
    """The share of an honest node's completions that may be rejected. A node whose rejections are far more than that
    explains is quarantined."""
    certain: float = Field(default=1e-5, gt=0.0, lt=0.5)
    """How improbable they have to be for an honest node."""
    lapses: float = Field(default=0.5, gt=0.0, le=1.0)
    """The share of its tasks that a node may let go: who answers only the easy ones is quarantined."""
    window: PositiveInt = 400
    """The last of a node's completions by which it is judged, and whose work units are withdrawn."""


class PoolSettings(ProgramSettings):
    """What ``synthetic1 pool serve`` is told."""

    env: EnvSettings
    """Whose tasks are asked."""
    bad_rows: BadRows = "quarantine"
    """What becomes of a row that is not a task: ``quarantine`` leaves it out and keeps it, ``error`` stops."""
    judge: JudgeSection = JudgeSection()
    """The judge of judged families."""
    model_name: str
    """The model that workers have to run; ``model=`` is short for it."""
    limit: PositiveInt | None = None
    """Only so many tasks; None = all."""
    samples: PositiveInt = 1
    """Completions a task."""
    threshold: float = Field(default=1.0, gt=0.0, le=1.0)
    """Score from which a completion is verified."""
    sampling: GenerationSampling = GenerationSampling()
    """How workers have to sample."""
    thinking_open: bool | None = None
    """Whether the chat template ends inside ``<think>``; None = the model's name says it (DeepSeek-R1)."""
    seed: NonNegativeInt = 0
    """Of the order of tasks."""
    run_name: RunName = None
    """Name of the run's folder; None = env-model-seed."""
    runs: str = "runs"
    """The run's folder is ``<runs>/generate/<run_name>/``: what reads and exports runs of generation reads it, too."""
    journal: JournalUrl = None
    """A PostgreSQL database, e.g. ``postgresql://user@host/name``; None = a file in the run's folder."""
    lease: LeaseSection = LeaseSection()
    """How tasks are lent out."""
    challenge: ChallengeSection = ChallengeSection()
    """The hardware challenge."""
    audit: AuditSection = AuditSection()
    """What is recomputed, and what follows."""
    admins: list[str] = Field(default_factory=list)
    """Public keys of those who may quarantine, release and stop; ``synthetic1 pool key`` shows one's own."""
    admission: Literal["open", "invited"] = "open"
    """``invited``: only keys of ``invited=`` may join."""
    invited: list[str] = Field(default_factory=list)
    """Public keys that may join where ``admission=invited``."""
    per_minute: PositiveInt = 120
    """Requests of a node."""
    nodes: PositiveInt = 10_000
    """Nodes that may be registered."""
    host: str = "127.0.0.1"
    """The address to listen at; ``0.0.0.0``: all of this machine's."""
    port: int = Field(default=8470, ge=0, le=65535)
    """0 = any free one."""
    public: bool = True
    """Whether the dashboard keeps prompts and completions to itself."""
    url: str | None = None
    """What workers are told to join; None = ``http://HOST:PORT``."""
    once: bool = False
    """End when nothing is left to do."""

    @field_validator("admins", "invited")
    @classmethod
    def are_keys(cls, keys: list[str]) -> list[str]:
        for key in keys:
            if not is_node_id(key):
                raise ValueError(f"a public key is 64 lower-case hexadecimal digits, got {key!r:.80}")
        return keys

    @model_validator(mode="after")
    def sensible(self) -> PoolSettings:
        if self.admission == "invited" and not self.invited:
            raise ValueError("admission=invited wants invited=[KEY, …]: as it is nobody may join")
        if self.challenge.answer_within_s >= self.challenge.commit_within_s and self.challenge.memory_bytes:
            raise ValueError("challenge.answer_within_s must be less than challenge.commit_within_s")
        return self

    @property
    def name(self) -> str:
        """The run's name: stable over restarts, so that the same command goes on with it."""
        return self.run_name or f"{self.env.name}-{self.model_name.rstrip('/').rpartition('/')[2]}-s{self.seed}"

    @property
    def folder(self) -> Path:
        return (Path(self.runs) / "generate" / self.name).absolute()

    @property
    def judged_env(self) -> EnvSettings:
        """The environment, with the judge for every judged family in it."""
        return with_judge(self.env, self.judge)

    @property
    def opens_thinking(self) -> bool:
        return chat.opens_thinking(self.model_name) if self.thinking_open is None else self.thinking_open

    @property
    def plan(self) -> dict[str, Any]:
        """The sampling that is part of every rollout's key."""
        return self.sampling.of_run(self.seed)

    def identity(self) -> dict[str, Any]:
        """The settings that decide what is asked, as JSON values."""
        values = self.model_dump(mode="json", include=_IDENTITY)
        if self.judge.argument is not None:
            values["judge"] = self.judge.model_dump(mode="json")
        return {"pool": True, **values}


_IDENTITY = {"env", "model_name", "limit", "samples", "threshold", "sampling", "thinking_open", "seed"}
