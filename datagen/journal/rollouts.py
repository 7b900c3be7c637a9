"""What a journal gives its readers: a task with its rollouts, each with its latest verdict."""

from __future__ import annotations

from dataclasses import dataclass

from synthetic1.rewards.registry import canonical_task_type
from synthetic1.rollout import Rollout
from synthetic1.task import Task
from synthetic1.verdict import Verdict


@dataclass(frozen=True, slots=True)
class StoredRollout:
    """A rollout as the journal holds it."""

    rollout: Rollout
    verdict: Verdict | None = None
    """The latest; ``None`` while there is none."""
    verifier: str | None = None
    """Task type and version of the verifier it is from, e.g. ``verifiable_math@3``."""
    verifier_key: str | None = None
    part: int = 0
    """How often a truncated completion was continued."""

    @property
    def score(self) -> float | None:
        return None if self.verdict is None else self.verdict.score

    @property
    def reason(self) -> str | None:
        return None if self.verdict is None else self.verdict.reason


@dataclass(frozen=True, slots=True)
class TaskRollouts:
    """A task and its rollouts in the order of their sample index."""

    task: Task
    rollouts: tuple[StoredRollout, ...]

    @property
    def family(self) -> str:
        return canonical_task_type(self.task.task_type)

    def pass_rate(self, threshold: float) -> float | None:
        """The share of scorable rollouts with at least ``threshold``; ``None`` without any."""
        scores = [r.score for r in self.rollouts if r.score is not None]
        return sum(score >= threshold for score in scores) / len(scores) if scores else None
