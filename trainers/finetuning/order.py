"""Which samples an update learns from: a function of the seed and the epoch, so that a resumed run sees the same.

An epoch is a permutation of all samples, cut into updates. Within an update samples stand by length: it learns from the
same ones whatever their order, and those that share a batch are padded to nearly the same length.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil
from typing import Any

import numpy as np
from torch.utils.data import Sampler


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
        """Share of the first epoch's tokens that are padding, where a batch is padded to its longest sample."""
        held = 0
        for update in self.updates(0):
            lengths = self.lengths[update]
            batches = (lengths[i : i + self.micro_batch] for i in range(0, len(lengths), self.micro_batch))
            held += sum(int(batch.max()) * len(batch) for batch in batches)
        return 1.0 - int(self.lengths.sum()) / held

    def largest_batch(self) -> int:
        """Tokens of the largest batch of the first epoch, without padding."""
        sizes: list[Any] = [0]
        for update in self.updates(0):
            lengths = self.lengths[update]
            sizes += [int(lengths[i : i + self.micro_batch].sum()) for i in range(0, len(lengths), self.micro_batch)]
        return int(max(sizes))
