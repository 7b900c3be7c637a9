"""A rollout and its verdict: what evaluation counts, training is rewarded for, and ``samples.jsonl`` shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from synthetic1.rollout import Rollout
from synthetic1.task import Task
from synthetic1.verdict import Verdict


@dataclass(frozen=True)
class ScoredRollout:
    """A rollout of ``task``, and what the task's verifier says of it."""

    task: Task
    rollout: Rollout
    verdict: Verdict

    @property
    def score(self) -> float | None:
        return self.verdict.score

    @property
    def tokens(self) -> int:
        """Completion tokens; 0 where the engine did not count them."""
        return self.rollout.tokens or 0

    def row(self, step: int, phase: str) -> dict[str, Any]:
        """The row of ``samples.jsonl``."""
        return {
            "step": step,
            "phase": phase,
            "task_id": self.task.problem_id,
            "level": self.task.level,
            "prompt": self.task.prompt,
            "completion": self.rollout.completion.raw,
            "answer": self.verdict.answer,
            "expected": self.task.gold_standard_solution,
            "score": self.verdict.score,
            "reason": self.verdict.reason,
            "advantage": None,
            "thinking": self.rollout.thinking,
        }
