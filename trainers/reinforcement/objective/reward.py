"""The reward: one asynchronous function over the scorer, and the rollouts that it was given for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from accelerate import PartialState

from synthetic1.evaluation.scored_rollout import ScoredRollout
from synthetic1.jobs.chat import decode
from synthetic1.rollout import Rollout
from synthetic1.trainers.reinforcement.objective.objective import ComponentValues, Objective
from synthetic1.trainers.reinforcement.train_set import TrainSet


@dataclass(frozen=True)
class RewardedRollout(ScoredRollout):
    """A scored rollout, and what the trainer makes of its score."""

    task_index: int
    """Of the task, in the train set."""
    reward: float | None
    """The score and its components by their weights, or under ``trainer.shuffle_rewards`` that of another rollout of
    the batch."""
    components: ComponentValues = field(default_factory=dict)
    """What was measured beside correctness, before it was weighted."""
    part: str | None = None
    """The part of a mixture that the task is of."""
    advantage: float | None = None

    def row(self, step: int, phase: str) -> dict[str, Any]:
        """The row of ``samples.jsonl``."""
        own = {"part": self.part, "reward": self.reward, "components": dict(self.components)}
        return {**super().row(step, phase), "advantage": self.advantage, **own}


class Reward:
    """Scores the completions of a batch. ``None`` (a failure of ours) is masked by the trainer, never paid as 0.

    TRL awaits ``__call__``'s bound method on its own loop; the scorer works on its own thread, so nothing blocks.

    Args:
        model: its name; in a rollout, it stands with the step, for its weights are others after each.
        sampling: sampling parameters, as a rollout has them.
        engine: what makes the completions.
        objective: what rewards are made of; correctness alone by default.

    Raises:
        ProgramError: a component's function failed, or a reward is beyond float32.
    """

    def __init__(
        self,
        train_set: TrainSet,
        tokenizer: Any,
        *,
        model: str = "",
        sampling: Mapping[str, Any] | None = None,
        engine: str | None = None,
        objective: Objective | None = None,
        shuffle: bool = False,
        seed: int = 0,
    ) -> None:
        self.train_set, self.tokenizer = train_set, tokenizer
        self.objective = objective or Objective()
        self.model, self.sampling, self.engine = model, dict(sampling or {}), engine
        self.shuffle, self.seed = shuffle, seed
        self.rollouts: list[RewardedRollout] = []
        """Those of the last call, in its order."""

    async def score(
        self, *, completion_ids: list[list[int]], task_index: list[int], trainer_state: Any = None, **_: Any
    ) -> list[float | None]:
        """TRL's reward signature: one reward, or ``None``, a completion."""
        step = getattr(trainer_state, "global_step", 0)
        tasks = [self.train_set.tasks[i] for i in task_index]
        first = PartialState().process_index * len(tasks)  # processes have equal shares of a batch
        rollouts = [
            self.rollout(task.key, ids, step, place)
            for place, (task, ids) in enumerate(zip(tasks, completion_ids, strict=True), first)
        ]
        verdicts = await self.train_set.verify(
            [(task, rollout.completion) for task, rollout in zip(tasks, rollouts, strict=True)]
        )
        completions = [rollout.completion for rollout in rollouts]
        seen = self.objective.seen(verdicts, (step, first))
        measured = await self.objective.measure(tasks, completions, seen, task_index)
        rewards = self.objective.rewards(tasks, seen, measured, task_index)
        if self.shuffle:  # across the whole batch: the same rewards, for other completions
            order = np.random.default_rng([self.seed, 4, step]).permutation(len(rewards))
            rewards = [rewards[i] for i in order]
        parts = map(self.objective.part_name, task_index)
        made = zip(tasks, rollouts, verdicts, task_index, rewards, measured, parts, strict=True)
        self.rollouts = [RewardedRollout(*values) for values in made]
        return rewards

    def with_advantages(self, advantages: list[float]) -> list[RewardedRollout]:
        """The rollouts of the last call with the advantages that the trainer made of their rewards."""
        return [replace(r, advantage=a) for r, a in zip(self.rollouts, advantages, strict=True)]

    def rollout(self, task_key: str, ids: list[int], step: int, place: int) -> Rollout:
        """What the model wrote at a step; ``place`` tells its completions of one task apart."""
        completion = decode(self.tokenizer, ids, thinking_open=self.train_set.thinking_open)
        counted = replace(completion, usage={"completion_tokens": len(ids)})
        return Rollout(task_key, counted, f"{self.model}@{step}", self.sampling, place, self.engine)
