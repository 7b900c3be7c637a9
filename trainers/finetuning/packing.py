"""Samples that share a row: without padding, and without sight of each other.

A batch is laid out as one row, in which every sample begins at position 0 (TRL's ``padding_free``). An update learns
from the same samples as without packing. TRL's own ``packing`` would not keep that: it fills rows of a fixed length,
once for all epochs, and counts an update in rows.

FlashAttention takes a row's samples one by one. Other kernels mask them, where the model's code makes its masks of the
positions, as transformers' own does: it is measured, not believed.
"""

from __future__ import annotations

from typing import Any

from synthetic1.jobs.program import ProgramError

FIRST, SECOND = 9, 7  # tokens of the two samples that are put to the test
TOLERANCE = 0.02
"""Of the largest logit: what another order of summation may come to, in bfloat16, too."""


def attention_of(model: Any) -> str:
    """The kernel that a model attends with, as transformers calls it."""
    return str(getattr(model.config, "_attn_implementation", None) or "unknown")


def check_apart(model: Any) -> None:
    """A sample in a shared row must not see the one before it.

    Two samples in a row, the first of them changed, and the second alone: its logits must not tell which.

    Raises:
        ProgramError: they do.
    """
    import torch
    from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

    if "flash" in attention_of(model):
        return  # runs on the GPU alone, and takes the ends of samples from the collator
    collate = DataCollatorForLanguageModeling(pad_token_id=0, padding_free=True)
    generator = torch.Generator().manual_seed(0)
    vocabulary = model.config.get_text_config().vocab_size
    first, other, second = (
        torch.randint(vocabulary, (length,), generator=generator).tolist() for length in (FIRST, FIRST, SECOND)
    )
    trains = model.training
    model.eval()
    with torch.no_grad():
        seen = []
        for before in ([first], [other], []):
            batch = collate([{"input_ids": ids} for ids in (*before, second)])
            inputs = {name: value for name, value in batch.items() if name != "labels"}
            inputs = {n: v.to(model.device) if isinstance(v, torch.Tensor) else v for n, v in inputs.items()}
            seen.append(model(**inputs, use_cache=False).logits[0, -SECOND:].float())
    model.train(trains)
    scale = float(seen[2].abs().max())
    if any(float((logits - seen[2]).abs().max()) > TOLERANCE * scale for logits in seen[:2]):
        raise ProgramError(
            f"trainer.packing: with this model and its attention ({attention_of(model)}), samples that share a row see "
            "each other; leave packing out, or take a model whose attention transformers masks by position"
        )
