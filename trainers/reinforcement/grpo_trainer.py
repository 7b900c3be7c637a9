"""TRL's GRPO trainer with our sampler, our reward, whole checkpoints, and a clock."""

from __future__ import annotations

import asyncio
import atexit
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from accelerate.utils import gather_object

from synthetic1.jobs.chat import decode
from synthetic1.jobs.program import ProgramError
from synthetic1.trainers.checkpoints import explain_failed_save, mark_complete, step_of
from synthetic1.trainers.reinforcement.clock import PhaseClock
from synthetic1.trainers.reinforcement.objective.part_loss import PartLossTrainer
from synthetic1.trainers.reinforcement.objective.reward import Reward, RewardedRollout
from synthetic1.trainers.reinforcement.sampling.known_verdicts import CompletedTask, KnownVerdicts
from synthetic1.trainers.reinforcement.sampling.refill import CandidateGroup, FilledBatch, Refill, share_of
from synthetic1.trainers.reinforcement.sampling.sampler import TaskSampler
from synthetic1.trainers.reinforcement.sampling.schedule import PromptSchedule
from synthetic1.verdict import Verdict


class VerifiedGRPOTrainer(PartLossTrainer):
    """Learns from a :class:`Reward` over tasks in the order of a :class:`PromptSchedule`, or as a sampler chooses them.

    ``rollouts`` holds those of the last batch, of all processes, with their rewards and advantages; ``dropped`` those
    that were generated for it and that it has no room for, or nothing to learn from.

    Args:
        sampler: chooses the tasks of a rollout when it begins. The schedule's are only places then: batches are fetched
            ahead, when what the last rollout told is not known yet.
        max_refills: groups that teach nothing are replaced, by at most so many times the batch; 0 = they are kept.
        overlap: verdicts take time, so that completions can be made meanwhile.

    Raises:
        ProgramError: settings that do not go together, in TRL's words.
    """

    def __init__(
        self,
        *,
        reward: Reward,
        schedule: PromptSchedule,
        sampler: TaskSampler | None = None,
        max_refills: int = 0,
        overlap: bool = False,
        **kwargs: Any,
    ) -> None:
        self.clock = PhaseClock()
        self.reward, self.schedule, self.sampler = reward, schedule, sampler
        self.max_refills, self.overlap = max_refills, overlap
        self.rollouts: list[RewardedRollout] = []
        self.dropped: list[RewardedRollout] = []
        self.filled: FilledBatch | None = None
        """How the last batch was filled, where groups are replaced."""
        self.known = KnownVerdicts(reward.train_set.scorer)
        if max_refills:
            reward.train_set = replace(reward.train_set, known=self.known)
        self._generated: tuple[list[list[int]], list[list[float | None]] | None] | None = None
        try:
            super().__init__(reward_funcs=reward.score, **kwargs)
        except ValueError as error:  # so TRL and peft say which settings do not go together
            raise ProgramError(str(error)) from error
        # A process group that is still there when Python ends can abort the process: its threads are never joined.
        atexit.register(self.accelerator.state.destroy_process_group)
        if self.use_vllm:
            push = self.vllm_generation.sync_weights

            def timed_push(*args: Any, **kwargs: Any) -> Any:
                with self.clock.phase("sync"):
                    return push(*args, **kwargs)

            self.vllm_generation.sync_weights = timed_push

    def _get_train_sampler(self, dataset: Any = None) -> PromptSchedule:
        return self.schedule

    def _generate_single_turn(self, *args: Any, **kwargs: Any) -> Any:
        if self._generated is not None:  # the groups were chosen by what they say
            generated, self._generated = self._generated, None
            return generated
        with self.clock.phase("generate"):
            return super()._generate_single_turn(*args, **kwargs)

    def _calculate_rewards(self, *args: Any, **kwargs: Any) -> Any:
        with self.clock.phase("score"):
            return super()._calculate_rewards(*args, **kwargs)

    def _generate_and_score_completions(self, inputs: Any) -> Any:
        with self.clock.phase("other"):
            if self.sampler is not None:
                inputs = self._chosen(len(inputs))
            output = super()._generate_and_score_completions(inputs)
            own = self.reward.with_advantages(output["advantages"].tolist())
            self.rollouts = self._of_all(own)
            if self.sampler is not None:
                self.sampler.learn((r.task_index, r.score) for r in (*self.rollouts, *self.dropped))
            return output

    # Tasks that a sampler chooses -----------------------------------------------------------------------------------

    def _chosen(self, places: int) -> list[dict[str, Any]]:
        """This process's rows of the batch, one a completion, in place of the schedule's."""
        assert self.sampler is not None
        process, processes = self.accelerator.process_index, self.accelerator.num_processes
        wanted = places * processes // self.num_generations
        if self.max_refills:
            return self._filled(wanted)
        tasks = [task for task in self.sampler.choose(wanted) for _ in range(self.num_generations)]
        return self._rows(tasks[share_of(len(tasks), process, processes)])

    def _filled(self, wanted: int) -> list[dict[str, Any]]:
        """As ``_chosen``, of groups that were generated and verified until enough of them teach something."""
        assert self.sampler is not None
        self.known.forget()
        self.filled = Refill(
            wanted,
            self.max_refills,
            draw=self.sampler.choose,
            generate=self._candidates,
            verify=self._begin_to_verify,
            overlap=self.overlap,
            gather=self._of_all,
            process=self.accelerator.process_index,
            processes=self.accelerator.num_processes,
        ).fill()
        kept = self.filled.kept
        for group in kept:  # some come from other processes
            self.known.remember(self._pairs(group), group.verdicts)
        ids = [row for group in kept for row in group.completion_ids]
        logprobs = [row for group in kept for row in group.logprobs or ()]
        self._generated = ids, logprobs or None
        self.dropped = self._of_all([r for group in self.filled.dropped for r in self._unrewarded(group)])
        return self._rows([group.task for group in kept for _ in group.completion_ids])

    def _candidates(self, tasks: list[int], first: int) -> list[CandidateGroup]:
        """A group of completions for each task, generated as TRL generates those of a batch."""
        size = self.num_generations
        rows = self._rows([task for task in tasks for _ in range(size)])
        prompt_ids, images, fields = self._tokenize_prompts([row["prompt"] for row in rows])
        ids, logprobs = self._generate_single_turn(prompt_ids, images, fields, size)
        return [
            CandidateGroup(
                first + i, task, ids[i * size : (i + 1) * size], logprobs and logprobs[i * size : (i + 1) * size]
            )
            for i, task in enumerate(tasks)
        ]

    def _begin_to_verify(self, groups: list[CandidateGroup]) -> Callable[[], list[list[Verdict]]]:
        pairs = [pair for group in groups for pair in self._pairs(group)]
        future = asyncio.run_coroutine_threadsafe(self.reward.train_set.verify(pairs), self.async_loop)

        def wait() -> list[list[Verdict]]:
            with self.clock.phase("score"):
                verdicts = iter(future.result())
            return [[next(verdicts) for _ in group.completion_ids] for group in groups]

        return wait

    def _pairs(self, group: CandidateGroup) -> list[CompletedTask]:
        train_set, tokenizer = self.reward.train_set, self.reward.tokenizer
        task = train_set.tasks[group.task]
        return [(task, decode(tokenizer, ids, thinking_open=train_set.thinking_open)) for ids in group.completion_ids]

    def _unrewarded(self, group: CandidateGroup) -> list[RewardedRollout]:
        """The rollouts of a group that nothing is learned from."""
        task = self.reward.train_set.tasks[group.task]
        first, step = group.number * self.num_generations, self.state.global_step
        rollouts = [self.reward.rollout(task.key, ids, step, i) for i, ids in enumerate(group.completion_ids, first)]
        part, pairs = self.reward.objective.part_name(group.task), zip(rollouts, group.verdicts, strict=True)
        return [RewardedRollout(task, *pair, group.task, None, part=part) for pair in pairs]

    def _rows(self, tasks: Sequence[int]) -> list[dict[str, Any]]:
        made = {task: self.train_dataset[task] for task in dict.fromkeys(tasks)}
        return [dict(made[task]) for task in tasks]

    def _of_all(self, own: list[Any]) -> list[Any]:
        """The lists of all processes, end to end."""
        return gather_object(own) if self.accelerator.num_processes > 1 else own

    def sampling_measures(self) -> dict[str, Any]:
        """What ``metrics.jsonl`` says of how the last batch came about."""
        measures: dict[str, Any] = {
            "sampling": self.sampler.name if self.sampler else "uniform",
            "generated_completions": len(self.rollouts),
            "generated_tokens": sum(r.tokens for r in self.rollouts),
            **dict.fromkeys(("dropped_share", "refill_rounds", "missing_share", "estimated_pass_rate")),
            "unlocked_level": None,
        }
        if (filled := self.filled) is not None:
            measures["generated_completions"], measures["generated_tokens"] = filled.completions, filled.tokens
            measures["dropped_share"] = len(self.dropped) / filled.completions
            measures["refill_rounds"] = filled.rounds
            measures["missing_share"] = filled.missing * self.num_generations / len(self.rollouts)
        return measures | (self.sampler.measures() if self.sampler else {})

    # Checkpoints ----------------------------------------------------------------------------------------------------

    def save_final(self, folder: Path) -> None:
        """Save the model (for LoRA: the adapter) and the tokenizer.

        Raises:
            ProgramError: it cannot be written.
        """
        try:
            self.save_model(str(folder))
        except Exception as error:
            raise explain_failed_save(folder, error) from error

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        folder = Path(self.args.output_dir)
        try:
            super()._save_checkpoint(model, trial)
            self.accelerator.wait_for_everyone()
            if self.accelerator.is_main_process:
                newest = max(folder.glob("checkpoint-*"), key=step_of)
                if self.sampler is not None:
                    self.sampler.save(newest)
                mark_complete(newest)
        except Exception as error:
            raise explain_failed_save(folder, error) from error
