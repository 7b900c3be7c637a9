"""Merkle trees over SHA-256, as in RFC 6962: leaves and inner nodes are hashed apart."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

HASH_BYTES = 32


def leaf_hash(content: bytes) -> bytes:
    return hashlib.sha256(b"\0" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


class MerkleTree:
    """A tree over leaves that are hashed already, in memory: 64 bytes a leaf.

    Raises:
        ValueError: there are no leaves.
    """

    def __init__(self, leaves: Sequence[bytes]) -> None:
        if not leaves:
            raise ValueError("a Merkle tree has leaves")
        self._levels = [list(leaves)]
        while len(level := self._levels[-1]) > 1:
            above = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
            self._levels.append(above + level[len(above) * 2 :])  # one without a neighbour goes up as it is

    @property
    def root(self) -> bytes:
        """32 bytes."""
        return self._levels[-1][0]

    def path(self, index: int) -> list[bytes]:
        """The neighbours from the leaf up to the root.

        Raises:
            IndexError: there is no such leaf.
        """
        if not 0 <= index < len(self._levels[0]):
            raise IndexError(f"leaf {index} of {len(self._levels[0])}")
        path = []
        for level in self._levels[:-1]:
            neighbour = index ^ 1
            if neighbour < len(level):
                path.append(level[neighbour])
            index //= 2
        return path


def root_of(leaf: bytes, index: int, count: int, path: Sequence[bytes]) -> bytes | None:
    """The root of a tree of ``count`` leaves in which this leaf stands at this place; ``None``: no path of such a tree
    has this length, or its parts."""
    if not 0 <= index < count:
        return None
    left, at, last = list(path), index, count - 1
    value = leaf
    while last > 0:
        if at ^ 1 <= last:
            if not left or len(left[0]) != HASH_BYTES:
                return None
            neighbour = left.pop(0)
            value = node_hash(neighbour, value) if at & 1 else node_hash(value, neighbour)
        at, last = at // 2, last // 2
    return None if left else value
