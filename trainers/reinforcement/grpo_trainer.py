"""TRL's GRPO trainer with our sampler, our reward, whole checkpoints, and a clock."""

from __future__ import annotations

import atexit
from pathlib import Path
from typing import Any

from accelerate.utils import gather_object
from trl import GRPOTrainer

from synthetic1.jobs.program import ProgramError
from synthetic1.trainers.checkpoints import explain_failed_save, mark_complete, step_of
from synthetic1.trainers.reinforcement.clock import PhaseClock
from synthetic1.trainers.reinforcement.objective.reward import Reward, RewardedRollout
from synthetic1.trainers.reinforcement.sampling.schedule import PromptSchedule


class VerifiedGRPOTrainer(GRPOTrainer):  # type: ignore[misc]  # TRL ships no types we can follow
    """Learns from a :class:`Reward` over tasks in the order of a :class:`PromptSchedule`.

    ``rollouts`` holds those of the last batch, of all processes, with their rewards and advantages.

    Raises:
        ProgramError: settings that do not go together, in TRL's words.
    """

    def __init__(self, *, reward: Reward, schedule: PromptSchedule, **kwargs: Any) -> None:
        self.clock = PhaseClock()
        self.reward, self.schedule = reward, schedule
        self.rollouts: list[RewardedRollout] = []
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
        with self.clock.phase("generate"):
            return super()._generate_single_turn(*args, **kwargs)

    def _calculate_rewards(self, *args: Any, **kwargs: Any) -> Any:
        with self.clock.phase("score"):
            return super()._calculate_rewards(*args, **kwargs)

    def _generate_and_score_completions(self, inputs: Any) -> Any:
        with self.clock.phase("other"):
            output = super()._generate_and_score_completions(inputs)
            own = self.reward.with_advantages(output["advantages"].tolist())
            self.rollouts = gather_object(own) if self.accelerator.num_processes > 1 else own
            return output

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
                mark_complete(newest)
        except Exception as error:
            raise explain_failed_save(folder, error) from error
