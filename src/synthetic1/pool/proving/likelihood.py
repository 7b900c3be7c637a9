"""Were these tokens sampled so? What that makes of each token's surprise, with no proof and no seed.

A token sampled at a temperature T, from the tokens that top-k and top-p leave, has a surprise, -log p, whose mean is
the entropy of that distribution; its variance follows from the logits, too. So the sum of (surprise - entropy) over
many tokens is near 0, measured by the root of the sum of variances. Tokens of another model surprise more, those of a
lower temperature, or of greedy choice, less.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

NUCLEUS_MARGIN = 0.02
"""Of probability: that far beyond top-p a token may lie, as the logits of two machines differ."""
RANK_MARGIN = 2
"""That many ranks beyond top-k."""
LEAST = 1e-7
"""Without top-p and top-k, a token less probable than this was not sampled."""
COLD = 1e-6
"""Below this temperature the most probable token is taken."""


@dataclass(frozen=True, slots=True)
class SamplingEvidence:
    """What tokens say of how they were chosen; of several completions, the sums."""

    tokens: int = 0
    surplus: float = 0.0
    """Sum of surprise minus entropy, in nats."""
    variance: float = 0.0
    impossible: int = 0
    """Tokens that this sampling could not have chosen."""
    end_impossible: bool = False
    """The last token is one of them."""

    def __add__(self, other: SamplingEvidence) -> SamplingEvidence:
        return SamplingEvidence(
            self.tokens + other.tokens,
            self.surplus + other.surplus,
            self.variance + other.variance,
            self.impossible + other.impossible,
            other.end_impossible,
        )

    @property
    def z(self) -> float:
        """The surplus in standard deviations; 0 where there was no choice."""
        return self.surplus / math.sqrt(self.variance) if self.variance > 0 else 0.0


def sampling_evidence(
    logits: torch.Tensor, tokens: Sequence[int], *, temperature: float, top_p: float = 1.0, top_k: int | None = None
) -> SamplingEvidence:
    """What one completion says.

    Args:
        logits: shape (n, vocabulary); row i is what token i was chosen by.
    """
    import torch

    chosen = torch.as_tensor(list(tokens), device=logits.device)
    if temperature < COLD:
        better = logits.max(-1).values - logits.gather(1, chosen[:, None])[:, 0]
        impossible = better > NUCLEUS_MARGIN * logits.std(-1) + 0.1
        return SamplingEvidence(len(tokens), 0.0, 0.0, int(impossible.sum()), bool(impossible[-1]))
    ordered, order = torch.log_softmax(logits.double() / temperature, -1).sort(-1, descending=True)
    places = torch.arange(ordered.shape[1], device=logits.device)
    limit = ordered.shape[1] if top_k is None else top_k
    kept = ordered.masked_fill(places >= limit, -math.inf)
    kept = kept - kept.logsumexp(-1, keepdim=True)
    before = kept.exp().cumsum(-1) - kept.exp()  # the probability of all that are better
    inside = (before < top_p) & (places < limit)
    final = kept.masked_fill(~inside, -math.inf)
    final = final - final.logsumexp(-1, keepdim=True)
    p = final.exp()
    said = torch.where(p > 0, final, 0.0)
    entropy = -(p * said).sum(-1)
    variance = (p * said**2).sum(-1) - entropy**2
    place = (order == chosen[:, None]).int().argmax(-1, keepdim=True)
    surprise = -torch.where(inside, final, ordered).gather(1, place)[:, 0]
    if top_p < 1 or top_k is not None:
        rank_out = place[:, 0] >= limit + (RANK_MARGIN if top_k is not None else 0)
        impossible = rank_out | (before.gather(1, place)[:, 0] > top_p + NUCLEUS_MARGIN)
    else:
        impossible = ordered.gather(1, place)[:, 0] < math.log(LEAST)
    counted = ~impossible  # the others are told apart: one of them would outweigh all else
    return SamplingEvidence(
        len(tokens),
        float((surprise - entropy)[counted].sum()),
        float(variance[counted].clamp(min=0).sum()),
        int(impossible.sum()),
        bool(impossible[-1]),
    )
