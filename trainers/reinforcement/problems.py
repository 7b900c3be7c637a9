"""From environments to what the trainer holds: tasks, their prompts as token counts, and one scorer for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from synthetic1.completion import Completion
from synthetic1.jobs.opening import open_env
from synthetic1.jobs.program import ProgramError
from synthetic1.rewards.registry import UnknownTaskType
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.rewards.verifier import Verifier
from synthetic1.task import Task, TaskError
from synthetic1.tasks.programs.levels import parse_levels
from synthetic1.tasks.sources.mixture import Mixture
from synthetic1.tasks.sources.source import TaskSource
from synthetic1.trainers.reinforcement.schedule import Phase, PromptSchedule
from synthetic1.trainers.reinforcement.settings import CurriculumPhase, EnvSettings, GrpoSettings

if TYPE_CHECKING:
    from datasets import Dataset

CHECKED_TASKS = 4_000  # tasks looked at before the start; more would only cost time


@dataclass(frozen=True)
class Problems:
    """Tasks, and the scorer that judges them."""

    tasks: TaskSource
    scorer: Scorer
    thinking_open: bool = False

    @classmethod
    def make(cls, env: EnvSettings, **overrides: Any) -> Problems:
        """Make the environment(s) with ``gym.make`` and take what they hold; a mixture's weights go to its sources.

        Raises:
            ProgramError: an unknown id or argument, or tasks that cannot be read.
        """
        if env.id is not None:
            return cls(*_open(env.id, {**env.kwargs, **overrides}), bool(overrides.get("thinking_open")))
        sources: dict[str | TaskSource, float] = {}
        verifiers: dict[str, Verifier] = {}
        for name, part in (env.mixture or {}).items():
            kwargs = {k: v for k, v in part.items() if k not in ("id", "weight")}
            tasks, own = _open(part["id"], {**kwargs, **overrides})
            sources[tasks] = part["weight"]
            for task_type, verifier in own.verifiers.items():  # one scorer serves all: it dispatches by task type
                if verifiers.setdefault(task_type, verifier) != verifier:
                    raise ProgramError(
                        f"env.mixture.{name}: another part judges `{task_type}` by other settings; make them equal"
                    )
        return cls(Mixture(sources), Scorer(verifiers), bool(overrides.get("thinking_open")))

    def held_out(self, env: EnvSettings, n: int) -> Sequence[Task]:
        """At most ``n`` distinct tasks of the test split, the same ones every time, of a mixture by its weights.

        Any first part of them is spread over the whole split, too.

        Raises:
            ProgramError: the split is empty, or the environment has none.
        """
        if env.id is not None:
            env = env.model_copy(update={"size": n}) if "size" in env.kwargs else env  # a generator: as many as wanted
        tasks = Problems.make(env, split="test").tasks
        if not len(tasks):
            raise ProgramError(f"{tasks.name}: no held-out tasks; give more tasks, or eval.n=0")
        sources = tasks.sources if isinstance(tasks, Mixture) else (tasks,)
        weights = tasks.weights if isinstance(tasks, Mixture) else (1.0,)
        rng = np.random.default_rng([0, 3])
        orders = [iter(rng.permutation(len(source)).tolist()) for source in sources]
        left = [len(source) for source in sources]
        chosen: list[Task] = []
        while len(chosen) < n and any(left):
            shares = [weight if count else 0.0 for weight, count in zip(weights, left, strict=True)]
            place = int(rng.choice(len(sources), p=[share / sum(shares) for share in shares]))
            left[place] -= 1
            chosen.append(sources[place][next(orders[place])])
        return chosen

    def dataset(self) -> Dataset:
        """One row a task, made when it is read: a million tasks cost eight megabytes."""
        from datasets import Dataset

        def rows(batch: dict[str, list[int]]) -> dict[str, list[Any]]:
            prompts = [[{"role": "user", "content": self.tasks[i].prompt}] for i in batch["task_index"]]
            return {"prompt": prompts, "task_index": batch["task_index"]}

        return Dataset.from_dict({"task_index": range(len(self.tasks))}).with_transform(rows)

    def schedule(self, settings: GrpoSettings, grad_accumulation: int) -> PromptSchedule:
        """The order of training for these settings, by source weight and curriculum.

        Raises:
            ProgramError: a curriculum phase without tasks.
        """
        t = settings.trainer
        rollouts = -(-t.max_steps // settings.steps_per_rollout)
        phases = t.curriculum or [CurriculumPhase(until=1.0, levels="1-10")]
        made = []
        for phase in phases:
            pools, weights = self._pools(parse_levels(phase.levels) if t.curriculum else None)
            if not pools:
                raise ProgramError(f"trainer.curriculum: no task has a level in {phase.levels!r}")
            made.append(Phase(round(phase.until * rollouts), tuple(pools), tuple(weights)))
        repeats = settings.steps_per_rollout * grad_accumulation
        prompts = t.prompts_per_step * t.updates_per_rollout
        return PromptSchedule(settings.seed, tuple(made), rollouts, prompts, t.group_size, repeats)

    def _pools(self, levels: tuple[int, ...] | None) -> tuple[list[Any], list[float]]:
        sources = self.tasks.sources if isinstance(self.tasks, Mixture) else (self.tasks,)
        weights = self.tasks.weights if isinstance(self.tasks, Mixture) else (1.0,)
        pools, kept, start = [], [], 0
        for source, weight in zip(sources, weights, strict=True):
            indices = np.arange(start, start + len(source))
            start += len(source)
            if levels is not None:
                indices = indices[[level_of(self.tasks[int(i)]) in levels for i in indices]]
            if len(indices):
                pools.append(indices)
                kept.append(weight)
        return pools, [w / sum(kept) for w in kept]

    def check_tasks(self, tokenizer: Any, context: int, completion: int, held_out: Sequence[Task] = ()) -> int:
        """Look at the held-out tasks and (at most 4,000 of) the others; tokens of the longest prompt in its template.

        Of more than 4,000 tasks, prompts were left unseen: then the answer is all the room the context has.

        Raises:
            ProgramError: a prompt that leaves no room for the completion in the model's context, or a task that no
                verifier can judge, or no task at all.
        """
        longest, where = 0, ""
        if not len(self.tasks):
            raise ProgramError(f"{self.tasks.name} holds no tasks to learn from")
        step = -(-len(self.tasks) // CHECKED_TASKS)
        for task in (*(self.tasks[i] for i in range(0, len(self.tasks), step)), *held_out):
            self._check_judged(task)
            tokens = len(render(tokenizer, task.prompt))
            if tokens > longest:
                longest, where = tokens, task.problem_id
        if longest + completion > context:
            raise ProgramError(
                f"task `{where}`: its prompt of {longest} tokens and rollout.max_completion_length={completion} do not "
                f"fit the model's context of {context}; leave such tasks out, lower the length, or choose another model"
            )
        return longest if step == 1 else context - completion

    def _check_judged(self, task: Task) -> None:
        """Training on a task whose verdict is always ``unscorable`` would go on for hours and learn nothing."""
        try:
            verifier = self.scorer.verifier(task.task_type)
        except UnknownTaskType as error:
            raise ProgramError(f"{self.tasks.name}: task `{task.problem_id}`: {error}") from error
        if verifier.inline:  # costs microseconds, unlike a sandbox or a judge
            verdict = self.scorer.score_sync([(task, Completion.parse("?"))])[0]
            if verdict.score is None:
                why = verdict.details.get("why", verdict.reason)
                raise ProgramError(f"{self.tasks.name}: task `{task.problem_id}` cannot be judged: {why}")


def render(tokenizer: Any, prompt: str) -> list[int]:
    """The token ids of a prompt as the model sees it, up to where its completion begins."""
    messages = [{"role": "user", "content": prompt}]
    ids: list[int] = tokenizer.apply_chat_template(
        messages,
        add_generation_prompt=True,
        return_dict=False,
        tokenizer_kwargs={"verbose": False},  # a prompt that is too long is our error to explain
    )
    return ids


def prompt_opens_thinking(tokenizer: Any) -> bool:
    """Whether the chat template ends inside ``<think>``, as R1's does: then an unfinished thought is no answer."""
    messages = [{"role": "user", "content": "?"}]
    text: str = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    return text.rstrip().endswith("<think>")


def level_of(task: Task) -> int | None:
    level = task.metadata.get("level")
    return level if isinstance(level, int) else None


def _open(env_id: str, kwargs: dict[str, Any]) -> tuple[TaskSource, Scorer]:
    try:
        return open_env(env_id, kwargs)
    except TaskError:
        raise
    except ValueError as error:
        raise ProgramError(str(error)) from error
