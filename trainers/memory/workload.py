"""What a process is asked to do with a model, as far as memory goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from synthetic1.jobs.model_settings import LoraSettings

Sharding = Literal["none", "optimizer", "gradients", "weights"]
"""What processes divide among them, each with what stands before it: ZeRO's stages 1, 2 and 3; FSDP is as 3."""
Part = Literal["weights", "gradients", "optimizer"]
DEFAULT_OPTIMIZER = "adamw_torch_fused"
"""What transformers takes unless told otherwise."""


@dataclass(frozen=True, slots=True)
class Sharing:
    """How processes share out what they train."""

    sharded: Sharding = "none"
    by: Literal["ddp", "fsdp", "deepspeed"] = "ddp"
    offloaded: frozenset[Part] = frozenset()
    """What is not on the GPU as it waits: in the machine's memory,"""
    on_disk: frozenset[Part] = frozenset()
    """or, of that, on its disk."""

    def shards(self, part: Part) -> bool:
        """Whether each process has a share of it alone."""
        stages: tuple[Part, ...] = ("optimizer", "gradients", "weights")
        return self.sharded != "none" and stages.index(part) <= stages.index(self.sharded)


@dataclass(frozen=True, slots=True)
class Workload:
    """What one process is to do with a model."""

    device: Literal["cpu", "cuda"]
    weight_bytes: int
    """Of a number of the weights: 4, or 2 for bfloat16."""
    compute_bytes: int
    """Of a number of most activations: 2 under autocast or with bfloat16 weights."""
    rows: int
    """Completions (of supervised training, samples) in a forward pass of the update."""
    tokens: int
    """Of the longest row, prompt and completion together."""
    scored: int
    """Tokens of it that the loss is on."""
    accumulates: bool = False
    """An update takes several passes: gradients are there before the last one."""
    checkpointing: bool = False
    """Activations within a layer are computed again in the backward pass."""
    optimizer: str = DEFAULT_OPTIMIZER
    """``optim`` of transformers."""
    momentum: bool = False
    """SGD with momentum."""
    lora: LoraSettings | None = None
    reference: bool = False
    """A second copy of the weights, for the KL term."""
    rollout_rows: int = 0
    """Completions that transformers generates at once; 0 = something else makes them."""
    evaluation_rows: int = 0
    narrowed: bool = False
    """Sampling sorts the vocabulary: top-p below 1."""
    vllm: int = 0
    """Bytes that vLLM takes in this process."""
    vllm_sleeps: bool = False
    """vLLM gives them back while the model is updated."""
    processes: int = 1
    sharing: Sharing = Sharing()
    gathers: bool = True
    """All shards are gathered to generate, where DeepSpeed has sharded the weights (``ds3_gather_for_generation``)."""

    @property
    def held_bytes(self) -> int:
        """Of a number of the weights that layers work with.

        DeepSpeed, whose mixed precision is its own, casts them once; those of ``weight_bytes`` are with its optimizer.
        """
        return self.compute_bytes if self.sharing.by == "deepspeed" else self.weight_bytes

    @property
    def autocast(self) -> bool:
        return self.compute_bytes < self.held_bytes
