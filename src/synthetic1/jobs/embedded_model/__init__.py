"""The embedded model's files: about a million weights that we train ourselves (``make embedded-model``)."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent
"""Holds ``config.json``, ``model.safetensors``, the tokenizer and the chat template: a Hugging Face model folder."""
