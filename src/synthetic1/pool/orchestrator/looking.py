"""What is wrong with a completion at first sight, before anything is computed for it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

COPIED_CHARACTERS = 400
"""Two samples of so many characters are not the same by chance, unless the model has hardly a choice; a shorter one may
be."""
NARROW = 0.3
"""Below this temperature, or top-p, samples are often alike, and nothing is a copy."""


def digest_of(text: str) -> str:
    """Names a text, whatever is in it; space at its ends does not count."""
    return hashlib.sha256(text.strip().encode("utf-8", "surrogatepass")).hexdigest()


def units_of(work: Mapping[str, Any]) -> int:
    """Work units: tokens, as the node counted them, but no more than the text can have."""
    return min(int(work["completion_tokens"]), len(work["text"].encode("utf-8", "surrogatepass")) + 1)


def fault_of(work: Mapping[str, Any], sampling: Mapping[str, Any]) -> str | None:
    """Why a completion cannot be one of this sampling, in one line.

    Args:
        work: see ``wire.WorkDone``.
        sampling: the pool's: ``max_tokens`` and more.
    """
    tokens, most = int(work["completion_tokens"]), int(sampling["max_tokens"])
    if tokens > most:
        return f"{tokens} tokens, more than max_tokens, {most}"
    if tokens == 0:
        return "no tokens: even an empty completion has the one that ends it"
    if work["finish_reason"] == "length" and tokens < most:
        return f"says it ran into max_tokens, {most}, with {tokens} tokens"
    if len(work["text"]) > 64 * tokens:
        return f"{len(work['text'])} characters of {tokens} tokens"
    return None


def may_be_copied(text: str, sampling: Mapping[str, Any]) -> bool:
    """Whether the same text a second time is no chance."""
    has_choice = min(float(sampling["temperature"]), float(sampling["top_p"])) >= NARROW and sampling.get("top_k") != 1
    return has_choice and len(text.strip()) >= COPIED_CHARACTERS
