"""Evaluation: pass@1 on held-out tasks, with intervals, by level, and by whether the model thought."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from synthetic1.inference.engine import Engine, Sampling
from synthetic1.reports.statistics import wilson
from synthetic1.rewards.scorer import Scorer
from synthetic1.task import Task
from synthetic1.trainers.problems import level_of
from synthetic1.trainers.reward import Sample

Gather = Callable[[list[Sample]], list[Sample]]


@dataclass(frozen=True)
class Evaluation:
    """Judged completions, one a task. Unscorable ones are counted, and left out of every rate."""

    samples: tuple[Sample, ...]

    @property
    def scores(self) -> list[float]:
        """One score a scorable task."""
        return [s.verdict.score for s in self.samples if s.verdict.score is not None]

    @property
    def score_by_key(self) -> dict[str, float | None]:
        """The scores by ``task.key``: what two evaluations are paired by."""
        return {s.task.key: s.verdict.score for s in self.samples}

    def summary(self) -> dict[str, Any]:
        """``pass_at_1``, ``ci95``, ``n``, ``think_share``, ``by_level`` and ``by_thinking`` (see ``reports``)."""
        levels = sorted({level for s in self.samples if (level := level_of(s.task)) is not None})
        thinking = [s for s in self.samples if s.thinking]
        others = [s for s in self.samples if not s.thinking]
        whole = max(len(self.samples), 1)
        return {
            **_rate(self.samples),
            "unscorable": sum(s.verdict.score is None for s in self.samples),
            "think_share": len(thinking) / whole,
            "length_mean": sum(s.tokens for s in self.samples) / whole,
            "by_level": {str(n): _rate([s for s in self.samples if level_of(s.task) == n]) for n in levels},
            "by_thinking": {
                "thinking": {"share": len(thinking) / whole, **_rate(thinking)},
                "not_thinking": {"share": len(others) / whole, **_rate(others)},
            },
        }


def _rate(samples: Sequence[Sample]) -> dict[str, Any]:
    scores = [s.verdict.score for s in samples if s.verdict.score is not None]
    if not scores:
        return {"n": 0, "pass_at_1": None, "ci95": None}
    solved = sum(score == 1.0 for score in scores)
    return {"n": len(scores), "pass_at_1": solved / len(scores), "ci95": list(wilson(solved, len(scores)))}


def evaluate(
    tasks: Sequence[Task], scorer: Scorer, engine: Engine, sampling: Sampling, *, gather: Gather | None = None
) -> Evaluation:
    """One completion a task from ``engine``, judged by ``scorer``.

    Args:
        gather: joins the samples of several processes, in the order of their ranks.
    """

    async def complete() -> list[Any]:
        asked = [engine.complete([{"role": "user", "content": task.prompt}], 1, sampling) for task in tasks]
        return list(await asyncio.gather(*asked))

    completions = [made[0] for made in asyncio.run(complete())]
    verdicts = scorer.score_sync(list(zip(tasks, completions, strict=True)))
    samples = [
        Sample(i, task, completion, (completion.usage or {}).get("completion_tokens", 0), verdict, verdict.score)
        for i, (task, completion, verdict) in enumerate(zip(tasks, completions, verdicts, strict=True))
    ]
    return Evaluation(tuple(gather(samples) if gather else samples))
