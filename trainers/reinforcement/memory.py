"""What a step of training will need of memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from synthetic1.trainers.reinforcement.settings import GrpoSettings


@dataclass(frozen=True, slots=True)
class MemoryEstimate:
    """Bytes on each process, roughly: within a factor of two, to tell whether a run can work at all."""

    weights: int
    """Weights, gradients and AdamW's two moments."""
    cache: int
    """Keys and values of a rollout's longest completions (transformers backend)."""
    activations: int

    @property
    def total(self) -> int:
        return self.weights + self.cache + self.activations

    def __str__(self) -> str:
        def shown(n: int) -> str:
            return f"{n / 2**30:.1f} GiB" if n >= 2**30 else f"{n / 2**20:.0f} MiB"

        parts = f"weights and optimizer {shown(self.weights)}, cache {shown(self.cache)}"
        return f"about {shown(self.total)} a process ({parts}, activations {shown(self.activations)})"


def estimate_memory(model: Any, settings: GrpoSettings, prompt_tokens: int, micro_batch: int) -> MemoryEstimate:
    """What a step needs, from the model's shape and the longest prompt."""
    config = model.config.get_text_config()
    parameters = sum(p.numel() for p in model.parameters())
    size = {"float32": 4, "bfloat16": 2, "float16": 2}[settings.model.dtype]
    trained = parameters // 50 if settings.model.lora else parameters  # LoRA: a per cent or two
    length = prompt_tokens + settings.rollout.max_completion_length
    heads = getattr(config, "num_key_value_heads", config.num_attention_heads)
    head = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    rollout = settings.trainer.prompts_per_step * settings.trainer.group_size * settings.trainer.updates_per_rollout
    in_process = settings.rollout.backend == "transformers"
    cache = rollout * length * config.num_hidden_layers * 2 * heads * head * size if in_process else 0
    layers = 1 if settings.trainer.gradient_checkpointing else config.num_hidden_layers
    activations = micro_batch * length * (layers * config.hidden_size * 34 + config.vocab_size // 4) * size // 2
    return MemoryEstimate(parameters * size + trained * 3 * size, cache, activations)
