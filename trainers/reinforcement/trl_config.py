"""TRL's configuration, derived from our settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trl import GRPOConfig

from synthetic1.jobs.models import compute_dtype
from synthetic1.trainers.reinforcement.settings import GrpoSettings
from synthetic1.trainers.trl_extra import FIXED, check_extra

# Fields of GRPOConfig that the schedule of prompts, the run folder, resuming or the estimate of memory rest on, and
# what people set instead; beside trl_extra.OF_BOTH.
DERIVED = {
    "beta": "trainer.beta",
    "epsilon": "trainer.epsilon",
    "epsilon_high": "trainer.epsilon_high",
    "generation_batch_size": "trainer.prompts_per_step",
    "gradient_accumulation_steps": "trainer.micro_batch",
    "loss_type": "trainer.loss_type",
    "mask_truncated_completions": "trainer.mask_truncated_completions",
    "max_completion_length": "rollout.max_completion_length",
    "model_init_kwargs": "model.dtype and model.revision",
    "multi_objective_aggregation": f"{FIXED}TRL gets one reward, the weighted sum of `rewards`",
    "num_generations": "trainer.group_size",
    "num_train_epochs": "trainer.max_steps",
    "reward_weights": "rewards and their weights",
    "scale_rewards": "trainer.scale_rewards",
    "shuffle_dataset": "seed",
    "steps_per_generation": "trainer.updates_per_rollout",
    "temperature": "rollout.temperature",
    "top_p": "rollout.top_p",
    "use_vllm": "rollout",
    "vllm_enable_sleep_mode": "rollout.vllm.sleep",
    "vllm_gpu_memory_utilization": "rollout.vllm.gpu_memory_utilization",
    "vllm_max_model_length": "rollout.vllm.max_model_length",
    "vllm_mode": "rollout",
    "vllm_server_base_url": "rollout.vllm.server_base_url",
    "vllm_server_timeout": "rollout.vllm.server_wait_s",
    "vllm_tensor_parallel_size": "rollout.vllm.tensor_parallel_size",
    "warmup_steps": "trainer.warmup_steps",
}


def grpo_config(settings: GrpoSettings, output: Path, processes: int, rollout: dict[str, Any]) -> GRPOConfig:
    """TRL's configuration, derived from ours; ``trainer.extra`` says the rest.

    To be made before the model: it sets up DeepSpeed or FSDP, which decide how weights are read.

    Raises:
        ValueError: sizes that do not divide; a field that TRL does not know, or will not have.
    """
    import torch

    t = settings.trainer
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
    check_extra(t.extra, fields, DERIVED, GRPOConfig)
    return GRPOConfig(**{**fields, **t.extra})
