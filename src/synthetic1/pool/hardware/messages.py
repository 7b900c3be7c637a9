"""What prover and verifier say to each other, as JSON would hold it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

from synthetic1.pool.hardware.matrices import side_of

STEPS_A_ROW = 2
"""Steps of the walk for each row: so every row is met with a chance of 86%, and most are met again."""


@dataclass(frozen=True, slots=True)
class HardwareClaim:
    """What a node says of itself."""

    node: str
    """Its public key."""
    device: str
    """E.g. ``NVIDIA H200``; bound to the challenge, so that an answer to it cannot be shown for another."""
    memory_bytes: int
    """That it can give to a challenge."""


@dataclass(frozen=True, slots=True)
class HardwareChallenge:
    """A claim, and what the verifier drew for it."""

    claim: HardwareClaim
    nonce: str
    """32 hexadecimal digits."""

    @property
    def n(self) -> int:
        """The side of the matrices."""
        return side_of(self.claim.memory_bytes)

    @property
    def steps(self) -> int:
        """Of the walk."""
        return STEPS_A_ROW * self.n

    @property
    def seed(self) -> bytes:
        """32 bytes that nobody could know before the nonce, and that are of this claim alone."""
        said = json.dumps([asdict(self.claim), self.nonce], sort_keys=True)
        return hashlib.sha256(b"synthetic1 hardware challenge 1\0" + said.encode()).digest()


@dataclass(frozen=True, slots=True)
class Committed:
    """The prover's commitment: roots over the rows of C, and over the states of the walk; 64 hexadecimal digits."""

    rows: str
    walk: str


@dataclass(frozen=True, slots=True)
class OpenedRow:
    """A row of C, its float32 little-endian as hexadecimal digits, and its path to the root."""

    index: int
    content: str
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OpenedStep:
    """A step of the walk: the states before and after it with their paths, and the row between."""

    index: int
    before: str
    before_path: tuple[str, ...]
    after: str
    after_path: tuple[str, ...]
    row: OpenedRow
