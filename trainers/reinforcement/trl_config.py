"""TRL's configuration, derived from our settings."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Any

from trl import GRPOConfig

from synthetic1.jobs.models import compute_dtype
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
    "bf16": "trainer.compute_dtype",
    "fp16": "trainer.compute_dtype",
    "model_init_kwargs": "model.dtype and model.revision",
    "vllm_max_model_length": "rollout.vllm.max_model_length",
    "vllm_server_timeout": "rollout.vllm.server_wait_s",
    "logging_steps": "nothing: every step is logged",
    "save_strategy": "trainer.save_every",
    "save_only_model": "trainer.save_every",
    "ignore_data_skip": "resume",
    "remove_unused_columns": "nothing: tasks carry what rewards need",
    "shuffle_dataset": "seed",
    "use_vllm": "rollout",
    "vllm_mode": "rollout",
    "reward_weights": "rewards and their weights",
    "multi_objective_aggregation": "nothing: TRL gets one reward, the weighted sum of `rewards`",
}


def grpo_config(settings: GrpoSettings, output: Path, processes: int, rollout: dict[str, Any]) -> GRPOConfig:
    """TRL's configuration, derived from ours; ``trainer.extra`` has the last word on what is not ``DERIVED``.

    To be made before the model: it sets up DeepSpeed or FSDP, which decide how weights are read.

    Raises:
        ValueError: sizes that do not divide; a field that TRL does not know, or will not have.
    """
    import torch

    t = settings.trainer
    fields_of_trl = GRPOConfig.__dataclass_fields__
    for name in t.extra:
        if name in DERIVED:
            raise ValueError(f"trainer.extra.{name} follows from {DERIVED[name]}; set that")
        if name not in fields_of_trl:
            meant = "".join(f"; did you mean `{near}`?" for near in get_close_matches(name, fields_of_trl, n=1))
            raise ValueError(f"trainer.extra.{name}: trl.GRPOConfig has no such field{meant}")
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
        # Autocast: matrices are multiplied in bfloat16, weights and optimizer stay as model.dtype has them.
        "bf16": compute_dtype(t.compute_dtype, settings.model) == "bfloat16",
        "dataloader_pin_memory": not on_cpu,
        # Of the reference model alone, which TRL reads by name; the policy comes loaded.
        "model_init_kwargs": {"revision": settings.model.revision} if t.beta and settings.model.revision else None,
        **rollout,
    }
    return GRPOConfig(**{**fields, **t.extra})
