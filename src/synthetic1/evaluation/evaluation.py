"""Evaluation: pass@1 and pass@k on held-out tasks, with intervals, in all and by what tasks differ in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from synthetic1.completion import Completion
from synthetic1.evaluation.scored_rollout import ScoredRollout
from synthetic1.inference.engine import Engine, Sampling
from synthetic1.inference.errors import InferenceError
from synthetic1.jobs.program import ProgramError
from synthetic1.reports.statistics import mean_interval, pass_at_k, wilson
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.rollout import Rollout
from synthetic1.task import Task
from synthetic1.verdict import Verdict

Gather = Callable[[list[ScoredRollout]], list[ScoredRollout]]


@dataclass(frozen=True)
class Evaluation:
    """Scored rollouts, one or several a task. Unscorable ones are counted, and left out of every rate."""

    rollouts: tuple[ScoredRollout, ...]

    @property
    def scores(self) -> list[float]:
        """One score a scorable rollout."""
        return [r.score for r in self.rollouts if r.score is not None]

    @property
    def score_by_key(self) -> dict[str, float | None]:
        """The mean score by ``task.key``, ``None`` without a scorable one: what two evaluations are paired by."""
        return {key: _mean([r.score for r in rollouts]) for key, rollouts in self._by_task().items()}

    @property
    def passed_by_key(self) -> dict[str, float | None]:
        """As ``score_by_key``, of rollouts that are right in full: what pass@1 is the mean of."""
        return {
            key: _mean([None if r.score is None else float(r.score == 1.0) for r in rollouts])
            for key, rollouts in self._by_task().items()
        }

    def pass_at(self, k: int) -> dict[str, Any]:
        """``{"pass_at_k", "ci95", "n"}`` over the tasks with at least ``k`` scorable rollouts."""
        counts = [
            (len(scores), sum(score == 1.0 for score in scores))
            for rollouts in self._by_task().values()
            if len(scores := [r.score for r in rollouts if r.score is not None]) >= k
        ]
        estimate = mean_interval([[pass_at_k(n, c, k)] for n, c in counts])
        return {"pass_at_k": estimate.mean if counts else None, "ci95": list(estimate.ci95), "n": estimate.n}

    def by(self, part: Callable[[Task], str | None]) -> dict[str, dict[str, Any]]:
        """Rates of the parts that ``part`` sorts tasks into, sorted by name; ``None`` leaves a task out."""
        parts: dict[str, list[ScoredRollout]] = {}
        for rollout in self.rollouts:
            name = part(rollout.task)
            if name is not None:
                parts.setdefault(name, []).append(rollout)
        return {
            name: _rate(parts[name]) for name in sorted(parts, key=lambda n: (len(n), n) if n.isdigit() else (99, n))
        }

    def _by_task(self) -> dict[str, list[ScoredRollout]]:
        tasks: dict[str, list[ScoredRollout]] = {}
        for rollout in self.rollouts:
            tasks.setdefault(rollout.task.key, []).append(rollout)
        return tasks

    def summary(self) -> dict[str, Any]:
        """``pass_at_1``, ``ci95``, ``n``, ``think_share``, ``by_level`` and ``by_thinking`` (see ``reports``)."""
        levels = sorted({level for r in self.rollouts if (level := r.task.level) is not None})
        thinking = [r for r in self.rollouts if r.rollout.thinking]
        others = [r for r in self.rollouts if not r.rollout.thinking]
        whole = max(len(self.rollouts), 1)
        return {
            **_rate(self.rollouts),
            "unscorable": sum(r.score is None for r in self.rollouts),
            "think_share": len(thinking) / whole,
            "length_mean": sum(r.tokens for r in self.rollouts) / whole,
            "by_level": {str(n): _rate([r for r in self.rollouts if r.task.level == n]) for n in levels},
            "by_thinking": {
                "thinking": {"share": len(thinking) / whole, **_rate(thinking)},
                "not_thinking": {"share": len(others) / whole, **_rate(others)},
            },
        }


def difficulty_of(task: Task) -> str | None:
    """How hard its source says a task is, where it says so in other words than ``level``, e.g. ``easy`` or ``1800``."""
    value = task.metadata.get("difficulty")
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None


def _mean(scores: Sequence[float | None]) -> float | None:
    known = [score for score in scores if score is not None]
    return sum(known) / len(known) if known else None


def _rate(rollouts: Sequence[ScoredRollout]) -> dict[str, Any]:
    """pass@1 of rollouts; several of one task are known to be alike."""
    solved: dict[str, list[float]] = {}
    for r in rollouts:
        if r.score is not None:
            solved.setdefault(r.task.key, []).append(float(r.score == 1.0))
    scores = [score for group in solved.values() for score in group]
    if not scores:
        return {"n": 0, "pass_at_1": None, "ci95": None}
    if len(scores) == len(solved):
        return {
            "n": len(scores),
            "pass_at_1": sum(scores) / len(scores),
            "ci95": list(wilson(sum(scores), len(scores))),
        }
    estimate = mean_interval(list(solved.values()))
    return {"n": estimate.n, "pass_at_1": estimate.mean, "ci95": list(estimate.ci95)}


def evaluate(
    tasks: Sequence[Task],
    scorer: Scorer,
    engine: Engine,
    sampling: Sampling,
    *,
    samples: int = 1,
    gather: Gather | None = None,
    on_completion: Callable[[], None] | None = None,
) -> Evaluation:
    """``samples`` rollouts of each task by ``engine``, verified by ``scorer``.

    A task for which a server has no answer, after all retries, has unscorable rollouts that say why.

    Args:
        gather: joins the rollouts of several processes, in the order of their ranks.
        on_completion: called as each task's completions are there.

    Raises:
        ProgramError: the server is gone for good, or has answered nothing at all.
    """
    failed: dict[int, InferenceError] = {}

    async def ask(place: int, task: Task) -> list[Completion]:
        try:
            made = await engine.complete([{"role": "user", "content": task.prompt}], samples, sampling)
        except InferenceError as error:
            if error.ends_a_run:
                raise ProgramError(str(error)) from error
            failed[place] = error
            made = [Completion("")] * samples
        if on_completion is not None:
            on_completion()
        return made

    async def complete() -> list[list[Completion]]:
        try:
            return list(await asyncio.gather(*(ask(place, task) for place, task in enumerate(tasks))))
        finally:
            if (aclose := getattr(engine, "aclose", None)) is not None:  # a client belongs to this loop
                await aclose()

    made = asyncio.run(complete())
    if len(failed) == len(tasks) > 0:
        raise ProgramError(f"no task got an answer; the first: {failed[0]}")
    groups = list(zip(tasks, made, strict=True))
    answered = [(task, one) for place, (task, group) in enumerate(groups) if place not in failed for one in group]
    verdicts = iter(scorer.score_sync(answered))
    scored = [
        ScoredRollout(
            task,
            Rollout(task.key, completion, engine.model, sampling.to_dict(), index, engine.name),
            Verdict.unscorable("infra", str(failed[place])) if place in failed else next(verdicts),
        )
        for place, (task, group) in enumerate(groups)
        for index, completion in enumerate(group)
    ]
    return Evaluation(tuple(gather(scored) if gather else scored))
