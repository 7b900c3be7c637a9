"""Were these tokens sampled so? What that makes of each token's surprise, with no proof and no seed.

A token sampled at a temperature T, from the tokens that top-k and top-p leave, has a surprise, -log p, whose mean is
the entropy of that distribution; its variance follows from the logits, too. So the sum of (surprise - entropy) over
many tokens is near 0, measured by the root of the sum of variances. Tokens of another model surprise more, those of a
lower temperature, or of greedy choice, less.

That finds any other sampling, from enough tokens. Some that somebody may gain by are named: for a colder one, a hotter
one and a narrower nucleus the tokens' likelihood ratio is summed, too. Of honestly sampled tokens it exceeds x, at any
time, with a probability of 1 / x at most (Ville's inequality), so that its threshold needs no calibration.

And the surprise of the choice that each token is besides: to end, or not to. A completion that was cut off ends where
the model hardly would have; one that was padded goes on where it would have ended.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from synthetic1.pool.proving.distribution import COLD, OrderedDistribution, ordered_distribution

if TYPE_CHECKING:
    import torch

NUCLEUS_MARGIN = 0.02
"""Of probability: that far beyond top-p a token may lie, as the logits of two machines differ."""
RANK_MARGIN = 2
"""That many ranks beyond top-k."""
LEAST = 1e-7
"""Without top-p and top-k, a token less probable than this was not sampled."""
COLDER, HOTTER, NUCLEUS = 0.7, 1.3, 0.9
"""Alternatives: times the temperature, and of what is left after the pool's own cuts."""
DOUBT = 0.01
"""How much of the honest distribution the narrower nucleus is mixed with: a token outside of it refutes nothing."""
ROWS = 256
"""Tokens looked at at once: a vocabulary of 150,000 in float64, several times, is 1 GB then."""


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
    end_surplus: float = 0.0
    """Surprise minus entropy of ending or going on, in nats, summed. A few where one unlikely end came about; each
    completion that was cut off adds about as many as that end has zeros."""
    colder: float = 0.0
    """Log likelihood ratio of a temperature ``COLDER`` times that of the pool, in nats, summed."""
    hotter: float = 0.0
    narrower: float = 0.0
    """The same of ``HOTTER``, and of a nucleus of ``NUCLEUS``."""

    def __add__(self, other: SamplingEvidence) -> SamplingEvidence:
        return SamplingEvidence(
            self.tokens + other.tokens,
            self.surplus + other.surplus,
            self.variance + other.variance,
            self.impossible + other.impossible,
            other.end_impossible,
            self.end_surplus + other.end_surplus,
            self.colder + other.colder,
            self.hotter + other.hotter,
            self.narrower + other.narrower,
        )

    @property
    def ratio(self) -> float:
        """The largest of the three; more than log(3 / x) for a share x of honest nodes at most."""
        return max(self.colder, self.hotter, self.narrower)

    @property
    def z(self) -> float:
        """The surplus in standard deviations; 0 where there was no choice."""
        return self.surplus / math.sqrt(self.variance) if self.variance > 0 else 0.0


def sampling_evidence(
    logits: torch.Tensor,
    tokens: Sequence[int],
    *,
    temperature: float,
    top_p: float = 1.0,
    top_k: int | None = None,
    end_tokens: Collection[int] = (),
) -> SamplingEvidence:
    """What one completion says.

    Args:
        logits: shape (n, vocabulary); row i is what token i was chosen by.
        end_tokens: those that end a completion; none: ``end_surplus`` is not looked at.
    """
    import torch

    found = SamplingEvidence()
    chosen = torch.as_tensor(list(tokens), device=logits.device)
    ends = torch.as_tensor(sorted(end_tokens), dtype=torch.long, device=logits.device)
    for rows, said in zip(logits.split(ROWS), chosen.split(ROWS), strict=True):
        if temperature < COLD:
            found += _of_greedy(rows, said)
        else:
            found += _of_sampled(rows, said, ends, temperature, top_p, top_k)
    return found


def _of_greedy(logits: torch.Tensor, chosen: torch.Tensor) -> SamplingEvidence:
    better = logits.max(-1).values - logits.gather(1, chosen[:, None])[:, 0]
    impossible = better > NUCLEUS_MARGIN * logits.std(-1) + 0.1
    return SamplingEvidence(len(chosen), 0.0, 0.0, int(impossible.sum()), bool(impossible[-1]))


def _of_sampled(
    logits: torch.Tensor,
    chosen: torch.Tensor,
    ends: torch.Tensor,
    temperature: float,
    top_p: float,
    top_k: int | None,
) -> SamplingEvidence:
    import torch

    found = ordered_distribution(logits, temperature=temperature, top_p=top_p, top_k=top_k)
    p = found.final.exp()
    said = torch.where(p > 0, found.final, 0.0)
    entropy = -(p * said).sum(-1)
    variance = (p * said**2).sum(-1) - entropy**2
    place = found.place_of(chosen)
    surprise = -torch.where(found.inside, found.final, found.whole).gather(1, place)[:, 0]
    if top_p < 1 or top_k is not None:
        impossible = found.before.gather(1, place)[:, 0] > top_p + NUCLEUS_MARGIN
        if top_k is not None:
            impossible |= place[:, 0] >= top_k + RANK_MARGIN
    else:
        impossible = found.whole.gather(1, place)[:, 0] < math.log(LEAST)
    counted = ~impossible  # the others are told apart: one of them would outweigh all else
    return SamplingEvidence(
        len(chosen),
        float((surprise - entropy)[counted].sum()),
        float(variance[counted].clamp(min=0).sum()),
        int(impossible.sum()),
        bool(impossible[-1]),
        float(_end_surplus(p, found.order, chosen, ends)) if len(ends) else 0.0,
        _ratio(_tempered(found.final, COLDER), found, place),
        _ratio(_tempered(found.final, HOTTER), found, place),
        _ratio(_narrowed(found.final), found, place),
    )


def _ratio(other: torch.Tensor, found: OrderedDistribution, place: torch.Tensor) -> float:
    """Of log probabilities, in the same order; tokens that neither can choose say nothing."""
    import torch

    inside = found.inside.gather(1, place)
    return float(torch.where(inside, other.gather(1, place) - found.final.gather(1, place), 0.0).sum())


def _tempered(final: torch.Tensor, times: float) -> torch.Tensor:
    other = final / times
    return other - other.logsumexp(-1, keepdim=True)


def _narrowed(final: torch.Tensor) -> torch.Tensor:
    p = final.exp()
    inside = p.cumsum(-1) - p < NUCLEUS
    nucleus = p * inside / (p * inside).sum(-1, keepdim=True)
    return ((1 - DOUBT) * nucleus + DOUBT * p).log()


def _end_surplus(p: torch.Tensor, order: torch.Tensor, chosen: torch.Tensor, ends: torch.Tensor) -> torch.Tensor:
    import torch

    end = (p * torch.isin(order, ends)).sum(-1).clamp(LEAST, 1 - LEAST)
    entropy = -(end * end.log() + (1 - end) * (1 - end).log())
    return (-torch.where(torch.isin(chosen, ends), end, 1 - end).log() - entropy).sum()
