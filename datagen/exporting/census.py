"""Counts of an export as it streams by: what its manifest and its card say, in memory that does not grow with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from synthetic1.datagen.exporting.anonymous import anonymous
from synthetic1.datagen.journal.rollouts import TaskRollouts
from synthetic1.task import Task

TENTHS = 10


@dataclass
class Census:
    """Counted over everything read, kept or not, unless said otherwise."""

    tasks: int = 0
    rollouts: int = 0
    kept_tasks: int = 0
    rows: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    """Rollouts by the reason for which a filter did not keep them."""
    families: dict[str, Counter[str]] = field(default_factory=dict)
    """Task type → ``rollouts``, of those ``judged``, of those ``verified``; ``kept``, and a count for each reason of a
    verdict."""
    pass_rates: Counter[int] = field(default_factory=Counter)
    """Tasks by tenths of their pass rate; 10 is exactly 1."""
    lengths: Counter[int] = field(default_factory=Counter)
    """Kept rollouts by the power of two below their completion tokens."""
    tokens: int = 0
    """Completion tokens of the rollouts kept."""
    licenses: Counter[str] = field(default_factory=Counter)
    """Tasks kept by the licence that their source states; "" where it states none."""
    models: Counter[str] = field(default_factory=Counter)
    verifiers: Counter[str] = field(default_factory=Counter)
    samplings: Counter[str] = field(default_factory=Counter)

    def read(self, group: TaskRollouts, threshold: float) -> None:
        self.tasks += 1
        self.rollouts += len(group.rollouts)
        family = self.families.setdefault(group.family, Counter())
        for stored in group.rollouts:
            family["rollouts"] += 1
            family["judged"] += stored.score is not None
            family["verified"] += stored.score is not None and stored.score >= threshold
            family[f"reason:{stored.reason or 'no_verdict'}"] += 1
            self.models[anonymous(stored.rollout.model)] += 1
            self.verifiers[stored.verifier or "none"] += 1
            self.samplings[_shown(stored.rollout.sampling)] += 1
        rate = group.pass_rate(threshold)
        if rate is not None:
            self.pass_rates[int(rate * TENTHS)] += 1

    def keep(self, group: TaskRollouts, rows: int) -> None:
        """Count the first ``rows`` rollouts of what the filters kept: a pair wants a refuted one beside each."""
        if alone := len(group.rollouts) - rows:
            self.left_out["no_refuted_one_beside_it"] += alone
        self.kept_tasks += rows > 0
        self.licenses[_license(group.task)] += rows > 0
        self.rows += rows
        self.families[group.family]["kept"] += rows
        for stored in group.rollouts[:rows]:
            if tokens := stored.rollout.tokens:
                self.tokens += tokens
                self.lengths[tokens.bit_length() - 1] += 1

    def to_dict(self) -> dict[str, Any]:
        """As the manifest holds it."""
        return {
            "tasks": self.tasks,
            "rollouts": self.rollouts,
            "kept_tasks": self.kept_tasks,
            "rows": self.rows,
            "kept_completion_tokens": self.tokens,
            "left_out": dict(sorted(self.left_out.items())),
            "families": {name: dict(sorted(counts.items())) for name, counts in sorted(self.families.items())},
            "pass_rate_tenths": [self.pass_rates[i] for i in range(TENTHS + 1)],
            "tokens_log2": {str(k): v for k, v in sorted(self.lengths.items())},
            "licenses": {name: n for name, n in sorted(self.licenses.items()) if n},
            "models": dict(sorted(self.models.items())),
            "verifiers": dict(sorted(self.verifiers.items())),
            "sampling": dict(sorted(self.samplings.items())),
        }


def _shown(sampling: Any) -> str:
    """Sampling parameters without the seed, which differs from sample to sample."""
    return ", ".join(f"{k}={v}" for k, v in sorted(sampling.items()) if k != "seed" and v not in (None, (), []))


def _license(task: Task) -> str:
    """The licence of a task, where its source, or the row that it was curated from, states one."""
    curation = task.metadata.get("curation")
    origin = curation.get("origin") if isinstance(curation, dict) else None
    for said in (task.metadata, origin):
        if isinstance(said, Mapping) and isinstance(found := said.get("license"), str) and found.strip():
            return found.strip()
    return ""
