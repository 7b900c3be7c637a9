"""What an export reads: a task with its rollouts, each with its latest verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from synthetic1.completion import CLOSE, OPEN, Completion
from synthetic1.rewards.registry import canonical_task_type
from synthetic1.task import Task
from synthetic1.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Rollout:
    """One completion of a task as the journal keeps it."""

    key: str
    sample_index: int
    completion: Completion
    model: str
    sampling: Mapping[str, Any]
    verdict: Verdict | None = None
    """``None`` while it has not been judged."""
    verifier: str | None = None
    """Type and version of who judged, e.g. ``verifiable_math@3``."""

    @property
    def tokens(self) -> int | None:
        """Completion tokens by the server's own count."""
        count = (self.completion.usage or {}).get("completion_tokens")
        return count if isinstance(count, int) else None

    @property
    def truncated(self) -> bool:
        return self.completion.finish_reason == "length"

    @property
    def score(self) -> float | None:
        return None if self.verdict is None else self.verdict.score

    @property
    def reason(self) -> str | None:
        return None if self.verdict is None else self.verdict.reason

    @property
    def text(self) -> str:
        """What a model is to write to say the same: the thought in its tags, then the answer, every byte as sent.

        A server whose template had opened the thought sends no opening tag; it is put back.
        """
        raw = self.completion.raw
        if self.completion.reasoning is not None and not raw.lstrip().startswith(OPEN) and CLOSE in raw:
            return OPEN + raw
        return raw


@dataclass(frozen=True, slots=True)
class TaskRollouts:
    """A task and its rollouts in the order of their sample index."""

    task: Task
    rollouts: tuple[Rollout, ...]

    @property
    def family(self) -> str:
        return canonical_task_type(self.task.task_type)

    @property
    def language(self) -> str | None:
        return self.task.language

    def pass_rate(self, threshold: float) -> float | None:
        """The share of scorable rollouts with at least ``threshold``; ``None`` without any."""
        scores = [r.score for r in self.rollouts if r.score is not None]
        return sum(score >= threshold for score in scores) / len(scores) if scores else None
