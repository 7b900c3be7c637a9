"""Verdicts of the rollout at hand, so that what was verified to choose groups is not verified again to reward them."""

from __future__ import annotations

from collections.abc import Iterable

from synthetic1.completion import Completion
from synthetic1.rewards.scoring.batch import identity
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.task import Task
from synthetic1.verdict import Verdict

CompletedTask = tuple[Task, Completion]


class KnownVerdicts:
    """In front of a scorer: pairs whose verdicts are known are not verified again, unscorable ones included."""

    def __init__(self, scorer: Scorer) -> None:
        self.scorer = scorer
        self._known: dict[object, Verdict] = {}

    def forget(self) -> None:
        """The next rollout begins."""
        self._known = {}

    def remember(self, pairs: Iterable[CompletedTask], verdicts: Iterable[Verdict]) -> None:
        self._known |= {identity(*pair): verdict for pair, verdict in zip(pairs, verdicts, strict=True)}

    async def score(self, pairs: Iterable[CompletedTask], /) -> list[Verdict]:
        """As ``Scorer.score``."""
        pairs = list(pairs)
        new = [pair for pair in pairs if identity(*pair) not in self._known]
        if new:
            self.remember(new, await self.scorer.score(new))
        return [self._known[identity(*pair)] for pair in pairs]
