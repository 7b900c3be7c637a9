"""The space of texts: prompts and completions of any script."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import Space

MAX_LENGTH = 1_000_000  # characters; far above any context, far below what a machine would choke on
SAMPLE_LENGTH = 64
_PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))


class TextSpace(Space[str]):
    """All strings of at most ``max_length`` characters, the empty one included.

    Gymnasium's ``Text`` refuses the empty string, spaces and anything outside a fixed alphabet, and under
    ``AsyncVectorEnv``'s shared memory returns stale text for ever. Not being a ``Text``, this space makes that case
    fail with a message instead: pass ``shared_memory=False`` there.
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
