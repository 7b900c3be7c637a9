"""The one-line way in: ``score`` and ``score_many`` over one shared scorer, made when first needed."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from synthetic1.completion import Completion
from synthetic1.rewards.scoring.batch import Pair
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.task import Task
from synthetic1.verdict import Verdict


@cache
def default_scorer() -> Scorer:
    """The scorer that ``score`` and ``score_many`` share: registered verifiers, default settings."""
    return Scorer()


def score(task: Task, completion: Completion | str) -> Verdict:
    """Verify one completion; a string is parsed by ``Completion.parse``. Blocks until the verdict is there.

    Never raises for what a model wrote or for a failure of a verifier: the verdict says it.

    Raises:
        TypeError: not a task and a completion.
    """
    return default_scorer().score_sync([(task, completion)])[0]


def score_many(pairs: Iterable[Pair]) -> list[Verdict]:
    """Verify many (task, completion) pairs at once; verdicts in order. Identical pairs are verified once."""
    return default_scorer().score_sync(pairs)
