"""The embedded model's files: about two million weights that we train ourselves (``make embedded-model``)."""

from __future__ import annotations

import json
from pathlib import Path

from synthetic1.jobs.adapter_folder import adapter_base

FOLDER = Path(__file__).parent
"""Holds ``config.json``, ``model.safetensors``, the tokenizer and the chat template: a Hugging Face model folder."""
SHAPE = ("model_type", "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads")
"""Entries of ``config.json`` that no other model has the same values of."""


def is_trained_from(folder: str | Path) -> bool:
    """Whether a folder holds the embedded model trained further, or adapters for it: that wants of a trainer what the
    embedded one wants."""
    return _shape(Path(folder).expanduser()) == _shape(FOLDER) is not None


def _shape(folder: Path) -> list[object] | None:
    if base := adapter_base(folder):
        return _shape(Path(base.name).expanduser())
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        return [config[name] for name in SHAPE]
    except (OSError, ValueError, KeyError, TypeError):
        return None
