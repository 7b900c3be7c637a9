"""Verifying proofs against one's own activations of the same tokens: the validator's side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import starmap

import numpy as np

from synthetic1.pool.toploc.activations import ActivationChunks, Activations, LargestValues
from synthetic1.pool.toploc.errors import ProofError
from synthetic1.pool.toploc.field import evaluate
from synthetic1.pool.toploc.format import ProofFormat
from synthetic1.pool.toploc.proof import AnyProof, TopLocProof, read_proof

NO_EXPONENT_EQUAL = float(2**64)
"""What mean and median are where there is nothing to take them of, as toploc has it."""


@dataclass(frozen=True, slots=True)
class ProofComparison:
    """How far a proof is from one's own activations. Each number is an error: more is worse."""

    exp_mismatches: int
    """Places at which the exponents differ."""
    mant_err_mean: float
    """Over the places with equal exponents: by how much mantissas differ, 0 to 127. Signs are not compared."""
    mant_err_median: float
    """Over the same: the upper median, which is the one of toploc's C++, that networks ran. It is a mantissa error that
    occurred, and never below the other median, so that nothing passes by it that the other one would refuse."""
    places: int
    """Places compared: ``topk``, or the values of the chunk if there are fewer."""
    is_blind: bool = False
    """The proof gives one value for all places, where one's own differ. That value can be guessed without the model:
    the largest values of many chunks have one exponent, and near mantissas."""


@dataclass(frozen=True, slots=True)
class TopLocThresholds:
    """The most that each error may be. The defaults are Prime Intellect's, for bfloat16; calibrate them by model.

    Raises:
        ValueError: a number that is not one, or that accepts everything or nothing.
    """

    exp_mismatches: int = 38
    """Of ``places``; of fewer or more places in proportion."""
    mant_err_mean: float = 10.0
    mant_err_median: float = 8.0
    places: int = 128

    def __post_init__(self) -> None:
        if not 0 <= self.exp_mismatches < self.places:
            raise ValueError(
                f"exp_mismatches={self.exp_mismatches}: it has to be from 0 to {self.places - 1}, as places"
            )
        for name in ("mant_err_mean", "mant_err_median"):
            value = getattr(self, name)
            if not 0 <= value < math.inf:
                raise ValueError(f"{name}={value}: it has to be a number of at least 0")

    def objection(self, comparison: ProofComparison) -> str | None:
        """What speaks against a proof, if anything does.

        Exponents come first: over the few that are equal by chance, mantissas of unrelated activations may be near.
        """
        if comparison.exp_mismatches * self.places > self.exp_mismatches * comparison.places:
            share = f"{comparison.exp_mismatches} of {comparison.places} exponents differ"
            return f"{share}, more than {self.exp_mismatches} of {self.places}"
        if comparison.is_blind:
            return "its polynomial is one value for all places, where the activations have several"
        for name in ("mant_err_mean", "mant_err_median"):
            value, most = getattr(comparison, name), getattr(self, name)
            if value > most:
                return f"{name} is {value:.4g}, more than {most:.4g}"
        return None


@dataclass(frozen=True, slots=True)
class ProofVerdict:
    """Whether the proofs of a rollout are accepted: all of them are, or it is not."""

    is_accepted: bool
    reason: str
    """One line: what speaks against them, and of which chunk; empty if they are accepted."""
    comparisons: tuple[ProofComparison, ...] = field(default=(), repr=False)
    """One a chunk; none if what was handed in are not proofs."""


def verify_proofs(
    activations: Activations, proofs: Sequence[AnyProof], format: ProofFormat | None = None
) -> list[ProofComparison]:
    """Compare the proof of each chunk with one's own activations, at the places of one's own largest values.

    Args:
        activations: the validator's own, of the same tokens: from one prefill over prompt and completion.
        proofs: one for each chunk, in order, in any form.
        format: the one that they were built with; toploc's defaults if not given.

    Raises:
        ProofError: one of them is no proof, or there are not as many as chunks.
        ActivationsError: the validator's own failure, which says nothing about the proofs.
    """
    format = format or ProofFormat()
    chunks = ActivationChunks(activations, format)
    if not isinstance(proofs, Sequence) or isinstance(proofs, str | bytes):
        raise ProofError(f"proofs are of type {type(proofs).__name__}: they have to be a list, one proof a chunk")
    if len(proofs) != len(chunks):
        raise ProofError(f"there are {len(proofs)} proofs: the activations have {len(chunks)} chunks")
    read = []
    for number, proof in enumerate(proofs):
        try:
            read.append(read_proof(proof, format))
        except ProofError as error:
            raise ProofError(f"chunk {number}: {error}") from None
    return list(starmap(_compare, zip(read, chunks.largest(), strict=True)))


def proof_verdict(
    activations: Activations,
    proofs: Sequence[AnyProof],
    format: ProofFormat | None = None,
    thresholds: TopLocThresholds | None = None,
) -> ProofVerdict:
    """Whether these proofs show that the rollout was made with the model: no proof at all is none that is accepted.

    Args:
        activations, proofs, format: see ``verify_proofs``.
        thresholds: the defaults if not given.

    Raises:
        ActivationsError: the validator's own failure. Whatever is handed in as ``proofs`` raises nothing.
    """
    thresholds = thresholds or TopLocThresholds()
    try:
        comparisons = tuple(verify_proofs(activations, proofs, format))
    except ProofError as error:
        return ProofVerdict(False, str(error))
    if not comparisons:
        return ProofVerdict(False, "there are no rows, and so no proofs")
    for number, comparison in enumerate(comparisons):
        if objection := thresholds.objection(comparison):
            return ProofVerdict(False, f"chunk {number}: {objection}", comparisons)
    return ProofVerdict(True, "", comparisons)


def _compare(proof: TopLocProof, own: LargestValues) -> ProofComparison:
    said = evaluate(proof.elements(), own.indices % proof.modulus).astype(np.uint16)
    # A shift by 8 drops the sign: 8 bits of exponent are left.
    is_equal = (said << 1) >> 8 == (own.bits << 1) >> 8
    errors = np.sort(np.abs((said & 0x7F).astype(np.int64) - (own.bits & 0x7F))[is_equal])
    equal, places = len(errors), len(own.bits)
    return ProofComparison(
        exp_mismatches=places - equal,
        mant_err_mean=int(errors.sum()) / equal if equal else NO_EXPONENT_EQUAL,
        mant_err_median=float(errors[equal // 2]) if equal else NO_EXPONENT_EQUAL,
        places=places,
        is_blind=proof.is_constant and bool((own.bits != own.bits[0]).any()),
    )
