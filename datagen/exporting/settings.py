"""The settings of an export: what people write in configs/export.yaml and on the command line."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Literal

from pydantic import Field, PositiveInt, model_validator

from synthetic1.datagen.exporting.filters import Filters
from synthetic1.jobs.env_settings import Section
from synthetic1.jobs.imports import ProgramSettings
from synthetic1.rewards.registry import canonical_task_type, known_task_types


class DecontaminationSettings(Section):
    """Benchmarks that must not be in the export."""

    files: list[str] = Field(default_factory=list)
    """Benchmark files (JSON Lines, JSON, Parquet or text); tasks that share a run of words with them are left out."""
    n: PositiveInt = 8
    """Words of a run that counts as shared."""


class ExportCardSettings(Section):
    """What the dataset card says, and the runs do not know."""

    pretty_name: str | None = None
    """The name of the set; None = what its rows are, e.g. ``Verified reasoning traces``."""
    license: str | None = None
    """Its licence, as hubs write it, e.g. ``apache-2.0``; None = those that the tasks' sources state, if all do."""
    language: list[str] = Field(default_factory=lambda: ["en"])
    """The languages of its texts, as ISO 639-1 codes."""
    task_categories: list[str] = Field(default_factory=lambda: ["text-generation"])
    """What it is for, in the hub's words."""


class ExportSettings(ProgramSettings):
    """What ``datagen/export.py`` is told."""

    run: str | list[str]
    """Run folders of datagen/generate.py, or names of runs in ``runs``."""
    to: str
    """Destination: a folder, or any fsspec URL (s3://…, gs://…, hf://datasets/…)."""
    format: Literal["synthetic1", "sft", "preference", "harbor"] = "sft"
    """``sft``: samples; ``preference``: verified against refuted; ``synthetic1``: every row, with its score;
    ``harbor``: a Harbor task directory a task that was verified at least once."""
    harbor_image: str = "synthetic1"
    """Image with synthetic1 that Harbor tasks are built from."""
    file: Literal["parquet", "jsonl"] = "parquet"
    """Kind of the files."""
    verified: bool | None = None
    """Only verified rollouts; None: yes, but for ``format=synthetic1``."""
    threshold: dict[str, float] = Field(default_factory=dict)
    """Score from which a rollout is verified, by task type; ``default`` for the others, else what the run said."""
    truncated: bool | None = None
    """Rollouts that ran into the length limit, too; None: only for ``format=synthetic1``."""
    max_tokens: PositiveInt | None = None
    """Leave out longer completions; None = no limit."""
    per_task: PositiveInt | None = None
    """At most so many completions a task; None = no limit."""
    language: str | None = None
    """Only tasks about this programming language; None = all."""
    min_pass_rate: float | None = Field(default=None, ge=0.0, le=1.0)
    """Only tasks solved more often than this; 0 drops those never solved."""
    max_pass_rate: float | None = Field(default=None, ge=0.0, le=1.0)
    """Only tasks solved less often than this; 1 drops those always solved."""
    decontaminate: DecontaminationSettings = DecontaminationSettings()
    """Benchmarks that must not be in the export."""
    card: ExportCardSettings = ExportCardSettings()
    """What the dataset card says, and the runs do not know."""
    rows_per_shard: PositiveInt = 50_000
    """Rows of a file."""
    overwrite: bool = False
    """Replace an export that is there already."""
    push_to_hub: str | None = None
    """``OWNER/NAME`` of a dataset on the Hugging Face hub, to which the local export is then uploaded."""
    hub_private: bool = True
    """Whether a dataset made by ``push_to_hub`` is private."""
    runs: str = "runs"
    """Where runs are looked for by name: ``<runs>/generate/<run>``."""

    @model_validator(mode="after")
    def sensible(self) -> ExportSettings:
        if not self.run:
            raise ValueError("run: name a run, or several: run=[a,b]")
        low, high = self.min_pass_rate, self.max_pass_rate
        if low is not None and high is not None and low >= high:
            raise ValueError(f"min_pass_rate={low} must lie below max_pass_rate={high}")
        for name, value in self.threshold.items():
            if not 0.0 < value <= 1.0:
                raise ValueError(f"threshold.{name}={value} must lie in (0, 1]")
            known = ["default", *known_task_types()]
            if canonical_task_type(name) not in known:
                meant = "".join(f"did you mean `{near}`? " for near in get_close_matches(name, known, n=1))
                raise ValueError(f"threshold.{name}: no such task type; {meant}there are: {', '.join(known)}")
        if self.push_to_hub is not None and "://" in self.to:
            raise ValueError(f"push_to_hub uploads a local export: give a folder, not to={self.to}")
        if self.format != "synthetic1" and self.verified is False:
            raise ValueError(
                f"format={self.format} keeps verified rollouts only; unfiltered rows are format=synthetic1"
            )
        return self

    def filters(self, threshold: float | None = None) -> Filters:
        """What to keep, benchmarks aside.

        Args:
            threshold: of the runs.
        """
        raw = self.format == "synthetic1"
        return Filters(
            thresholds={canonical_task_type(k): v for k, v in self.threshold.items() if k != "default"},
            default_threshold=self.threshold.get("default", threshold or 1.0),
            verified=not raw if self.verified is None else self.verified,
            distinct=not raw,
            truncated=raw if self.truncated is None else self.truncated,
            max_tokens=self.max_tokens,
            per_task=1 if self.format == "harbor" else self.per_task,
            language=self.language,
            min_pass_rate=self.min_pass_rate,
            max_pass_rate=self.max_pass_rate,
        )
