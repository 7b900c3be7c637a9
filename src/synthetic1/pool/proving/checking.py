"""A rollout's proofs made by the worker, and looked at by the validator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypedDict

from synthetic1.pool.proving.claimed_model import ClaimedModel, PrefilledCompletion, TokensRefused
from synthetic1.pool.proving.likelihood import SamplingEvidence, sampling_evidence
from synthetic1.pool.proving.proofs import FORMAT, OUR_FAILURES, crash_reason, prove_tokens
from synthetic1.pool.proving.token_difr import Noise, ReplayEvidence, SeededNoise, replay
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
    replay: ReplayEvidence = field(default_factory=ReplayEvidence)
    """Whether its seed draws these tokens; the same holds."""


def prove(model: ClaimedModel, prompt: str, text: str, *, ended: bool) -> list[str]:
    """The proofs of a completion in base64, one for every 32 tokens; none where there is nothing to prove.

    Raises:
        ActivationsError: the model has computed infinity or NaN.
    """
    try:
        return prove_tokens(model, *model.tokens_of(prompt, text, ended=ended))
    except TokensRefused:
        return []


def check_rollout(
    model: ClaimedModel,
    prompt: str,
    work: Mapping[str, Any],
    sampling: Mapping[str, Any],
    thresholds: TopLocThresholds | None = None,
    *,
    seed: int | None = None,
    noise: Noise = "splitmix",
) -> RolloutCheck:
    """Whether the model wrote this. Whatever a worker hands in gives a verdict.

    Args:
        work: ``text``, ``finish_reason``, ``completion_tokens``, ``proofs``; see ``wire.WorkDone``.
        sampling: the pool's ``temperature``, ``top_p``, ``top_k``.
        seed: what the node was told to sample with; ``None``: nothing is replayed. Only for tokenizers that cut text as
            it was sampled, and servers that draw by ``noise``.
    """
    try:
        read = model.prefill(prompt, work["text"], ended=work["finish_reason"] == "stop")
        if read is None:
            return RolloutCheck("reject", "no tokens, more than the model can attend to, or none that make the text")
        rule = _rule(sampling)
        evidence = sampling_evidence(read.logits, read.tokens, end_tokens=model.end_tokens, **rule)
        replayed = ReplayEvidence()
        if seed is not None:
            known, before = read.logits.shape[1], read.prompt_tokens
            drawn = SeededNoise(noise, seed, known, read.logits.device, prompt_tokens=before)
            replayed = replay(read.logits, read.tokens, drawn, **rule)
        if (why := _fault(read, evidence, int(work["completion_tokens"]))) is not None:
            return RolloutCheck("reject", why, evidence, replayed)
        verdict = proof_verdict(read.rows, work["proofs"], FORMAT, thresholds)
    except OUR_FAILURES as error:
        return RolloutCheck("crashed", crash_reason(error))
    if not verdict.is_accepted:
        return RolloutCheck("reject", verdict.reason, evidence, replayed)
    return RolloutCheck("accept", "", evidence, replayed)


class _Rule(TypedDict):
    temperature: float
    top_p: float
    top_k: int | None


def _rule(sampling: Mapping[str, Any]) -> _Rule:
    return _Rule(
        temperature=float(sampling["temperature"]),
        top_p=float(sampling.get("top_p", 1.0)),
        top_k=sampling.get("top_k"),
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
