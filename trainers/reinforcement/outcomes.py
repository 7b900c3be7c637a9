"""What became of the completions of a step, and what the step cost: reasons, lengths, clipping, memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from synthetic1.jobs.provenance import peak_memory
from synthetic1.trainers.reinforcement.objective.reward import RewardedRollout

CLIP_RATIOS = {
    "low": "clip_ratio/low_mean",
    "high": "clip_ratio/high_mean",
    "all": "clip_ratio/region_mean",
    "capped": "cispo_clip_ratio",
}
"""Ours → TRL's names, of the losses that clip: shares of tokens whose ratio left the trusted region."""


def outcome_measures(rollouts: Sequence[RewardedRollout], dropped: Sequence[RewardedRollout] = ()) -> dict[str, Any]:
    """Verdicts by reason, tokens of right and of wrong completions, pass@1 by family, as ``metrics.jsonl`` has them.

    Args:
        dropped: what was generated beside them, and is not learned from: it has no reward, and counts in all else. An
            outage, whose groups are dropped, must not hide behind that.
    """
    if not rollouts:
        return {}
    made = [*rollouts, *dropped]
    right = [r.tokens for r in made if r.score == 1.0]
    wrong = [r.tokens for r in made if r.score is not None and r.score < 1.0]
    families: dict[str, list[RewardedRollout]] = {}
    for r in made:
        families.setdefault(r.task.task_type, []).append(r)
    return {
        "length_right": _mean(right),
        "length_wrong": _mean(wrong),
        "reasons": dict(Counter(str(r.verdict.reason) for r in made).most_common()),
        "by_family": {name: _family(found) for name, found in sorted(families.items())},
    }


def clip_ratios(logs: Mapping[str, Any]) -> dict[str, float]:
    """Of what TRL logs of a step; empty for a loss that clips nothing."""
    return {ours: logs[name] for ours, name in CLIP_RATIOS.items() if logs.get(name) is not None}


def memory_gib() -> dict[str, float]:
    """The most that this process has held so far: resident, and of the GPU where there is one."""
    import torch

    found = {"resident": peak_memory() / 2**30}
    if torch.cuda.is_available():
        found["cuda"] = torch.cuda.max_memory_allocated() / 2**30
    return {name: round(value, 3) for name, value in found.items()}


def _family(rollouts: Sequence[RewardedRollout]) -> dict[str, Any]:
    solved = [r.score == 1.0 for r in rollouts if r.score is not None]
    rewards = [r.reward for r in rollouts if r.reward is not None]
    return {"n": len(rollouts), "reward": _mean(rewards), "pass_at_1": _mean(solved)}


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
