"""Which model a program works on, as settings say it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, PositiveInt

from synthetic1.jobs.env_settings import Section

MODEL_GROUP = {"model": ("hub", "model.name")}
"""The config group ``model`` takes free values: ``model=Qwen/Qwen3-0.6B`` names a model."""


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
    """Number format of the weights; about 16 bytes a parameter are needed to train with AdamW in float32."""
    revision: str | None = None
    """Branch, tag or commit of a model on the hub; None = its main branch."""
    chat_template: str | None = None
    """A Jinja file that replaces the tokenizer's chat template."""
    lora: LoraSettings | None = None
    """Train low-rank adapters, e.g. ``{r: 16, alpha: 32}``; None = all weights."""
