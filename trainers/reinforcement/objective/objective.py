"""What is maximised: correctness and the other components by their weights, for every part of a mixture its own."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, groupby
from typing import TYPE_CHECKING, Any

from synthetic1.completion import Completion
from synthetic1.jobs.judge_trust import task_types
from synthetic1.jobs.program import ProgramError
from synthetic1.rewards.judging.trust import Trust
from synthetic1.task import Task
from synthetic1.tasks.sources.concatenation import Concatenation
from synthetic1.tasks.sources.source import TaskSource
from synthetic1.trainers.reinforcement.objective.built_in import built_in
from synthetic1.trainers.reinforcement.objective.components import (
    CORRECTNESS,
    LARGEST,
    RewardComponent,
    load_function,
)
from synthetic1.trainers.reinforcement.objective.noise import NoiseCorrection, inject
from synthetic1.trainers.reinforcement.objective.settings import (
    NoiseSettings,
    PartLossSettings,
    RewardSettings,
    inherited_epsilon_high,
    part_loss,
    part_weights,
)
from synthetic1.trainers.reinforcement.train_set import CHECKED_TASKS
from synthetic1.verdict import Verdict

if TYPE_CHECKING:
    from synthetic1.trainers.reinforcement.settings import GrpoSettings

ComponentValues = Mapping[str, float | None]
"""Component → its value for a completion, correctness left out: that is the verdict's score."""


@dataclass(frozen=True)
class PartLoss:
    """The loss of a part of a mixture, every field with a value."""

    loss_type: str
    epsilon: float
    epsilon_high: float
    weight: float


