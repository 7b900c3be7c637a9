"""Which tasks and rollouts an export keeps, and how many it leaves out for which reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from synthetic1.datagen.exporting.decontaminate import NGrams
from synthetic1.datagen.journal.rollouts import StoredRollout, TaskRollouts
from synthetic1.rollout import Rollout


@dataclass(frozen=True)
class Filters:
    """What to keep. Tasks are looked at before rollouts; the first filter that objects is the one that is counted."""

    thresholds: Mapping[str, float] = field(default_factory=dict)
    """Score from which a rollout counts as verified, by task type."""
    default_threshold: float = 1.0
    verified: bool = True
    distinct: bool = True
    """Of a task's rollouts that say the same, keep the first."""
    truncated: bool = False
    """Keep rollouts that ran into the length limit."""
    max_tokens: int | None = None
    per_task: int | None = None
    language: str | None = None
    min_pass_rate: float | None = None
    """Keep tasks solved more often than this; both bounds are exclusive."""
    max_pass_rate: float | None = None
    benchmarks: NGrams | None = None
    """Leave out tasks that share an n-gram with these."""

    def threshold(self, group: TaskRollouts) -> float:
        return self.thresholds.get(group.family, self.default_threshold)

    def apply(self, groups: Iterable[TaskRollouts], left_out: Counter[str]) -> Iterator[TaskRollouts]:
        """The groups with what is kept of them; those of which nothing is are not yielded.

        Args:
            left_out: counts rollouts by the reason for which they are not kept.
        """
        for group in groups:
            reason = self._task(group)
            if reason is not None:
                left_out[reason] += len(group.rollouts)
                continue
            kept: list[StoredRollout] = []
            seen: set[str] = set()
            for stored in group.rollouts:
                reason = self._rollout(stored, self.threshold(group))
                if reason is None and self.distinct and stored.rollout.text in seen:
                    reason = "same_text"
                if reason is None and self.per_task is not None and len(kept) >= self.per_task:
                    reason = "enough_of_its_task"
                if reason is None:
                    kept.append(stored)
                    seen.add(stored.rollout.text)
                else:
                    left_out[reason] += 1
            if kept:
                yield replace(group, rollouts=tuple(kept))

    def _task(self, group: TaskRollouts) -> str | None:
        if self.language is not None and (group.task.language or "").lower() != self.language.lower():
            return "other_language"
        if self.min_pass_rate is not None or self.max_pass_rate is not None:
            rate = group.pass_rate(self.threshold(group))
            if rate is None:
                return "pass_rate_unknown"
            if self.min_pass_rate is not None and rate <= self.min_pass_rate:
                return "too_hard"
            if self.max_pass_rate is not None and rate >= self.max_pass_rate:
                return "too_easy"
        if self.benchmarks is not None and self.benchmarks.shares(group.task.prompt):
            return "in_a_benchmark"
        return None

    def _rollout(self, stored: StoredRollout, threshold: float) -> str | None:
        if stored.rollout.truncated and not self.truncated:
            return "truncated"
        if self.verified:
            if stored.verdict is None:
                return "no_verdict"
            if stored.score is None:
                return "unscorable"
            if stored.score < threshold:
                return "refuted"
            if stored.rollout.completion.answer is None:
                return "no_answer"
        return self.length(stored.rollout)

    def length(self, rollout: Rollout) -> str | None:
        """What ``max_tokens`` has against a rollout."""
        if self.max_tokens is None:
            return None
        if rollout.tokens is None:
            return "length_unknown"
        return "too_long" if rollout.tokens > self.max_tokens else None
