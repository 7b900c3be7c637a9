"""The numbers of one rollout, from its judged completions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from synthetic1.trainers.reinforcement.reward import Sample


def rollout_measures(samples: Sequence[Sample], group_size: int) -> dict[str, Any]:
    """Reward, pass@1, lengths and shares, as ``metrics.jsonl`` names them; lengths in tokens.

    Args:
        samples: whole groups, one after the other.
    """
    if not samples:
        return {}
    rewards = np.array([np.nan if s.reward is None else s.reward for s in samples])
    solved = [s.verdict.score == 1.0 for s in samples if s.verdict.score is not None]
    lengths = np.array([s.tokens for s in samples])
    levels: dict[str, list[bool]] = {}
    for s in samples:
        if (level := s.task.level) is not None and s.verdict.score is not None:
            levels.setdefault(str(level), []).append(s.verdict.score == 1.0)
    known = rewards[~np.isnan(rewards)]
    return {
        "reward": float(known.mean()) if len(known) else None,
        "reward_std": float(known.std()) if len(known) else None,
        "pass_at_1": sum(solved) / len(solved) if solved else None,
        "zero_std_share": _groups_without_signal(rewards, group_size),
        "unscorable_share": float(np.isnan(rewards).mean()),
        "think_share": sum(s.thinking for s in samples) / len(samples),
        "clip_share": sum(s.completion.finish_reason == "length" for s in samples) / len(samples),
        "length_mean": float(lengths.mean()),
        "length_p10": float(np.percentile(lengths, 10)),
        "length_p90": float(np.percentile(lengths, 90)),
        "by_level": {k: {"n": len(v), "pass_at_1": sum(v) / len(v)} for k, v in sorted(levels.items(), key=_by_number)},
    }


def _by_number(item: tuple[str, Any]) -> int:
    return int(item[0])


def _groups_without_signal(rewards: Any, group_size: int) -> float:
    """The share of groups whose scorable rewards are all equal: nothing to learn from."""
    groups = rewards[: len(rewards) // group_size * group_size].reshape(-1, group_size)
    flat = [len(set(group[~np.isnan(group)].tolist())) <= 1 for group in groups]
    return sum(flat) / len(flat) if flat else 0.0