@dataclass(frozen=True)
class Objective:
    """Names and weights of what is rewarded. The default is correctness alone."""

    components: tuple[RewardComponent, ...] = ()
    weights: tuple[Mapping[str, float], ...] = ({CORRECTNESS: 1.0},)
    """Component → weight, of each part; one where there is no mixture."""
    parts: tuple[str, ...] = ()
    """Names of the parts of the mixture, in the order of its tasks; empty where there is none."""
    ends: tuple[int, ...] = ()
    """Where the tasks of each part end."""
    losses: tuple[PartLoss, ...] = ()
    """Of each part; empty where all have the trainer's."""
    group_size: int | None = None
    correction: NoiseCorrection | None = None
    injected: NoiseSettings | None = None
    seed: int = field(default=0)

    @classmethod
    def make(
        cls,
        settings: GrpoSettings,
        tasks: TaskSource,
        *,
        thinking_open: bool = False,
        judges: Sequence[Trust] = (),
        processes: int = 1,
    ) -> Objective:
        """What the settings say of ``tasks``.

        Raises:
            ProgramError: error rates that are unknown, of nothing that occurs, or that cannot be corrected; groups that
                the processes would have to share.
        """
        env, t = settings.env, settings.trainer
        components = tuple(_component(r, settings, thinking_open) for r in settings.rewards if r.name != CORRECTNESS)
        base = {CORRECTNESS: 1.0} | {reward.name: reward.weight for reward in settings.rewards}
        parts = tuple(env.mixture or {})
        weights = tuple({**base, **part_weights(env, name)} for name in parts) or (base,)
        sources = tasks.sources if parts and isinstance(tasks, Concatenation) else (tasks,)
        prompts = t.prompts_per_step * t.updates_per_rollout
        if prompts % processes and (shared := [c.name for c in components if c.of_group]):
            raise ProgramError(
                f"reward `{shared[0]}` compares whole groups, and {prompts} of them cannot be shared by {processes} "
                f"processes; make prompts_per_step × updates_per_rollout a multiple of {processes}"
            )
        correction = None
        if t.noise_correction:
            named: Sequence[str | None] = parts or (None,)
            occurring = {name: task_types(source, CHECKED_TASKS) for name, source in zip(named, sources, strict=True)}
            beside = any(weight and name != CORRECTNESS for by_name in weights for name, weight in by_name.items())
            try:
                correction = NoiseCorrection.make(
                    settings.noise, judges, occurring, scale_rewards=t.scale_rewards, components=beside
                )
            except ValueError as error:
                raise ProgramError(str(error)) from None
        return cls(
            components,
            weights,
            parts,
            tuple(accumulate(len(source) for source in sources)),
            _losses(settings),
            t.group_size,
            correction,
            t.inject_noise,
            settings.seed,
        )

    def part_of(self, task_index: int) -> int:
        """The place of a task's part; 0 without a mixture."""
        return bisect_right(self.ends, task_index) if self.parts else 0

    def part_name(self, task_index: int) -> str | None:
        """The name of a task's part; ``None`` without a mixture."""
        return self.parts[self.part_of(task_index)] if self.parts else None

    def seen(self, verdicts: Sequence[Verdict], place: Sequence[int]) -> list[Verdict]:
        """The verdicts that rewards are made of: those given, or with the noise of ``trainer.inject_noise``.

        Args:
            place: step and process, say: the noise is a function of them and the seed.
        """
        if self.injected is None:
            return list(verdicts)
        return inject(verdicts, self.injected, [self.seed, 6, *place])

    async def measure(
        self,
        tasks: Sequence[Task],
        completions: Sequence[Completion],
        verdicts: Sequence[Verdict],
        task_index: Sequence[int],
    ) -> list[ComponentValues]:
        """The components of each completion.

        Args:
            task_index: whose neighbouring equal values make a group, of ``group_size`` at most.

        Raises:
            ProgramError: a component's function failed; names it.
        """
        groups = [slice(start, end) for start, end in self._groups(task_index)] if self.components else []
        calls = [c.values(tasks[g.start], completions[g], verdicts[g]) for c in self.components for g in groups]
        made = iter(await asyncio.gather(*calls))
        columns = {c.name: [value for _ in groups for value in next(made)] for c in self.components}
        return [{name: values[i] for name, values in columns.items()} for i in range(len(tasks))]

    def rewards(
        self,
        tasks: Sequence[Task],
        verdicts: Sequence[Verdict],
        components: Sequence[ComponentValues],
        task_index: Sequence[int],
    ) -> list[float | None]:
        """The reward of each completion, as ``total`` has it.

        A component that is ``None`` for a completion counts as the mean of those of its group that are known (and
        scored), so that it moves no advantage; as nothing, where none is. Groups are those of ``measure``.

        Raises:
            ProgramError: a reward that float32 cannot hold.
        """
        filled = [dict(values) for values in components]
        for start, end in self._groups(task_index) if self.components else ():
            mates = range(start, end)
            for name in components[start]:
                mean = _mean(components[i][name] for i in mates if verdicts[i].score is not None)
                for i in mates:
                    if filled[i][name] is None:
                        filled[i][name] = mean
        made = list(map(self.total, tasks, verdicts, filled, task_index))
        for task, reward in zip(tasks, made, strict=True):
            if reward is not None and not abs(reward) <= LARGEST:
                raise ProgramError(
                    f"rewards, task `{task.problem_id}`: the weighted sum is {reward:g}, beyond the {LARGEST:.3g} "
                    "that TRL's float32 can hold; lower the weights"
                )
        return made

    def total(self, task: Task, verdict: Verdict, components: ComponentValues, task_index: int) -> float | None:
        """The reward of a completion: correctness and the other components by the weights of the task's part.

        ``None``, whatever the components are, for what could not be scored; a component that is ``None`` adds nothing
        (``rewards`` knows better: it sees the group).
        """
        if verdict.score is None:
            return None
        weights, score = self.weights[self.part_of(task_index)], verdict.score
        if self.correction is not None:
            score = self.correction.rates(self.part_name(task_index), task.task_type, verdict).corrected(score)
        return weights[CORRECTNESS] * score + sum(
            weights[name] * value for name, value in components.items() if value is not None
        )

    def facts(self) -> dict[str, Any]:
        """What the head of a run says of rewards; nothing of correctness alone."""
        named: Sequence[str] = self.parts or ("",)
        by_part = dict(zip(named, self.weights, strict=True))
        differ = len({tuple(by_name.items()) for by_name in self.weights}) > 1
        shown = by_part if differ else {"": self.weights[0]}
        words = [(f"{name}: " if name else "") + _in_words(by_name) for name, by_name in shown.items()]
        noise = self.injected
        return {
            "rewards": "; ".join(words) if self.weights != ({CORRECTNESS: 1.0},) * len(self.weights) else None,
            "losses": "; ".join(f"{n}: {loss.loss_type}" for n, loss in zip(self.parts, self.losses, strict=False))
            or None,
            "noise": "rewards are corrected for known errors of the verifier" if self.correction else None,
            "injected_noise": f"{noise.false_accept:.0%} of wrong answers are accepted, {noise.false_reject:.0%} of "
            "right ones rejected, in rewards alone"
            if noise
            else None,
        }

    def _groups(self, task_index: Sequence[int]) -> list[tuple[int, int]]:
        groups, start = [], 0
        for _, run in groupby(task_index):
            end = start + sum(1 for _ in run)
            size = self.group_size or end - start
            groups += [(begin, min(begin + size, end)) for begin in range(start, end, size)]
            start = end
        return groups


def _component(reward: RewardSettings, settings: GrpoSettings, thinking_open: bool) -> RewardComponent:
    if reward.function is not None:
        return RewardComponent(reward.name, load_function(reward.function), reward.function)
    longest = settings.rollout.max_completion_length
    function = built_in(reward.name, longest=longest, thinking_open=thinking_open, buffer=reward.buffer)
    return RewardComponent(reward.name, function)


def _losses(settings: GrpoSettings) -> tuple[PartLoss, ...]:
    """One a part if any part has one of its own."""
    own = [part_loss(settings.env, name) for name in settings.env.mixture or {}]
    if not any(own):
        return ()
    t = settings.trainer
    filled = []
    for loss in (loss or PartLossSettings() for loss in own):
        epsilon = loss.epsilon or t.epsilon
        loss_type = loss.loss_type or t.loss_type
        inherited = inherited_epsilon_high(loss_type, t.loss_type, t.epsilon_high)
        high = loss.epsilon_high or inherited or epsilon
        filled.append(PartLoss(loss_type, epsilon, high, loss.weight))
    return tuple(filled)


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _in_words(weights: Mapping[str, float]) -> str:
    return " + ".join(f"{weight:g} {name}" for name, weight in weights.items()).replace("+ -", "- ")
