"""A rollout's proofs made by the worker, and looked at by the validator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from synthetic1.pool.proving.claimed_model import ClaimedModel, PrefilledCompletion
from synthetic1.pool.proving.likelihood import SamplingEvidence, sampling_evidence
from synthetic1.pool.proving.proofs import FORMAT, OUR_FAILURES, crash_reason
from synthetic1.pool.toploc.building import build_proofs
from synthetic1.pool.toploc.verifying import TopLocThresholds, proof_verdict

IMPOSSIBLE_SHARE = 0.02
"""Of a completion's tokens, so many may be such that the sampling could not choose: text in other pieces."""
MOST_COUNTED = 1.25, 8
"""Tokens that a node may count for each that its text has, and that many more."""


@dataclass(frozen=True, slots=True)
class RolloutCheck:
    """What recomputing a rollout has shown."""

    outcome: Literal["accept", "reject", "crashed"]
    """``crashed`` is a failure of the validator's."""
    reason: str = ""
    evidence: SamplingEvidence = field(default_factory=SamplingEvidence)
    """How its tokens were chosen: over one completion that says little, over a node's a lot."""


def prove(model: ClaimedModel, prompt: str, text: str, *, ended: bool) -> list[str]:
    """The proofs of a completion in base64, one for every 32 tokens; none where there is nothing to prove.

    Raises:
        ActivationsError: the model has computed infinity or NaN.
    """
    read = model.prefill(prompt, text, ended=ended)
    return [] if read is None else [proof.to_base64() for proof in build_proofs(read.rows, FORMAT)]


def check_rollout(
    model: ClaimedModel,
    prompt: str,
    work: Mapping[str, Any],
    sampling: Mapping[str, Any],
    thresholds: TopLocThresholds | None = None,
) -> RolloutCheck:
    """Whether the model wrote this. Whatever a worker hands in gives a verdict.

    Args:
        work: ``text``, ``finish_reason``, ``completion_tokens``, ``proofs``; see ``wire.WorkDone``.
        sampling: the pool's ``temperature``, ``top_p``, ``top_k``.
    """
    try:
        read = model.prefill(prompt, work["text"], ended=work["finish_reason"] == "stop")
        if read is None:
            return RolloutCheck("reject", "no tokens, or more than the model can attend to")
        evidence = _evidence(model, read, sampling)
        if (why := _fault(read, evidence, int(work["completion_tokens"]))) is not None:
            return RolloutCheck("reject", why, evidence)
        verdict = proof_verdict(read.rows, work["proofs"], FORMAT, thresholds)
    except OUR_FAILURES as error:
        return RolloutCheck("crashed", crash_reason(error))
    if not verdict.is_accepted:
        return RolloutCheck("reject", verdict.reason, evidence)
    return RolloutCheck("accept", "", evidence)


def _evidence(model: ClaimedModel, read: PrefilledCompletion, sampling: Mapping[str, Any]) -> SamplingEvidence:
    return sampling_evidence(
        read.logits,
        read.tokens,
        temperature=float(sampling["temperature"]),
        top_p=float(sampling.get("top_p", 1.0)),
        top_k=sampling.get("top_k"),
        end_tokens=model.end_tokens,
    )


def _fault(read: PrefilledCompletion, evidence: SamplingEvidence, counted: int) -> str | None:
    times, more = MOST_COUNTED
    if counted > times * len(read.tokens) + more:
        return f"counted as {counted} tokens, its text has {len(read.tokens)}"
    if read.ended and evidence.end_impossible:
        return "it was cut off: the model would not have ended there"
    most = 1 + IMPOSSIBLE_SHARE * evidence.tokens
    if evidence.impossible > most:
        return f"{evidence.impossible} of {evidence.tokens} tokens cannot have been sampled so"
    return None
