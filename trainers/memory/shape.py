"""What of a model decides how much memory it takes, read without its weights."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from synthetic1.jobs.model_settings import LoraSettings, ModelSettings
from synthetic1.jobs.models import load_config

Attention = Literal["sdpa", "eager", "flash"]


@dataclass(frozen=True, slots=True)
class ModelShape:
    """Sizes of a decoder, counted in numbers, not bytes; a mixture of experts by what a token passes through."""

    parameters: int
    projections: tuple[tuple[str, int, int], ...]
    """Name, inputs and outputs of every matrix but those of embeddings and of the head; with that many numbers each."""
    tied: bool
    """The head is the embedding."""
    vocabulary: int
    hidden: int
    intermediate: int
    """Width of the MLP; of a mixture of experts, that of the experts a token is sent to, together."""
    layers: int
    queries: int
    """Query heads × their width."""
    keys: int
    """Key heads × their width, for keys and for values each."""
    heads: int
    normed_queries: bool
    """Queries and keys are normed before they meet, as in Qwen3."""
    attention: Attention

    @classmethod
    def of(cls, settings: ModelSettings) -> ModelShape:
        """That of a model: from its configuration, and a skeleton of it on the meta device.

        Raises:
            ProgramError: no such model.
        """
        import torch
        from transformers import AutoModelForCausalLM

        config = load_config(settings)
        with torch.device("meta"):
            return cls.of_model(AutoModelForCausalLM.from_config(config))

    @classmethod
    def of_model(cls, model: Any) -> ModelShape:
        """That of a model that is there, on whatever device."""
        config = model.config.get_text_config()
        hidden, heads = int(config.hidden_size), int(config.num_attention_heads)
        width = getattr(config, "head_dim", None) or hidden // heads
        edges = (model.get_input_embeddings(), model.get_output_embeddings())
        projections = [
            (name, int(module.weight.shape[-1]), int(module.weight.shape[0]))
            for name, module in model.named_modules()
            if getattr(getattr(module, "weight", None), "ndim", 0) == 2 and module not in edges
        ]
        attention = str(getattr(config, "_attn_implementation", None) or "eager")
        return cls(
            parameters=sum(p.numel() for p in model.parameters()),
            projections=tuple(projections),
            tied=edges[1] is not None and edges[0].weight is edges[1].weight,
            vocabulary=int(config.vocab_size),
            hidden=hidden,
            intermediate=_intermediate(config),
            layers=int(config.num_hidden_layers),
            queries=heads * width,
            keys=int(getattr(config, "num_key_value_heads", None) or heads) * width,
            heads=heads,
            normed_queries=any(name.endswith(("q_norm", "q_layernorm")) for name, _ in model.named_modules()),
            attention="flash" if "flash" in attention else "eager" if attention == "eager" else "sdpa",
        )

    @property
    def embedding(self) -> int:
        """Numbers of the embedding, or of the head, which is as large."""
        return self.vocabulary * self.hidden

    @property
    def matrices(self) -> int:
        """Numbers in all projections: what autocast makes a copy of."""
        return sum(inputs * outputs for _, inputs, outputs in self.projections)

    def adapters(self, lora: LoraSettings) -> int:
        """Numbers in low-rank adapters: ``r × (inputs + outputs)`` for each matrix that peft gives one."""
        chosen = (p for p in self.projections if _targeted(p[0], lora.target_modules))
        return lora.r * sum(inputs + outputs for _, inputs, outputs in chosen)


def _intermediate(config: Any) -> int:
    """The numbers that a token becomes inside an MLP."""
    dense = getattr(config, "intermediate_size", None) or getattr(config, "n_inner", None) or 4 * config.hidden_size
    chosen = getattr(config, "num_experts_per_tok", None)
    if not chosen:
        return int(dense)
    shared = getattr(config, "shared_expert_intermediate_size", None) or 0
    return int(chosen * (getattr(config, "moe_intermediate_size", None) or dense) + shared)


def _targeted(name: str, targets: str | Sequence[str]) -> bool:
    if isinstance(targets, str):
        return targets == "all-linear" or re.fullmatch(targets, name) is not None
    return any(name == target or name.endswith(f".{target}") for target in targets)
