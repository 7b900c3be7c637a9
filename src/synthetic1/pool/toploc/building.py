"""Building proofs of activations: the worker's side."""

from __future__ import annotations

import numpy as np

from synthetic1.pool.toploc.activations import ActivationChunks, Activations, LargestValues
from synthetic1.pool.toploc.errors import ActivationsError
from synthetic1.pool.toploc.field import PRIME, interpolate
from synthetic1.pool.toploc.format import ProofFormat
from synthetic1.pool.toploc.proof import LEAST_MODULUS, TopLocProof


def build_proofs(activations: Activations, format: ProofFormat | None = None) -> list[TopLocProof]:
    """A proof for each chunk of activations, in order; none if there are no rows.

    Of a chunk with fewer than ``topk`` values the proof is over all, and its polynomial's higher coefficients are zero.

    Args:
        activations: the last hidden states that the model computed.
        format: toploc's defaults if not given.

    Raises:
        ActivationsError: activations that no proof is built of. toploc returns proofs of zeros instead, which are no
            proofs to whoever verifies them.
    """
    format = format or ProofFormat()
    return [_proof(values, format.topk) for values in ActivationChunks(activations, format).largest()]


def _proof(values: LargestValues, topk: int) -> TopLocProof:
    modulus = _modulus(values)
    coefficients = interpolate(values.indices % modulus, values.bits.astype(np.int64)).tolist()
    return TopLocProof(modulus, tuple(coefficients + [0] * (topk - len(coefficients))))


def _modulus(values: LargestValues) -> int:
    """The largest one that keeps the indices apart."""
    if values.indices[-1] < PRIME:
        return PRIME
    for modulus in range(PRIME, LEAST_MODULUS - 1, -1):
        if len(set((values.indices % modulus).tolist())) == len(values.indices):
            return modulus
    count = len(values.indices)
    raise ActivationsError(f"the places of a chunk's {count} largest values coincide modulo {LEAST_MODULUS} to {PRIME}")
