"""The reward: one asynchronous function over the scorer, and a record of what it judged."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from synthetic1.completion import Completion
from synthetic1.jobs.chat import decode
from synthetic1.task import Task
from synthetic1.trainers.reinforcement.train_set import TrainSet
from synthetic1.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Sample:
    """One completion of a rollout, judged."""

    task_index: int
    task: Task
    completion: Completion
    tokens: int
    verdict: Verdict
    reward: float | None
    advantage: float | None = None

    @property
    def thinking(self) -> bool:
        return self.completion.reasoning is not None

    def row(self, step: int, phase: str) -> dict[str, Any]:
        """The row of ``samples.jsonl``."""
        return {
            "step": step,
            "phase": phase,
            "task_id": self.task.problem_id,
            "level": self.task.level,
            "prompt": self.task.prompt,
            "completion": self.completion.raw,
            "answer": self.verdict.answer,
            "expected": self.task.gold_standard_solution,
            "score": self.verdict.score,
            "reason": self.verdict.reason,
            "advantage": self.advantage,
            "thinking": self.thinking,
        }


class Reward:
    """Scores a rollout. ``None`` (a failure of ours) is masked by the trainer, never paid as 0.

    TRL awaits ``__call__``'s bound method on its own loop; the scorer works on its own thread, so nothing blocks.
    """

    def __init__(self, train_set: TrainSet, tokenizer: Any, *, shuffle: bool = False, seed: int = 0) -> None:
        self.train_set, self.tokenizer = train_set, tokenizer
        self.shuffle, self.seed = shuffle, seed
        self.samples: list[Sample] = []
        """Those of the last call, in its order."""

    async def score(
        self, *, completion_ids: list[list[int]], task_index: list[int], trainer_state: Any = None, **_: Any
    ) -> list[float | None]:
        """TRL's reward signature: one reward in [0, 1], or ``None``, a completion."""
        tasks = [self.train_set.tasks[i] for i in task_index]
        completions = [self._completion(ids) for ids in completion_ids]
        verdicts = await self.train_set.scorer.score(list(zip(tasks, completions, strict=True)))
        rewards = [verdict.score for verdict in verdicts]
        if self.shuffle:  # across the whole batch: the same rewards, for other completions
            step = getattr(trainer_state, "global_step", 0)
            order = np.random.default_rng([self.seed, 4, step]).permutation(len(rewards))
            rewards = [rewards[i] for i in order]
        self.samples = [
            Sample(index, task, completion, len(ids), verdict, reward)
            for index, task, completion, ids, verdict, reward in zip(
                task_index, tasks, completions, completion_ids, verdicts, rewards, strict=True
            )
        ]
        return rewards

    def with_advantages(self, advantages: list[float]) -> list[Sample]:
        """The samples of the last call with the advantages that the trainer made of their rewards."""
        return [replace(s, advantage=a) for s, a in zip(self.samples, advantages, strict=True)]

    def _completion(self, ids: list[int]) -> Completion:
        return decode(self.tokenizer, ids, thinking_open=self.train_set.thinking_open)
