"""The prover's side of the hardware challenge."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import numpy as np

from synthetic1.pool.hardware.matrices import Rows, matrix_rows
from synthetic1.pool.hardware.merkle import MerkleTree, leaf_hash
from synthetic1.pool.hardware.messages import Committed, HardwareChallenge, OpenedRow, OpenedStep

Multiply = Callable[[Rows, Rows], Rows]
"""The product of two matrices in float32, on the device that is claimed. No TF32, no half precision: it would show."""


def first_state(rows_root: bytes) -> bytes:
    """Where a walk over the rows with this root begins."""
    return hashlib.sha256(b"walk\0" + rows_root).digest()


def next_row(state: bytes, n: int) -> int:
    """The row that a walk meets at this state."""
    return int.from_bytes(state[:8], "big") % n


def next_state(state: bytes, index: int, row: bytes) -> bytes:
    """After step ``index``, which met this row. The index is in it: a part of the walk is no other part."""
    return hashlib.sha256(b"step\0" + index.to_bytes(8, "big") + state + row).digest()


def on_this_machine(a: Rows, b: Rows) -> Rows:
    """By numpy's BLAS."""
    return a @ b


class HardwareProver:
    """Answers one challenge.

    Args:
        multiply: where the product is computed.
    """

    def __init__(self, challenge: HardwareChallenge, multiply: Multiply = on_this_machine) -> None:
        self._challenge = challenge
        n, seed = challenge.n, challenge.seed
        product = multiply(matrix_rows(seed, "A", 0, n, n), matrix_rows(seed, "B", 0, n, n))
        self._rows = np.ascontiguousarray(product, dtype="<f4")
        self._tree = MerkleTree([leaf_hash(row.data) for row in self._rows])
        self._states = [first_state(self._tree.root)]
        for index in range(challenge.steps):
            state = self._states[-1]
            self._states.append(next_state(state, index, self._rows[next_row(state, n)].tobytes()))
        self._walk = MerkleTree([leaf_hash(state) for state in self._states])

    def commit(self) -> Committed:
        return Committed(self._tree.root.hex(), self._walk.root.hex())

    def times(self, vector: Sequence[float]) -> list[float]:
        """C times a vector, in double precision."""
        return [float(value) for value in self._rows.astype(np.float64) @ np.asarray(vector, np.float64)]

    def open_rows(self, indices: Sequence[int]) -> list[OpenedRow]:
        return [self._opened(index) for index in indices]

    def open_steps(self, indices: Sequence[int]) -> list[OpenedStep]:
        return [
            OpenedStep(
                index,
                self._states[index].hex(),
                _hex(self._walk.path(index)),
                self._states[index + 1].hex(),
                _hex(self._walk.path(index + 1)),
                self._opened(next_row(self._states[index], self._challenge.n)),
            )
            for index in indices
        ]

    def _opened(self, index: int) -> OpenedRow:
        return OpenedRow(index, self._rows[index].tobytes().hex(), _hex(self._tree.path(index)))


def _hex(path: Sequence[bytes]) -> tuple[str, ...]:
    return tuple(part.hex() for part in path)
