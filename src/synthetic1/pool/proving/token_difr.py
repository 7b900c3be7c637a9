"""Token-DiFR: is each token the one that this seed draws? Sampling replayed, with no proof bytes (arXiv 2511.20621).

Samplers draw by the Gumbel-max rule: the token with the largest (logit / T + noise), the noise being that of a
generator which the request's seed sets. The validator has the seed, so it draws the same noise, adds it to its own
logits, and looks by how much the claimed token falls behind the best one. Where machines differ a little, only near
draws come out otherwise, by small margins; another model, temperature, top-p or seed gives large ones.

Whoever is to be checked so has sampled every token with the seed that it was told, from a sampler whose noise is known
here, and hands in the tokens themselves: text cut into other pieces shifts all noise from there on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from synthetic1.pool.proving.distribution import COLD, ordered_distribution

if TYPE_CHECKING:
    import torch

Noise: TypeAlias = Literal["exponential", "splitmix", "murmur"]
"""How a sampler draws, given the request's seed:

- ``splitmix``: vLLM 0.32 on a CPU (``fused_gumbel_argmax``): a ``torch.Generator`` gives 31 bits for each token, of
  which SplitMix64 makes a vocabulary.
- ``murmur``: vLLM 0.32 on a GPU, with its second model runner, the default there (``gumbel_sample``): the uniform
  number of a token is the MurmurHash3 of seed, position in the sequence, and token. No generator, and no device, is in
  it. Written from its source; it has not been compared with a GPU's yet.
- ``exponential``: vLLM's sampler of PyTorch, the first model runner's (``random_sample``): for each token a vocabulary
  of exponential numbers of a ``torch.Generator``, on the device that it samples on, each with numbers of its own.
"""
ROWS = 256
"""Tokens looked at at once."""
NOISES = "exponential", "splitmix", "murmur"
MARGIN_MOST = 4.0
"""In units of the logits: margins are cut to this, so that one token (or one that top-p leaves out) is not all."""
WORD = 2**64
GAMMA, MIX_1, MIX_2 = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
"""SplitMix64's, by Steele, Lea and Flood (2014)."""
HALF = 2**32


@dataclass(frozen=True, slots=True)
class ReplayEvidence:
    """What replaying has shown; of several completions, the sums."""

    tokens: int = 0
    margin: float = 0.0
    """Sum of the margins, each cut to ``MARGIN_MOST``."""
    others: int = 0
    """Tokens in whose place the replay draws another one."""

    def __add__(self, other: ReplayEvidence) -> ReplayEvidence:
        return ReplayEvidence(self.tokens + other.tokens, self.margin + other.margin, self.others + other.others)

    @property
    def mean_margin(self) -> float:
        """The paper's statistic; 0 where there are no tokens."""
        return self.margin / self.tokens if self.tokens else 0.0


class SeededNoise:
    """Gumbel noise as a sampler draws it for one request, token after token.

    Args:
        seed: the request's.
        device: where the noise is wanted; for ``exponential`` it must be the kind that the sampler runs on.
        prompt_tokens: of the request; ``murmur`` counts them.
    """

    def __init__(
        self,
        kind: Noise,
        seed: int,
        vocabulary: int,
        device: torch.device | str = "cpu",
        *,
        prompt_tokens: int = 1,
    ) -> None:
        import torch

        if kind not in NOISES:
            raise ValueError(f"noise {kind!r:.40}: it has to be one of {', '.join(NOISES)}")
        self._kind, self._vocabulary, self._device = kind, vocabulary, torch.device(device)
        self._seed, self._position = seed, prompt_tokens - 1  # of the token that the first one is drawn after
        self._generator = torch.Generator(self._device if kind == "exponential" else "cpu").manual_seed(seed)

    def next(self, tokens: int) -> torch.Tensor:
        """For so many tokens more: shape (tokens, vocabulary), in float64."""
        import torch

        if self._kind != "exponential":
            draw = self._splitmix if self._kind == "splitmix" else self._murmur
            return torch.stack([draw() for _ in range(tokens)]).to(self._device)
        drawn = torch.empty((tokens, self._vocabulary), device=self._device)
        for row in drawn:  # one after the other, as they are drawn: in one go a GPU draws others
            row.exponential_(generator=self._generator)
        return -drawn.double().log()

    def _splitmix(self) -> torch.Tensor:
        import torch

        word = int(torch.randint(0, 2**31, (1,), generator=self._generator))
        key = _signed(_mixed(word))
        places = torch.arange(1, self._vocabulary + 1) * _signed(GAMMA)  # int64 wraps around, as uint64 does
        uniform = (_shifted(_mixed_all(places + key), 11).double() + 0.5) * 2.0**-53
        return -(-uniform.log()).log()

    def _murmur(self) -> torch.Tensor:
        import torch

        words = self._seed % HALF, self._seed // HALF % HALF, self._position % HALF
        bits = murmur3(words, torch.arange(self._vocabulary))
        self._position += 1
        uniform = (bits.double() + 0.5) / HALF
        return -(-(-uniform).log1p()).log()


