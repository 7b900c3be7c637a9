"""What a run wants of each task, and how far it has come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from time import monotonic
from typing import Any

from synthetic1.datagen.journal.reader import Status


@dataclass(frozen=True, slots=True)
class Goal:
    """Which rollouts are asked for, which of those that are there need more work, and when a task has enough."""

    samples: int = 1
    """Rollouts of each task at most."""
    keep: int | None = None
    """Verified rollouts that are enough of a task; ``None``: all ``samples`` are wanted."""
    threshold: float = 1.0
    """The score from which a rollout is verified."""
    continue_truncated: bool = False
    """Whether a completion that ran into the length limit is continued."""

    @property
    def terms(self) -> dict[str, Any]:
        """What decides whether a task is done, as JSON values."""
        return asdict(self)

    def is_verified(self, score: float | None) -> bool:
        return score is not None and score >= self.threshold

    def is_enough(self, verified: int) -> bool:
        """Whether nothing more is wanted of a task with so many verified rollouts."""
        return self.keep is not None and verified >= self.keep

    def is_continued(self, found: Status) -> bool:
        return self.continue_truncated and found.truncated

    def is_unfinished(self, found: Status) -> bool:
        """Whether a rollout that is there is to be continued or verified: it has no verdict, or a failure of ours."""
        return self.is_continued(found) or found.reason in (None, "unscorable_infra", "unscorable_judge")

    def is_met(self, found: Mapping[int, Status]) -> bool:
        """Whether nothing is wanted of a task any more, from how far its rollouts are, by sample index."""
        if self.is_enough(sum(self.is_verified(one.score) for one in found.values())):
            return True
        return all(index in found and not self.is_unfinished(found[index]) for index in range(self.samples))


@dataclass
class Unfinished:
    """Samples that this process could not bring to an end. What is still wanted of them is what a run lacks: all others
    of its tasks were there, or have been brought there; and what failed once may not be wanted any more."""

    failed: dict[tuple[str, int], str] = field(default_factory=dict)
    """The key of the task and the sample index of what was not answered → the kind of error."""
    unverified: set[tuple[str, int]] = field(default_factory=set)
    """Those of completions that have no verdict, or a failure of ours."""

    @property
    def tasks(self) -> list[str]:
        """The keys of their tasks."""
        return sorted({task for task, _ in (*self.failed, *self.unverified)})

    def wanted(self, goal: Goal, found: Mapping[str, Mapping[int, Status]]) -> tuple[Counter[str], int]:
        """Samples still to be asked for, by the kind of their error, and completions still to be verified.

        Args:
            found: how far the rollouts of ``tasks`` are.
        """
        unmet = {task for task in self.tasks if not goal.is_met(found.get(task, {}))}
        failed = Counter(kind for (task, _), kind in self.failed.items() if task in unmet)
        return failed, sum(task in unmet for task, _ in self.unverified)


@dataclass
class Progress:
    """Counted since this process began."""

    total: int | None = None
    """Rollouts the run asks for at most, those that were there already among them."""
    found: int = 0
    """Rollouts that were there already."""
    arrived: int = 0
    verified: int = 0
    refuted: int = 0
    unscorable: int = 0
    truncated: int = 0
    waiting: int = 0
    """Completions that are there, and have no verdict yet."""
    cancelled: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    """Samples that failed, by kind of error."""
    tokens: int = 0
    """Completion tokens."""
    prompt_tokens: int = 0
    families: dict[str, Counter[str]] = field(default_factory=dict)
    """Task type → ``verdicts`` and, of those, ``verified``."""
    began: float = field(default_factory=monotonic)

    @property
    def seconds(self) -> float:
        return monotonic() - self.began
