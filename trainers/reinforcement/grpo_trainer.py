"""TRL's GRPO trainer with our sampler, our reward, whole checkpoints, and a clock."""

from __future__ import annotations

import atexit
from pathlib import Path
from typing import Any

from accelerate.utils import gather_object
from trl import GRPOConfig, GRPOTrainer

from synthetic1.jobs.program import ProgramError
from synthetic1.trainers.checkpoints import explain_failed_save, mark_complete, step_of
from synthetic1.trainers.reinforcement.clock import PhaseClock
from synthetic1.trainers.reinforcement.reward import Reward, RewardedRollout
from synthetic1.trainers.reinforcement.schedule import PromptSchedule
from synthetic1.trainers.reinforcement.settings import GrpoSettings

# Fields of GRPOConfig that the schedule of prompts, the run folder or resuming rest on, and what people set instead.
DERIVED = {
    "generation_batch_size": "trainer.prompts_per_step",
    "gradient_accumulation_steps": "trainer.micro_batch",
    "max_steps": "trainer.max_steps",
    "num_generations": "trainer.group_size",
    "output_dir": "runs and run_name",
    "per_device_train_batch_size": "trainer.micro_batch",
    "save_steps": "trainer.save_every",
    "seed": "seed",
    "steps_per_generation": "trainer.updates_per_rollout",
    "max_completion_length": "rollout.max_completion_length",
    "temperature": "rollout.temperature",
    "top_p": "rollout.top_p",
    "vllm_max_model_length": "rollout.vllm.max_model_length",
    "logging_steps": "nothing: every step is logged",
    "save_strategy": "trainer.save_every",
    "save_only_model": "trainer.save_every",
    "ignore_data_skip": "resume",
    "remove_unused_columns": "nothing: tasks carry what rewards need",
    "shuffle_dataset": "seed",
    "use_vllm": "rollout",
    "vllm_mode": "rollout",
}


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


def grpo_config(settings: GrpoSettings, output: Path, processes: int, rollout: dict[str, Any]) -> GRPOConfig:
    """TRL's configuration, derived from ours; ``trainer.extra`` has the last word on what is not ``DERIVED``.

    Raises:
        ValueError: sizes that do not divide; a field that TRL does not know, or will not have.
    """
    import torch

    t = settings.trainer
    for name in t.extra:
        if name in DERIVED:
            raise ValueError(f"trainer.extra.{name} follows from {DERIVED[name]}; set that")
        if name not in GRPOConfig.__dataclass_fields__:
            raise ValueError(f"trainer.extra.{name}: trl.GRPOConfig has no such field")
    micro = settings.micro_batch(processes)
    accumulation = t.prompts_per_step * t.group_size // (micro * processes)
    on_cpu = not torch.cuda.is_available()
    fields: dict[str, Any] = {
        "output_dir": str(output),
        "max_steps": t.max_steps,
        "per_device_train_batch_size": micro,
        "gradient_accumulation_steps": accumulation,
        "steps_per_generation": accumulation * t.updates_per_rollout,  # TRL counts micro-steps
        "num_generations": t.group_size,
        "learning_rate": t.learning_rate,
        "lr_scheduler_type": t.lr_scheduler,
        "warmup_steps": t.warmup_steps,
        "weight_decay": t.weight_decay,
        "adam_beta2": t.adam_beta2,
        "max_grad_norm": t.max_grad_norm,
        "loss_type": t.loss_type,
        "epsilon": t.epsilon,
        "epsilon_high": t.epsilon_high,
        "beta": t.beta,
        "scale_rewards": t.scale_rewards,
        "mask_truncated_completions": t.mask_truncated_completions,
        "gradient_checkpointing": t.gradient_checkpointing,
        # A checkpoint inside a rollout would lose the rest of it: keep to rollout boundaries.
        "save_steps": -(-t.save_every // settings.steps_per_rollout) * settings.steps_per_rollout,
        "save_strategy": "steps",
        "save_total_limit": 2,  # the one before stays until the new one is whole
        "logging_steps": 1,
        "report_to": "none",
        "disable_tqdm": True,
        "seed": settings.seed,
        "remove_unused_columns": False,
        "use_cpu": on_cpu,
        "bf16": not on_cpu and settings.model.dtype == "bfloat16",
        "dataloader_pin_memory": not on_cpu,
        "model_init_kwargs": None,
        **rollout,
    }
    return GRPOConfig(**{**fields, **t.extra})
