"""The settings of supervised fine-tuning: what people write in configs/sft.yaml and on the command line."""

from __future__ import annotations

from math import ceil
from typing import Any

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, field_validator, model_validator

from synthetic1.jobs.env_settings import Section
from synthetic1.jobs.imports import ProgramSettings
from synthetic1.jobs.model_settings import ComputeDtype, ModelSettings, check_trained_dtype
from synthetic1.jobs.tracking import ReportTo


class SftTrainerSettings(Section):
    """How the model is updated.

    The defaults are for a real model; ``configs/model/sft/embedded.yaml`` has what fits the embedded one.
    """

    epochs: PositiveFloat | None = None
    """Passes over the samples, also a part of one (``0.5``); None = 1, unless ``max_steps`` says how long."""
    max_steps: PositiveInt | None = None
    """Optimizer updates; None = as many as ``epochs`` make. A run that goes on may be given more of either: from the
    next update on, its learning rate is that of a run of the new length."""
    batch_size: PositiveInt = 64
    """Samples an optimizer update learns from; the last one of an epoch learns from what is left."""
    micro_batch: PositiveInt | None = None
    """Samples in memory at once, a process; None = as many as by estimate fit 80% of its device's memory,
    but fewer where that many would be mostly padding."""
    max_length: PositiveInt | None = None
    """Tokens of prompt and completion; longer samples are left out and counted. None = the model's context."""
    learning_rate: PositiveFloat = 4e-5
    """Largest learning rate, reached after the warm-up."""
    lr_scheduler: str = "cosine"
    """How the learning rate falls after the warm-up: any name that transformers knows."""
    warmup_share: float = Field(default=0.03, ge=0.0, lt=1.0)
    """Share of all steps over which the learning rate rises from 0."""
    weight_decay: float = Field(default=0.0, ge=0.0)
    """Weight decay of AdamW."""
    adam_beta2: float = Field(default=0.98, gt=0.0, lt=1.0)
    """Decay of Adam's mean of squared gradients."""
    max_grad_norm: PositiveFloat = 1.0
    """Gradients are scaled down to this norm."""
    compute_dtype: ComputeDtype = "auto"
    """Number format in which matrices are multiplied: ``float32``, or ``bfloat16`` by autocast over the weights that
    ``model.dtype`` says. ``auto`` = bfloat16 on a CUDA device that has it, and for bfloat16 weights."""
    packing: bool = False
    """The samples of a ``micro_batch`` share a row instead of being padded to the longest; each sees itself alone. An
    update learns from the same samples. Worth it with FlashAttention; other kernels compute what they mask."""
    gradient_checkpointing: bool = True
    """Less memory for more computing: activations are computed again in the backward pass."""
    save_every: PositiveInt = 500
    """Steps between two checkpoints."""
    extra: dict[str, Any] = Field(default_factory=dict)
    """More fields of ``trl.SFTConfig``."""

    @model_validator(mode="after")
    def one_length(self) -> SftTrainerSettings:
        if self.max_steps is not None and self.epochs is not None:
            raise ValueError(
                f"max_steps={self.max_steps} and epochs={self.epochs:g} both say how long: leave one of them out"
            )
        return self

    @model_validator(mode="after")
    def something_to_share_a_row_with(self) -> SftTrainerSettings:
        if self.packing and self.micro_batch == 1:
            raise ValueError("packing=true puts the samples of a micro batch into one row: give micro_batch above 1")
        return self

    def steps(self, updates_per_epoch: int) -> int:
        """Optimizer updates of the whole run."""
        return self.max_steps or ceil((self.epochs or 1.0) * updates_per_epoch)


class SftSettings(ProgramSettings):
    """What ``trainers/sft.py`` is told."""

    data: str | list[str]
    """Files of an SFT export (JSON Lines or Parquet), or folders that hold them."""
    model: ModelSettings
    """The model that is trained."""
    trainer: SftTrainerSettings = SftTrainerSettings()
    """How the model is updated."""
    seed: NonNegativeInt = 0
    """Seed of the order of samples."""
    run_name: str | None = None
    """Name of the run's folder; None = model-seed."""
    runs: str = "runs"
    """Run folders go to ``<runs>/sft/<run_name>/``."""
    report_to: ReportTo = Field(default_factory=list)
    """Trackers that show the run besides its folder: ``wandb``, ``trackio``, ``tensorboard``, ``mlflow``."""
    resume: bool = False
    """Go on from the last whole checkpoint, or start if there is none."""
    overwrite: bool = False
    """Put an older run of this name aside and start anew."""
    check_memory: bool = True
    """Refuse a run that by estimate needs more memory than there is; false = only warn."""
    dry_run: bool = False
    """Read, tokenize and count, then stop."""

    @field_validator("data")
    @classmethod
    def some(cls, data: str | list[str]) -> str | list[str]:
        if not data:
            raise ValueError("name a file or folder of samples: data=exports/math/sft")
        return data

    @model_validator(mode="after")
    def one_way_on(self) -> SftSettings:
        check_trained_dtype(self.model, self.trainer.compute_dtype)
        if self.resume and self.overwrite:
            raise ValueError("resume=true goes on with a run and overwrite=true puts it aside: choose one")
        return self

    @property
    def paths(self) -> list[str]:
        return [self.data] if isinstance(self.data, str) else list(self.data)

    @property
    def name(self) -> str:
        """The run's name: stable over restarts, so that the same command finds its folder again."""
        model = self.model.name.rstrip("/").rpartition("/")[2]
        return self.run_name or f"{model}-s{self.seed}"

    def micro_batch(self, processes: int) -> int:
        """Samples a process holds at once.

        Raises:
            ValueError: the batch cannot be shared out evenly; names the settings to change.
        """
        t = self.trainer
        share, rest = divmod(t.batch_size, processes)
        if rest:
            raise ValueError(f"trainer.batch_size={t.batch_size} cannot be shared by {processes} processes")
        micro = t.micro_batch or share
        if share % micro:
            raise ValueError(f"trainer.micro_batch={micro} does not divide the {share} samples of a process's share")
        return micro
