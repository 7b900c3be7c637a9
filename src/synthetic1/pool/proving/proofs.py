"""TOPLOC proofs of token ids: made with a model by the worker, checked with the same one by the validator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from synthetic1.pool.proving.claimed_model import ClaimedModel, TokensRefused
from synthetic1.pool.toploc.building import build_proofs
from synthetic1.pool.toploc.errors import ActivationsError
from synthetic1.pool.toploc.format import ProofFormat
from synthetic1.pool.toploc.proof import AnyProof
from synthetic1.pool.toploc.verifying import ProofComparison, TopLocThresholds, proof_verdict

FORMAT = ProofFormat(decode_batching_size=32, topk=128, skip_prefill=True)
"""Of all pools: both sides use the same."""
OUR_FAILURES = (ActivationsError, RuntimeError, MemoryError)
"""What a model raises that computes nonsense, or has no memory left (torch says so by ``RuntimeError``)."""


@dataclass(frozen=True, slots=True)
class ProofResult:
    """What checking proofs has come to."""

    outcome: Literal["accept", "reject", "crashed"]
    """``crashed`` is a failure of the validator's, and says nothing about the worker."""
    reason: str = ""
    """One line; empty if they are accepted."""
    comparisons: tuple[ProofComparison, ...] = ()
    """One a chunk; none if what was handed in are not proofs."""


def prove_tokens(
    model: ClaimedModel, prompt_ids: Sequence[int], completion_ids: Sequence[int], form: ProofFormat = FORMAT
) -> list[str]:
    """The proofs of a completion in base64, one for every 32 tokens: 344 characters each.

    Raises:
        TokensRefused: ids that are none of the model's, no tokens, or more than it can attend to.
        ActivationsError: the model has computed infinity or NaN.
    """
    read = model.prefill_tokens(prompt_ids, completion_ids)
    return [proof.to_base64() for proof in build_proofs(read.rows, form)]


def check_proof(
    model: ClaimedModel,
    prompt_ids: Sequence[int],
    completion_ids: Sequence[int],
    proofs: Sequence[AnyProof],
    form: ProofFormat = FORMAT,
    thresholds: TopLocThresholds | None = None,
) -> ProofResult:
    """Whether the model has these hidden states over these tokens. Whatever a worker hands in gives a result.

    Args:
        proofs: one for every 32 tokens of the completion, in any form.
        thresholds: see ``calibration`` for those of a model of one's own.
    """
    try:
        read = model.prefill_tokens(prompt_ids, completion_ids)
        verdict = proof_verdict(read.rows, proofs, form, thresholds)
    except TokensRefused as error:
        return ProofResult("reject", str(error))
    except OUR_FAILURES as error:
        return ProofResult("crashed", crash_reason(error))
    if not verdict.is_accepted:
        return ProofResult("reject", verdict.reason, verdict.comparisons)
    return ProofResult("accept", "", verdict.comparisons)


def crash_reason(error: BaseException) -> str:
    """A failure of ours in one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
