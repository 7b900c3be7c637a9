"""The verifier's side of the hardware challenge: one session, whose steps come once, in order and in time."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from synthetic1.pool.errors import PoolError
from synthetic1.pool.hardware.matrices import FLOAT_BYTES, matrix_rows
from synthetic1.pool.hardware.merkle import HASH_BYTES, leaf_hash, root_of
from synthetic1.pool.hardware.messages import Committed, HardwareChallenge, HardwareClaim, OpenedRow, OpenedStep
from synthetic1.pool.hardware.prover import first_state, next_row, next_state

ROWS = 8
"""Rows of C that are computed again."""
WALKED = 512
"""Steps of the walk that are looked at. Who lacks a tenth of the rows, and goes on somehow, has a tenth of the steps
wrong; who tries, at each, many ways to go on, and takes the one that stays longest among the rows it has, has fewer: a
hundredth or two, with some fifty times the hashing. Of those 512 steps find all but one in 200, or far fewer."""
LEAST_BYTES = 3 * FLOAT_BYTES * 64**2
MOST_BYTES = 1 << 32
"""Of a claim that is challenged: the verifier makes A and B anew, in blocks, in time that grows with them."""
AT_ONCE = 512
"""Rows of A and B that are made at once."""
VECTOR_ERROR = 4e-6
"""Error of a component of C times a vector of ±1 that float32 explains, over the side of the matrices. At sides of 64
to 2,048 it was at most 1.2e-7, and 4e-5 or more where A and B were rounded to half precision."""
ENTRY_ERROR = 1e-5
"""The same of an entry of C, over the square root of the side: at most 2.5e-7, and 7e-5 or more."""


class ChallengeFailed(Exception):
    """The node has not shown what it claims: why, in one line."""


class ChallengeSession:
    """One challenge of one node. Every method is to be called once, in the order in which they stand here; the first
    that fails ends the session.

    Args:
        commit_within_s: from this moment to the commitment: what the claimed device takes, and not much more.
        answer_within_s: for each of the other answers: too short to compute the product anew.
        clock: seconds, of a clock that nobody sets.

    Raises:
        PoolError: an answer may take as long as the product, which could be computed anew for each; or a claim of more
            than ``MOST_BYTES``.
    """

    def __init__(
        self,
        claim: HardwareClaim,
        *,
        commit_within_s: float,
        answer_within_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if not 0 < answer_within_s < commit_within_s:
            raise PoolError(
                f"the hardware challenge: answer_within_s ({answer_within_s:g}) lies between 0 and commit_within_s "
                f"({commit_within_s:g})"
            )
        if type(claim.memory_bytes) is not int or not LEAST_BYTES <= claim.memory_bytes <= MOST_BYTES:
            raise PoolError(
                f"the hardware challenge: memory_bytes lies between {LEAST_BYTES} and {MOST_BYTES}, got "
                f"{claim.memory_bytes!r:.40}"
            )
        self.challenge = HardwareChallenge(claim, secrets.token_hex(16))
        self._answer_within_s, self._clock = answer_within_s, clock
        self._due = clock() + commit_within_s
        self._next: str = "commitment"
        self._committed: Committed | None = None
        self._vector: NDArray[np.float64] | None = None
        self._rows: list[int] = []
        self._steps: list[int] = []
        self.passed = False

    def take_commitment(self, committed: Committed) -> list[float]:
        """The vector of ±1 that C is to be multiplied by, drawn now.

        Raises:
            ChallengeFailed: late, or not a commitment.
        """
        with self._step("commitment", "product"):
            for root in (committed.rows, committed.walk):
                _bytes(root, HASH_BYTES, "a root")
            self._committed = committed
            bits = np.frombuffer(secrets.token_bytes(-(-self.challenge.n // 8)), np.uint8)
            vector = np.unpackbits(bits)[: self.challenge.n].astype(np.float64) * 2 - 1
            self._vector = vector
        return [float(value) for value in vector]

    def take_product(self, product: Sequence[float]) -> tuple[list[int], list[int]]:
        """The rows of C and the steps of the walk that are to be opened, drawn now.

        Raises:
            ChallengeFailed: late, or not C times the vector for any C near AB.
        """
        with self._step("product", "openings"):
            self._check_product(product)
            draw = secrets.SystemRandom()
            self._rows = sorted(draw.sample(range(self.challenge.n), min(ROWS, self.challenge.n)))
            self._steps = sorted(draw.sample(range(self.challenge.steps), min(WALKED, self.challenge.steps)))
        return list(self._rows), list(self._steps)

    def take_openings(self, rows: Sequence[OpenedRow], steps: Sequence[OpenedStep]) -> None:
        """Decide. ``passed`` is True afterwards.

        Raises:
            ChallengeFailed: late, not what was asked for, or not what was committed to.
        """
        with self._step("openings", ""):
            self._check_openings(rows, steps)
        self.passed = True

    @contextmanager
    def _step(self, step: str, following: str) -> Iterator[None]:
        """One step, which ends the session unless all of it succeeds. What was sent may be anything."""
        if self._next != step:
            self._next = ""
            raise ChallengeFailed(f"out of order: {step}")
        self._next = ""
        if self._clock() > self._due:
            raise ChallengeFailed(f"late: {step}")
        try:
            yield
        except (TypeError, ValueError, AttributeError, LookupError, ArithmeticError, RecursionError) as error:
            raise ChallengeFailed(f"{step}: not of the form it has to have ({type(error).__name__})") from None
        self._next = following
        self._due = self._clock() + self._answer_within_s

    def _check_product(self, product: Sequence[float]) -> None:
        n, seed, vector = self.challenge.n, self.challenge.seed, self._vector
        assert vector is not None
        said = np.asarray(product, np.float64)
        if said.shape != (n,) or not np.isfinite(said).all():
            raise ChallengeFailed(f"the product is not {n} finite numbers")
        inner = np.concatenate([rows.astype(np.float64) @ vector for rows in _blocks(seed, "B", n)])
        right = np.concatenate([rows.astype(np.float64) @ inner for rows in _blocks(seed, "A", n)])
        if (worst := float(np.abs(said - right).max())) > VECTOR_ERROR * n:
            raise ChallengeFailed(f"the product differs by {worst:.3g}: not computed, or not in float32")

    def _check_openings(self, rows: Sequence[OpenedRow], steps: Sequence[OpenedStep]) -> None:
        assert self._committed is not None
        n, committed = self.challenge.n, self._committed
        if not _are([row.index for row in rows], self._rows) or not _are([s.index for s in steps], self._steps):
            raise ChallengeFailed("other rows or steps were opened than were asked for")
        root, walk = bytes.fromhex(committed.rows), bytes.fromhex(committed.walk)
        opened = np.stack([np.frombuffer(self._content(row, root), "<f4") for row in rows]).astype(np.float64)
        self._compare(opened)
        first, count = first_state(root), self.challenge.steps + 1
        for step in steps:
            before, after = _bytes(step.before, HASH_BYTES, "a state"), _bytes(step.after, HASH_BYTES, "a state")
            ends = (before, step.index, step.before_path), (after, step.index + 1, step.after_path)
            for state, index, path in ends:
                if root_of(leaf_hash(state), index, count, _path(path)) != walk:
                    raise ChallengeFailed(f"state {index} of the walk is not what was committed to")
            if step.index == 0 and before != first:
                raise ChallengeFailed("the walk begins elsewhere")
            if not _are([step.row.index], [next_row(before, n)]):
                raise ChallengeFailed(f"step {step.index} of the walk meets another row")
            if next_state(before, step.index, self._content(step.row, root)) != after:
                raise ChallengeFailed(f"step {step.index} of the walk leads elsewhere")

    def _content(self, row: OpenedRow, root: bytes) -> bytes:
        content = _bytes(row.content, FLOAT_BYTES * self.challenge.n, "a row")
        if root_of(leaf_hash(content), row.index, self.challenge.n, _path(row.path)) != root:
            raise ChallengeFailed(f"row {row.index} is not what was committed to")
        return content

    def _compare(self, opened: NDArray[np.float64]) -> None:
        """Whether rows of C are those of AB."""
        n, seed = self.challenge.n, self.challenge.seed
        own = np.concatenate([matrix_rows(seed, "A", index, 1, n) for index in self._rows]).astype(np.float64)
        right = np.zeros_like(opened)
        for place, rows in zip(range(0, n, AT_ONCE), _blocks(seed, "B", n), strict=True):
            right += own[:, place : place + len(rows)] @ rows.astype(np.float64)
        if not np.isfinite(opened).all():
            raise ChallengeFailed("a row has infinity or NaN in it")
        error = np.abs(opened - right)
        if not (error <= ENTRY_ERROR * n**0.5).all():  # NaN is no better
            raise ChallengeFailed(f"a row differs by {float(np.nanmax(error)):.3g}: not computed, or not in float32")


def _are(said: Sequence[object], asked: Sequence[int]) -> bool:
    """Whether these are the numbers that were asked for: whole ones, in order."""
    return all(type(one) is int for one in said) and list(said) == list(asked)


def _blocks(seed: bytes, name: str, n: int) -> list[NDArray[np.float32]]:
    return [matrix_rows(seed, name, first, min(AT_ONCE, n - first), n) for first in range(0, n, AT_ONCE)]


def _bytes(text: object, size: int, what: str) -> bytes:
    try:
        content = bytes.fromhex(text) if isinstance(text, str) and len(text) == 2 * size else b""
    except ValueError:
        content = b""
    if len(content) != size:
        raise ChallengeFailed(f"{what} is {2 * size} hexadecimal digits")
    return content


def _path(path: Sequence[str]) -> list[bytes]:
    if len(path) > 64:
        raise ChallengeFailed("a path is longer than any tree is high")
    return [_bytes(part, HASH_BYTES, "a part of a path") for part in path]
