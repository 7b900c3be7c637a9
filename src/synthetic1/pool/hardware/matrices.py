"""The matrices of a challenge: the same bits on every machine, and with every version of numpy."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

FLOAT_BYTES = 4
_BITS = 24  # of a float32's mantissa
Rows = NDArray[np.float32]


def matrix_rows(seed: bytes, name: str, first: int, many: int, n: int) -> Rows:
    """Rows ``first`` … of an n × n matrix, uniform in [-0.5, 0.5), in steps of 2⁻²⁴.

    Each row has a generator of its own, whose raw output is Philox's as published: rows can be made alone.

    Args:
        seed: of the challenge.
        name: which of its matrices, ``A`` or ``B``.
    """
    rows = np.empty((many, n), np.float32)
    for place in range(many):
        key = hashlib.sha256(b"%s\0%s\0%d" % (seed, name.encode(), first + place)).digest()
        raw = np.random.Philox(key=int.from_bytes(key[:16], "little")).random_raw((n + 1) // 2)
        halves = raw.view(np.uint32) if raw.dtype.isnative else raw.byteswap().view(np.uint32)
        rows[place] = (halves[:n] >> (32 - _BITS)).astype(np.float32) * np.float32(2.0**-_BITS) - np.float32(0.5)
    return rows


def side_of(memory_bytes: int) -> int:
    """The side of the matrices whose three, A, B and C, fill so many bytes.

    Raises:
        ValueError: fewer than would hold three of 64 × 64.
    """
    side = int((memory_bytes / (3 * FLOAT_BYTES)) ** 0.5)
    if side < 64:
        raise ValueError(f"memory_bytes: at least {3 * FLOAT_BYTES * 64**2}, got {memory_bytes}")
    return side
