"""Which model a program works on, as settings say it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, PositiveInt, field_validator

from synthetic1.jobs.env_settings import Section

MODEL_GROUP = {"model": ("hub", "model.name")}
"""The config group ``model`` takes free values: ``model=Qwen/Qwen3-0.6B`` names a model."""
ComputeDtype = Literal["auto", "float32", "bfloat16"]
"""What a trainer is told to compute in; ``synthetic1.jobs.models.compute_dtype`` says what ``auto`` comes to."""


class LoraSettings(Section):
    """Low-rank adapters, which are trained instead of the weights."""

    r: PositiveInt = 16
    """Rank of the adapters."""
    alpha: PositiveInt = 32
    """The adapters' output is multiplied by ``alpha / r``."""
    dropout: float = Field(default=0.0, ge=0.0, lt=1.0)
    """Share of the adapters' inputs that are dropped in training."""
    target_modules: str | list[str] = "all-linear"
    """Modules that get an adapter: ``all-linear``, a regular expression, or names."""


class ModelSettings(Section):
    """The model that is trained or measured."""

    name: str = Field(min_length=1)
    """``embedded``, a folder, or a Hugging Face model id."""
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"
    """Number format of the weights. Trainers compute in ``trainer.compute_dtype`` and keep weights as they are here: in
    float32, of which small updates are not rounded away (about 16 bytes a parameter with AdamW), or in bfloat16."""
    revision: str | None = None
    """Branch, tag or commit of a model on the hub; None = its main branch."""
    chat_template: str | None = None
    """A Jinja file that replaces the tokenizer's chat template."""
    lora: LoraSettings | None = None
    """Train low-rank adapters: ``true``, or some of what follows, e.g. ``model.lora.r=8``; None = all weights."""

    @field_validator("lora", mode="before")
    @classmethod
    def switched(cls, lora: Any) -> Any:
        if lora is not None and not isinstance(lora, bool | dict | LoraSettings):
            raise ValueError(f"is a section, got {lora!r}: model.lora=true, model.lora.r=16, or null for all weights")
        return ({} if lora else None) if isinstance(lora, bool) else lora


def check_trained_dtype(model: ModelSettings, compute: ComputeDtype) -> None:
    """Number formats that a model can be trained in.

    Raises:
        ValueError: it cannot; says what can.
    """
    if model.dtype == "float16":
        raise ValueError(
            "model.dtype=float16 cannot be trained: gradients too small for it come to 0; take float32, which is "
            "computed with in bfloat16 where the device has it (trainer.compute_dtype), or bfloat16"
        )
    if model.dtype == "bfloat16" and compute == "float32":
        raise ValueError("trainer.compute_dtype=float32 needs weights in float32: leave out model.dtype=bfloat16")
