"""What is trained on: tasks, their order, their prompts as token counts, and the scorer that verifies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from synthetic1.completion import Completion
from synthetic1.jobs.chat import render
from synthetic1.jobs.env_settings import EnvSettings
from synthetic1.jobs.opening import open_environment
from synthetic1.jobs.program import ProgramError
from synthetic1.rewards.registry import UnknownTaskType
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.task import Task
from synthetic1.tasks.programs.levels import parse_levels
from synthetic1.tasks.sources.bad_rows import BadRows
from synthetic1.tasks.sources.mixture import Mixture
from synthetic1.tasks.sources.source import TaskSource
from synthetic1.trainers.reinforcement.sampling.adaptive import AdaptiveSampler
from synthetic1.trainers.reinforcement.sampling.known_verdicts import CompletedTask, KnownVerdicts
from synthetic1.trainers.reinforcement.sampling.ladder import LevelLadder
from synthetic1.trainers.reinforcement.sampling.order import TaskOrder
from synthetic1.trainers.reinforcement.sampling.sampler import InOrder, TaskSampler
from synthetic1.trainers.reinforcement.sampling.schedule import Phase, Pool, PromptSchedule
from synthetic1.trainers.reinforcement.settings import GrpoSettings
from synthetic1.verdict import Verdict

if TYPE_CHECKING:
    from datasets import Dataset

CHECKED_TASKS = 4_000  # tasks looked at before the start; more would only cost time


@dataclass(frozen=True)
class LongestPrompt:
    """Tokens of the longest prompt."""

    seen: int
    """Of those that were looked at."""
    bound: int
    """Of all: where some were left unseen, as many as the context has room for."""


@dataclass(frozen=True)
class TrainSet:
    """Tasks to train on, and the scorer that verifies."""

    tasks: TaskSource
    scorer: Scorer
    thinking_open: bool = False
    known: KnownVerdicts | None = None
    """In front of the scorer where groups are chosen by their verdicts before they are rewarded."""

    @classmethod
    def make(cls, env: EnvSettings, *, thinking_open: bool = False, bad_rows: BadRows | None = None) -> TrainSet:
        """The train split of the environment or mixture.

        Args:
            thinking_open: prompts as rendered for the model end inside ``<think>``.
            bad_rows: what becomes of rows that are not tasks.

        Raises:
            ProgramError: an unknown id or argument, or tasks that cannot be read.
        """
        opened = open_environment(env, bad_rows=bad_rows, split="train", thinking_open=thinking_open)
        return cls(*opened, thinking_open)

    async def verify(self, pairs: Sequence[CompletedTask]) -> list[Verdict]:
        """The verdicts of completions, in order."""
        return await (self.known or self.scorer).score(pairs)

    def dataset(self) -> Dataset:
        """One row a task, made when it is read: a million tasks cost eight megabytes."""
        from datasets import Dataset

        def rows(batch: dict[str, list[int]]) -> dict[str, list[Any]]:
            prompts = [[{"role": "user", "content": self.tasks[i].prompt}] for i in batch["task_index"]]
            return {"prompt": prompts, "task_index": batch["task_index"]}

        return Dataset.from_dict({"task_index": range(len(self.tasks))}).with_transform(rows)

    def schedule(self, settings: GrpoSettings, grad_accumulation: int) -> PromptSchedule:
        """The order of training for these settings, by source weight and curriculum.

        Where a sampler chooses the tasks (see ``sampler``), those of the schedule are only places for them: task 0.

        Raises:
            ProgramError: a curriculum phase without tasks.
        """
        t = settings.trainer
        rollouts = _rollouts(settings)
        chosen = [Phase(rollouts, (np.zeros(1, dtype=np.int64),), (1.0,))] if has_sampler(settings) else None
        repeats = settings.steps_per_rollout * grad_accumulation
        prompts = t.prompts_per_step * t.updates_per_rollout
        phases = tuple(chosen or self._phases(settings))
        return PromptSchedule(settings.seed, phases, rollouts, prompts, t.group_size, repeats)

    def sampler(self, settings: GrpoSettings, processes: int = 1) -> TaskSampler | None:
        """What chooses tasks by what was learned so far; ``None`` where their order is the schedule's.

        Raises:
            ProgramError: a curriculum of tasks without level, or a phase without tasks; groups that the processes
                cannot share.
        """
        t, d = settings.trainer, settings.trainer.difficulty
        if not has_sampler(settings):
            return None
        prompts = t.prompts_per_step * t.updates_per_rollout
        if t.sampling == "dynamic":
            if prompts % processes:
                raise ProgramError(
                    f"sampling=dynamic keeps whole groups, and {prompts} of them cannot be shared by {processes} "
                    f"processes; make prompts_per_step × updates_per_rollout a multiple of {processes}"
                )
            return InOrder(TaskOrder(settings.seed, self._phases(settings)))
        if t.sampling == "adaptive":
            return AdaptiveSampler(
                settings.seed,
                self._phases(settings),
                kind_of=self._kind,
                group=t.group_size,
                explore=d.explore,
                half_life=d.half_life,
            )
        pools, weights, _ = self._pools()
        ladders = [self._by_level(pool) for pool in pools]
        return LevelLadder(
            settings.seed, ladders, weights, advance_at=d.advance_at, review=d.review, half_life=d.half_life
        )

    def _phases(self, settings: GrpoSettings) -> list[Phase]:
        rollouts = _rollouts(settings)
        phases = settings.trainer.curriculum
        if not phases:
            return [Phase(rollouts, *self._pools())]
        made = []
        for phase in phases:
            pools, weights, sources = self._pools(parse_levels(phase.levels))
            if not pools:
                raise ProgramError(f"trainer.curriculum: no task has a level in {phase.levels!r}")
            made.append(Phase(round(phase.until * rollouts), pools, weights, sources))
        return made

    def _pools(
        self, levels: tuple[int, ...] | None = None
    ) -> tuple[tuple[Pool, ...], tuple[float, ...], tuple[int, ...]]:
        """Of each source with such tasks: its tasks, its weight, and which source it is."""
        sources = self.tasks.sources if isinstance(self.tasks, Mixture) else (self.tasks,)
        weights = self.tasks.weights if isinstance(self.tasks, Mixture) else (1.0,)
        pools, kept, numbers, start = [], [], [], 0
        for number, (source, weight) in enumerate(zip(sources, weights, strict=True)):
            indices = np.arange(start, start + len(source))
            start += len(source)
            if levels is not None:
                indices = indices[[self.tasks[int(i)].level in levels for i in indices]]
            if len(indices):
                pools.append(indices)
                kept.append(weight)
                numbers.append(number)
        return tuple(pools), tuple(w / sum(kept) for w in kept), tuple(numbers)

    def _by_level(self, pool: Pool) -> dict[int, Pool]:
        levels = [self.tasks[int(i)].level for i in pool]
        if None in levels:
            task = self.tasks[int(pool[levels.index(None)])]
            raise ProgramError(
                f"sampling=curriculum: task `{task.problem_id}` has no level; give each task an integer "
                "`metadata.level`, or use sampling=adaptive, which needs none"
            )
        found = np.array(levels)
        return {int(level): pool[found == level] for level in np.unique(found)}

    def _kind(self, task_index: int) -> str:
        """What tasks of about the same difficulty have in common."""
        task = self.tasks[task_index]
        difficulty = task.level if task.level is not None else task.metadata.get("difficulty")
        return f"{task.source}/{difficulty if isinstance(difficulty, int | str) else None}"

    def check_tasks(
        self, tokenizer: Any, context: int, completion: int, eval_tasks: Sequence[Task] = ()
    ) -> LongestPrompt:
        """Look at the held-out tasks and (at most 4,000 of) the others, each prompt in its template.

        Raises:
            ProgramError: a prompt that leaves no room for the completion in the model's context, or a task that no
                verifier can judge, or no task at all.
        """
        longest, where = 0, ""
        if not len(self.tasks):
            raise ProgramError(f"{self.tasks.name} holds no tasks to learn from")
        step = -(-len(self.tasks) // CHECKED_TASKS)
        for task in (*(self.tasks[i] for i in range(0, len(self.tasks), step)), *eval_tasks):
            self._check_verifiable(task)
            tokens = len(render(tokenizer, task.prompt))
            if tokens > longest:
                longest, where = tokens, task.problem_id
        if longest + completion > context:
            raise ProgramError(
                f"task `{where}`: its prompt of {longest} tokens and rollout.max_completion_length={completion} do not "
                f"fit the model's context of {context}; leave such tasks out, lower the length, or choose another model"
            )
        return LongestPrompt(longest, longest if step == 1 else context - completion)

    def _check_verifiable(self, task: Task) -> None:
        """Training on a task whose verdict is always ``unscorable`` would go on for hours and learn nothing."""
        try:
            verifier = self.scorer.verifier(task.task_type)
        except UnknownTaskType as error:
            raise ProgramError(f"{self.tasks.name}: task `{task.problem_id}`: {error}") from error
        if verifier.inline:  # costs microseconds, unlike a sandbox or a judge
            verdict = self.scorer.score_sync([(task, Completion.parse("?"))])[0]
            if verdict.score is None:
                why = verdict.details.get("why", verdict.reason)
                raise ProgramError(f"{self.tasks.name}: task `{task.problem_id}` cannot be verified: {why}")


def has_sampler(settings: GrpoSettings) -> bool:
    """Whether tasks are chosen by what was learned so far, and not by the seed alone."""
    t = settings.trainer
    return t.sampling in ("dynamic", "adaptive") or (t.sampling == "curriculum" and not t.curriculum)


def _rollouts(settings: GrpoSettings) -> int:
    return -(-settings.trainer.max_steps // settings.steps_per_rollout)
