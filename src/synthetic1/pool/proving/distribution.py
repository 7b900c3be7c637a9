"""What a token is sampled from: logits at a temperature, cut to the top k and to the nucleus, as vLLM cuts them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

COLD = 1e-6
"""Below this temperature the most probable token is taken."""


@dataclass(frozen=True, slots=True, eq=False)
class OrderedDistribution:
    """Of n places the vocabulary, the most probable token first. All of shape (n, vocabulary), in float64."""

    order: torch.Tensor
    """Token ids."""
    whole: torch.Tensor
    """Log probabilities at the temperature, nothing cut."""
    before: torch.Tensor
    """Probability of all better tokens, among the top k: a token is in the nucleus while it is less than top-p."""
    inside: torch.Tensor
    """Whether a token is left when both cuts are made; of bools."""
    final: torch.Tensor
    """Log probabilities of those that are left, which sum to 1; of the others, minus infinity."""

    def place_of(self, tokens: torch.Tensor) -> torch.Tensor:
        """Where tokens of shape (n,) stand in the order, 0 for the most probable; shape (n, 1)."""
        return (self.order == tokens[:, None]).int().argmax(-1, keepdim=True)


def ordered_distribution(
    logits: torch.Tensor, *, temperature: float, top_p: float = 1.0, top_k: int | None = None
) -> OrderedDistribution:
    """Sort and cut. The temperature is more than ``COLD``; ``top_k=None`` cuts nothing.

    Args:
        logits: shape (n, vocabulary).
    """
    import torch

    whole, order = torch.log_softmax(logits.double() / temperature, -1).sort(-1, descending=True)
    places = torch.arange(whole.shape[1], device=logits.device)
    limit = whole.shape[1] if top_k is None else top_k
    kept = whole.masked_fill(places >= limit, -math.inf)
    kept = kept - kept.logsumexp(-1, keepdim=True)
    before = kept.exp().cumsum(-1) - kept.exp()
    inside = (places < limit) & ((before < top_p) | (places == 0))
    final = kept.masked_fill(~inside, -math.inf)
    return OrderedDistribution(order, whole, before, inside, final - final.logsumexp(-1, keepdim=True))
