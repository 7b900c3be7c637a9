"""Warnings about what silently kills runs. Each is said when it begins, and again only after it has gone away."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

PATIENCE = 5  # steps in a row before a share counts as a state and not as chance


@dataclass(frozen=True, slots=True)
class Danger:
    """One condition on a row of ``metrics.jsonl``, and what to do about it."""

    name: str
    holds: Callable[[Mapping[str, Any]], bool]
    patience: int
    message: str


def _above(key: str, limit: float) -> Callable[[Mapping[str, Any]], bool]:
    return lambda row: row.get(key) is not None and row[key] > limit


DANGERS = (
    Danger(
        "no_signal",
        _above("zero_std_share", 0.9),
        PATIENCE,
        "in over 90% of groups all rewards are equal, so nearly nothing to learn (a loss of 0 is not a success):"
        " change the level of the tasks, or raise group_size or the temperature",
    ),
    Danger(
        "truncated",
        _above("clip_share", 0.9),
        PATIENCE,
        "over 90% of completions are cut off before their end: raise rollout.max_completion_length",
    ),
    Danger(
        "logp_drift",
        _above("logp_difference", 0.02),
        2,
        "log-probabilities of the sampler and the trainer drift apart: vLLM may hold stale weights",
    ),
    Danger(
        "unscorable",
        _above("unscorable_share", 0.05),
        1,
        "over 5% of completions could not be scored (a failure of ours, masked): see `reason` in samples.jsonl",
    ),
)


@dataclass
class Watch:
    """Follows a run row by row."""

    _count: dict[str, int] = field(default_factory=dict)

    def warnings(self, row: Mapping[str, Any]) -> list[str]:
        """What began with this row; a step that made no completions neither counts nor clears."""
        said: list[str] = []
        if row.get("completions") == 0:
            return said
        for danger in DANGERS:
            count = self._count.get(danger.name, 0) + 1 if danger.holds(row) else 0
            self._count[danger.name] = count
            if count == danger.patience:
                said.append(danger.message)
        return said
