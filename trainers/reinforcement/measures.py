"""The numbers of one batch of rollouts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from synthetic1.trainers.reinforcement.objective.components import CORRECTNESS
from synthetic1.trainers.reinforcement.objective.reward import RewardedRollout


def rollout_measures(
    rollouts: Sequence[RewardedRollout], group_size: int, dropped: Sequence[RewardedRollout] = ()
) -> dict[str, Any]:
    """Reward, pass@1, lengths and shares, as ``metrics.jsonl`` names them; lengths in tokens.

    Rewards and groups without a signal are of what is learned from; all else is of what the model did.

    Args:
        rollouts: whole groups, one after the other.
        dropped: what was generated beside them, and is not learned from.
    """
    if not rollouts:
        return {}
    made = [*rollouts, *dropped]
    rewards = np.array([np.nan if r.reward is None else r.reward for r in rollouts])
    lengths = np.array([r.tokens for r in made])
    levels: dict[str, list[bool]] = {}
    for r in made:
        if r.task.level is not None and r.score is not None:
            levels.setdefault(str(r.task.level), []).append(r.score == 1.0)
    parts = sorted({r.part for r in made if r.part is not None})
    known = rewards[~np.isnan(rewards)]
    return {
        "reward": float(known.mean()) if len(known) else None,
        "reward_std": float(known.std()) if len(known) else None,
        "rewards": component_measures(rollouts),
        "pass_at_1": _pass_at_1(made),
        "zero_std_share": _groups_without_signal(rewards, group_size),
        "unscorable_share": sum(r.score is None for r in made) / len(made),
        "think_share": sum(r.rollout.thinking for r in made) / len(made),
        "clip_share": sum(r.rollout.truncated for r in made) / len(made),
        "length_mean": float(lengths.mean()),
        "length_p10": float(np.percentile(lengths, 10)),
        "length_p90": float(np.percentile(lengths, 90)),
        "by_level": {k: {"n": len(v), "pass_at_1": sum(v) / len(v)} for k, v in sorted(levels.items(), key=_by_number)},
        "by_part": {
            name: _part_measures([r for r in rollouts if r.part == name], [r for r in made if r.part == name])
            for name in parts
        },
    }


def component_measures(rollouts: Sequence[RewardedRollout]) -> dict[str, dict[str, float | None]]:
    """Component → its mean and (as TRL has it) sample standard deviation, and of how many completions, before weights.

    Correctness is the verdict's score, as the verifier gave it: without correction, shuffling or injected noise. What
    could not be scored, or measured, is in no mean.
    """
    if not rollouts:
        return {}
    values = {CORRECTNESS: [r.score for r in rollouts]}
    values |= {name: [r.components.get(name) for r in rollouts] for name in rollouts[0].components}
    return {name: _summary(found) for name, found in values.items()}


def _summary(values: Iterable[float | None]) -> dict[str, float | None]:
    known = np.array([value for value in values if value is not None])
    return {
        "mean": float(known.mean()) if len(known) else None,
        "std": float(known.std(ddof=1)) if len(known) > 1 else None,
        "n": len(known),
    }


def _part_measures(rollouts: Sequence[RewardedRollout], made: Sequence[RewardedRollout]) -> dict[str, Any]:
    """What one part of a mixture came to: ``rollouts`` are learned from, ``made`` is all."""
    return {
        "n": len(made),
        "reward": _summary(r.reward for r in rollouts)["mean"],
        "pass_at_1": _pass_at_1(made),
        "rewards": component_measures(rollouts),
    }


def _pass_at_1(rollouts: Sequence[RewardedRollout]) -> float | None:
    solved = [r.score == 1.0 for r in rollouts if r.score is not None]
    return sum(solved) / len(solved) if solved else None


def _by_number(item: tuple[str, Any]) -> int:
    return int(item[0])


def _groups_without_signal(rewards: Any, group_size: int) -> float:
    """The share of groups whose scorable rewards are all equal: nothing to learn from."""
    groups = rewards[: len(rewards) // group_size * group_size].reshape(-1, group_size)
    flat = [len(set(group[~np.isnan(group)].tolist())) <= 1 for group in groups]
    return sum(flat) / len(flat) if flat else 0.0
