"""How many completions ``generate`` makes at once, where nobody has said it: as many as fit the device's memory."""

from __future__ import annotations

import os
from typing import Any

from synthetic1.sandbox.agent.control_groups.places import control_group_limit

LARGEST = 128
"""More at once make a batch wait longer for its longest completion than they save."""
SHARE = 0.8
"""Of the memory; the rest is for what is estimated too low."""
PROMPT = 1_024
"""Tokens that a prompt is taken to have: batches are sized before tasks are read."""
LOGITS = 12
"""Numbers of 4 bytes for each token of the vocabulary that sampling from one position holds at its height."""


def fitting_batch(config: Any, weights: int, number: int, max_tokens: int, memory: int) -> int:
    """The largest power of two of completions, up to ``LARGEST``, whose caches fit beside the weights.

    A completion's cache has keys and values of every layer for every token; it grows by concatenation, so one layer's
    are there twice, and attention repeats a layer's for every query head.

    Args:
        config: of the model (transformers).
        weights: bytes of its weights.
        number: bytes of one number in the cache.
        max_tokens: of a completion.
        memory: bytes of the device.
    """
    text = config.get_text_config()
    heads = int(text.num_attention_heads)
    width = int(getattr(text, "head_dim", None) or text.hidden_size // heads)
    keys = int(getattr(text, "num_key_value_heads", None) or heads)
    tokens = min(max_tokens + PROMPT, int(getattr(text, "max_position_embeddings", None) or max_tokens + PROMPT))
    cache = 2 * tokens * width * number * (keys * (int(text.num_hidden_layers) + 1) + heads)
    fit = int(memory * SHARE - weights) // (cache + LOGITS * 4 * int(text.vocab_size))
    return 1 << max(min(fit, LARGEST), 1).bit_length() - 1


def device_bytes() -> int:
    """What this process may take: of a CUDA device all; else what the machine has or our control group allows.

    All of it, not what happens to be free: an evaluation that goes on has the same batches.
    """
    import torch

    if torch.cuda.is_available():
        return int(torch.cuda.mem_get_info()[1])
    return min(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), control_group_limit())