def murmur3(words: Sequence[int], last: torch.Tensor) -> torch.Tensor:
    """MurmurHash3 (x86, 32 bits, seed 0) of some words of 32 bits and each of ``last``, as int64 below 2^32."""
    import torch

    state, blocks = torch.zeros_like(last), list[Any]([*words, last])
    for word in blocks:
        mixed = word * 0xCC9E2D51 % HALF
        mixed = _turned(mixed, 15) * 0x1B873593 % HALF
        state = (_turned(state ^ mixed, 13) * 5 + 0xE6546B64) % HALF
    state = state ^ 4 * len(blocks)  # the length in bytes
    state = (state ^ state >> 16) * 0x85EBCA6B % HALF
    state = (state ^ state >> 13) * 0xC2B2AE35 % HALF  # int64 wraps around, which does not change what is below 2^32
    return state ^ state >> 16


def _turned(word: Any, by: int) -> Any:
    """32 bits to the left, those that go out coming in again."""
    return (word << by | word >> (32 - by)) % HALF


def replay(
    logits: torch.Tensor,
    tokens: Sequence[int],
    noise: SeededNoise,
    *,
    temperature: float,
    top_p: float = 1.0,
    top_k: int | None = None,
) -> ReplayEvidence:
    """Draw the tokens of one completion again, and say how far those handed in are from it.

    Args:
        logits: shape (n, vocabulary); row i is what token i was chosen by.
        noise: new: its first row is the first token's.
    """
    import torch

    chosen = torch.as_tensor(list(tokens), device=logits.device)
    found = ReplayEvidence()
    for rows, said in zip(logits.split(ROWS), chosen.split(ROWS), strict=True):
        margins = _margins(rows, said, noise, temperature, top_p, top_k)
        found += ReplayEvidence(len(said), float(margins.clamp(max=MARGIN_MOST).sum()), int((margins > 0).sum()))
    return found


def _margins(
    logits: torch.Tensor,
    chosen: torch.Tensor,
    noise: SeededNoise,
    temperature: float,
    top_p: float,
    top_k: int | None,
) -> torch.Tensor:
    """By how much the best score is above the chosen token's; infinite for a token that is cut."""
    import torch

    scores = logits.double()
    if temperature >= COLD:
        scores = scores + temperature * noise.next(len(chosen)).to(logits.device)
        if top_p < 1 or top_k is not None:
            cut = ordered_distribution(logits, temperature=temperature, top_p=top_p, top_k=top_k)
            inside = torch.zeros_like(cut.inside).scatter(1, cut.order, cut.inside)
            scores = scores.masked_fill(~inside, -math.inf)
    return scores.max(-1).values - scores.gather(1, chosen[:, None])[:, 0]


def _mixed(word: int) -> int:
    word = (word ^ word >> 30) * MIX_1 % WORD
    word = (word ^ word >> 27) * MIX_2 % WORD
    return word ^ word >> 31


def _mixed_all(words: torch.Tensor) -> torch.Tensor:
    words = (words ^ _shifted(words, 30)) * _signed(MIX_1)
    words = (words ^ _shifted(words, 27)) * _signed(MIX_2)
    return words ^ _shifted(words, 31)


def _shifted(words: torch.Tensor, by: int) -> torch.Tensor:
    """To the right, zeros coming in: torch shifts the sign in."""
    return (words >> by) & ((1 << (64 - by)) - 1)


def _signed(word: int) -> int:
    """The int64 with the bits of a uint64."""
    return word - WORD if word >= WORD // 2 else word
