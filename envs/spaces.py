"""The space of texts: prompts and completions of any script, and how Gymnasium's vector environments hold many."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from gymnasium import Space
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space, create_shared_memory, read_from_shared_memory, write_to_shared_memory

MAX_LENGTH = 1_000_000  # characters; far above any context, far below what a machine would choke on
SAMPLE_LENGTH = 64
SHARED_BYTES = 1 << 20  # of UTF-8, for the observation of one environment
_LENGTH_BYTES = 8
_PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))


class TextSpace(Space[str]):
    """All strings of at most ``max_length`` characters, the empty one included.

    Gymnasium's ``Text`` refuses the empty string, spaces and anything outside a fixed alphabet, and under
    ``AsyncVectorEnv``'s shared memory returns stale text for ever. This space is registered there with a memory of
    its own, of 1 MiB (UTF-8) for each environment.
    """

    def __init__(self, max_length: int = MAX_LENGTH, *, seed: int | np.random.Generator | None = None) -> None:
        if max_length < 1:
            raise ValueError(f"max_length must be at least 1, got {max_length}")
        self.max_length = max_length
        super().__init__(dtype=str, seed=seed)

    @property
    def is_np_flattenable(self) -> bool:
        return False

    def contains(self, x: Any) -> bool:
        return isinstance(x, str) and len(x) <= self.max_length

    def sample(self, mask: Any | None = None, probability: Any | None = None) -> str:
        """At most 64 printable ASCII characters: enough to try an interface, too little to burden a verifier.

        Raises:
            ValueError: a mask or probability is given; a text has neither.
        """
        if mask is not None or probability is not None:
            raise ValueError("TextSpace.sample takes no mask and no probability")
        length = int(self.np_random.integers(min(self.max_length, SAMPLE_LENGTH) + 1))
        return "".join(_PRINTABLE[i] for i in self.np_random.integers(len(_PRINTABLE), size=length))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TextSpace) and self.max_length == other.max_length

    __hash__ = None  # type: ignore[assignment]  # as Gymnasium's own spaces: equal by value, and mutable

    def __repr__(self) -> str:
        return f"TextSpace({self.max_length})"


# Gymnasium's vector environments --------------------------------------------------------------------------------------


class SharedTexts(Sequence[str]):
    """The observations of several processes as they are now; a copy of it is a tuple of strings."""

    def __init__(self, memory: Any, count: int) -> None:
        self._memory, self._count = memory, count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return tuple(self)[index]
        if not -self._count <= index < self._count:
            raise IndexError(index)
        slot = memoryview(self._memory).cast("B")[_slot(index % self._count)]
        length = int.from_bytes(slot[:_LENGTH_BYTES], "little")
        return bytes(slot[_LENGTH_BYTES : _LENGTH_BYTES + length]).decode("utf-8", "surrogatepass")

    def __iter__(self) -> Iterator[str]:
        return (self[index] for index in range(self._count))

    def __eq__(self, other: object) -> bool:
        return tuple(self) == tuple(other) if isinstance(other, Sequence) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # what it equals changes with every step

    def __deepcopy__(self, memo: Any) -> tuple[str, ...]:  # what `copy=True`, the default, returns of a step
        return tuple(self)


@batch_space.register(TextSpace)
def _batch_texts(space: TextSpace, n: int = 1) -> Space[Any]:
    """Several spaces of texts side by side, as for every space that is not of numbers.

    Raises:
        ValueError: asked for by a vector environment in the autoreset mode ``NextStep``.
    """
    _refuse_next_step()
    return batch_space.dispatch(Space)(space, n)


def _refuse_next_step() -> None:
    """``SyncVectorEnv`` and ``AsyncVectorEnv`` reset in the next step by default, and drop the actions of that step:
    every second completion of an environment whose episodes have one step, unnoticed. They tell no environment of
    their mode, but they ask for the batched space while they are made, which is the one place to see it from.
    """
    frame = sys._getframe(1)
    while frame is not None:
        owner = frame.f_locals.get("self")
        if isinstance(owner, VectorEnv):
            if getattr(owner, "autoreset_mode", None) is AutoresetMode.NEXT_STEP:
                raise ValueError(
                    "autoreset_mode NextStep, Gymnasium's default, would throw away every second completion, since an "
                    "episode has one step: give make_vec vector_kwargs={'autoreset_mode': 'SameStep'} or 'Disabled' "
                    "(SyncVectorEnv and AsyncVectorEnv: autoreset_mode=), or leave vectorization_mode out, which "
                    "scores the whole batch at once"
                )
            return
        frame = frame.f_back  # type: ignore[assignment]


def _slot(index: int) -> slice:
    return slice(index * (SHARED_BYTES + _LENGTH_BYTES), (index + 1) * (SHARED_BYTES + _LENGTH_BYTES))


@create_shared_memory.register(TextSpace)
def _share_texts(space: TextSpace, n: int = 1, ctx: Any = multiprocessing) -> Any:
    return ctx.RawArray("B", n * (SHARED_BYTES + _LENGTH_BYTES))  # each process writes its own part: no lock


@read_from_shared_memory.register(TextSpace)
def _read_texts(space: TextSpace, shared_memory: Any, n: int = 1) -> SharedTexts:
    return SharedTexts(shared_memory, n)


@write_to_shared_memory.register(TextSpace)
def _write_text(space: TextSpace, index: int, value: str, shared_memory: Any) -> None:
    data = value.encode("utf-8", "surrogatepass")
    if len(data) > SHARED_BYTES:
        raise ValueError(
            f"a prompt of {len(data):,} bytes is too long for shared memory ({SHARED_BYTES:,} bytes): pass "
            "shared_memory=False to AsyncVectorEnv"
        )
    slot = memoryview(shared_memory).cast("B")[_slot(index)]
    slot[_LENGTH_BYTES : _LENGTH_BYTES + len(data)] = data
    slot[:_LENGTH_BYTES] = len(data).to_bytes(_LENGTH_BYTES, "little")
