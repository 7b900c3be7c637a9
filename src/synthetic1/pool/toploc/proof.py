"""One proof: a polynomial, and the modulus under which its places are all different. Its bytes are toploc's."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from synthetic1.pool.toploc.errors import ProofError
from synthetic1.pool.toploc.field import MOST_POINTS, PRIME, Elements
from synthetic1.pool.toploc.format import ProofFormat

LEAST_MODULUS = 2**15 + 1
"""toploc's own, in Python. Under a small modulus one polynomial could fit every place there is."""
_BIG_ENDIAN = np.dtype(">u2")


@dataclass(frozen=True, slots=True)
class TopLocProof:
    """What a worker commits itself to for one chunk of rows.

    Raises:
        ProofError: a modulus outside of ``LEAST_MODULUS`` to ``PRIME``, no coefficient, or one outside of the field.
    """

    modulus: int
    """A value's place in the polynomial is its index in the flattened chunk, modulo this."""
    coefficients: tuple[int, ...]
    """The constant first: ``topk`` of them."""

    def __post_init__(self) -> None:
        if not LEAST_MODULUS <= self.modulus <= PRIME:
            raise ProofError(f"a proof's modulus is {self.modulus}: it has to be from {LEAST_MODULUS} to {PRIME}")
        if not 1 <= len(self.coefficients) <= MOST_POINTS:
            raise ProofError(f"a proof has {len(self.coefficients)} coefficients: 1 to {MOST_POINTS} are possible")
        for coefficient in (min(self.coefficients), max(self.coefficients)):
            if not 0 <= coefficient < PRIME:
                raise ProofError(f"a proof's coefficient is {coefficient}: it has to be from 0 to {PRIME - 1}")

    @property
    def is_constant(self) -> bool:
        """Whether it gives the same value at every place, which takes no model to say."""
        return not any(self.coefficients[1:])

    def elements(self) -> Elements:
        """The coefficients, shape (topk,)."""
        return np.array(self.coefficients, np.int64)

    def to_bytes(self) -> bytes:
        """The modulus, then the coefficients, two bytes each, the higher byte first."""
        return np.array([self.modulus, *self.coefficients], _BIG_ENDIAN).tobytes()

    def to_base64(self) -> str:
        """The bytes in base64's standard alphabet: 344 characters for a ``topk`` of 128, without padding."""
        return base64.b64encode(self.to_bytes()).decode("ascii")

    @classmethod
    def from_bytes(cls, data: bytes) -> TopLocProof:
        """What ``to_bytes`` wrote.

        Raises:
            ProofError: nothing that ``to_bytes`` writes.
        """
        if len(data) % 2 or not 4 <= len(data) <= 2 + 2 * MOST_POINTS:
            raise ProofError(f"a proof has {len(data)} bytes: there are 2 of the modulus, and 2 of each coefficient")
        modulus, *coefficients = np.frombuffer(data, _BIG_ENDIAN).tolist()
        return cls(modulus, tuple(coefficients))

    @classmethod
    def from_base64(cls, text: str) -> TopLocProof:
        """What ``to_base64`` wrote, and no other text that would decode to the same bytes.

        Raises:
            ProofError: nothing that ``to_base64`` writes.
        """
        try:
            data = base64.b64decode(text, validate=True)
        except ValueError as error:  # binascii.Error is one; so is a character that is not ASCII
            raise ProofError(f"a proof is not base64 ({error})") from None
        if base64.b64encode(data) != text.encode("ascii"):
            raise ProofError("a proof's base64 is not as it would be written: bits at its end are not zero")
        return cls.from_bytes(data)


AnyProof: TypeAlias = TopLocProof | bytes | str
"""A proof, its bytes, or its base64."""


def read_proof(proof: object, format: ProofFormat) -> TopLocProof:
    """A proof from whatever was handed in as one.

    Raises:
        ProofError: it is none, or none of this format. Its length is looked at first, so that a long one costs nothing.
    """
    if isinstance(proof, TopLocProof):
        length, unit, right = len(proof.coefficients), "coefficients", format.topk
    elif isinstance(proof, bytes):
        length, unit, right = len(proof), "bytes", format.proof_bytes
    elif isinstance(proof, str):
        length, unit, right = len(proof), "characters", 4 * -(-format.proof_bytes // 3)
    else:
        raise ProofError(f"a proof is of type {type(proof).__name__}: it has to be bytes, or base64 as a string")
    if length != right:
        raise ProofError(f"a proof has {length} {unit}: it has to have {right} with topk={format.topk}")
    if isinstance(proof, str):
        return TopLocProof.from_base64(proof)
    return TopLocProof.from_bytes(proof) if isinstance(proof, bytes) else proof
