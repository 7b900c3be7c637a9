"""Which samples an update learns from: a function of the seed and the epoch, so that a resumed run sees the same.

An epoch is a permutation of all samples, cut into updates. Within an update samples stand by length: it learns from the
same ones whatever their order, and those that share a batch are padded to nearly the same length.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from math import ceil

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Sampler

LITTLE = 0.15
"""Share of padding that is not worth smaller batches."""
BUSY = {"cpu": 1024, "cuda": 8192}
"""Tokens that keep a device busy: batches of fewer cost more than their padding does."""
LOOKED_AT = 200  # updates, of which padding is told: as good as all of them


class SampleOrder(Sampler[int]):
    """Indices of samples, an epoch an iteration; ``set_epoch`` says which.

    Args:
        lengths: tokens of every sample.
        batch_size: samples an update, over all processes.
        micro_batch: samples a process holds at once.
    """

    def __init__(self, lengths: Sequence[int], *, batch_size: int, micro_batch: int, seed: int) -> None:
        self.lengths = np.asarray(lengths, dtype=np.int64)
        self.batch_size, self.micro_batch, self.seed = batch_size, micro_batch, seed
        self.epoch = 0

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        for update in self.updates(self.epoch):
            yield from update

    @property
    def updates_per_epoch(self) -> int:
        return ceil(len(self.lengths) / self.batch_size)

    def set_epoch(self, epoch: int) -> None:
        """The epoch that the next iteration is of, from 0; accelerate calls it, too."""
        self.epoch = epoch

    def updates(self, epoch: int) -> Iterator[list[int]]:
        """The samples of every update of an epoch, the longest first: if they fit the memory, so do the others."""
        order = np.random.default_rng([self.seed, epoch]).permutation(len(self.lengths))
        for start in range(0, len(order), self.batch_size):
            update = order[start : start + self.batch_size]
            yield update[np.argsort(-self.lengths[update], kind="stable")].tolist()

    def padded_share(self) -> float:
        """Share of tokens that are padding, where a batch is padded to its longest sample."""
        batches = list(self._batches())
        return 1.0 - sum(int(batch.sum()) for batch in batches) / sum(int(batch[0]) * len(batch) for batch in batches)

    def batch_tokens(self) -> float:
        """Tokens of a batch on average, padding left out."""
        return float(np.mean([batch.sum() for batch in self._batches()]))

    def largest_batch(self) -> int:
        """Tokens of the largest batch, padding left out."""
        return max(int(batch.sum()) for batch in self._batches())

    def _batches(self) -> Iterator[NDArray[np.int64]]:
        """The lengths of the samples that a process holds at once, the longest first, in the first updates."""
        for update in islice(self.updates(0), LOOKED_AT):
            lengths = self.lengths[update]
            yield from (lengths[i : i + self.micro_batch] for i in range(0, len(lengths), self.micro_batch))


def lean_micro_batch(lengths: Sequence[int], *, batch_size: int, fits: int, device: str) -> int:
    """The largest micro batch that holds little padding, or no more tokens than keep the device busy.

    Args:
        fits: the largest for which there is memory; what is returned divides it.
        device: ``cpu`` or ``cuda``.
    """
    for size in range(fits, 1, -1):
        if fits % size == 0:
            order = SampleOrder(lengths, batch_size=batch_size, micro_batch=size, seed=0)
            if order.padded_share() <= LITTLE or order.batch_tokens() <= BUSY[device]:
                return size
    return 1
