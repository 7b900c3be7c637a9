"""What ``trainer.extra`` may say: fields of TRL's configuration that follow from no setting of ours."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any

FIXED = "nothing: "
"""Before the reason why a field has the value that it has, where no setting of ours is behind it."""
OPEN = frozenset(
    {
        "dataloader_pin_memory",
        "save_total_limit",
        "vllm_importance_sampling_clip_max",
        "vllm_importance_sampling_mode",
    }
)
"""Fields to which we give another default than TRL, and no more."""
OF_BOTH = {
    "adam_beta2": "trainer.adam_beta2",
    "auto_find_batch_size": "trainer.micro_batch",
    "bf16": "trainer.compute_dtype",
    "data_seed": "seed",
    "disable_tqdm": f"{FIXED}progress is a line a step",
    "fp16": "trainer.compute_dtype",
    "gradient_checkpointing": "trainer.gradient_checkpointing",
    "ignore_data_skip": f"{FIXED}a resumed run goes on with the data that come next",
    "learning_rate": "trainer.learning_rate",
    "logging_steps": f"{FIXED}every step is logged",
    "logging_strategy": f"{FIXED}every step is logged",
    "lr_scheduler_type": "trainer.lr_scheduler",
    "max_grad_norm": "trainer.max_grad_norm",
    "max_steps": "trainer.max_steps",
    "output_dir": "runs and run_name",
    "per_device_train_batch_size": "trainer.micro_batch",
    "remove_unused_columns": f"{FIXED}rows carry what the trainer needs",
    "report_to": "report_to",
    "save_only_model": f"{FIXED}a run is resumed from all of a checkpoint",
    "save_steps": "trainer.save_every",
    "save_strategy": "trainer.save_every",
    "seed": "seed",
    "use_cpu": f"{FIXED}a GPU is used where there is one",
    "weight_decay": "trainer.weight_decay",
}
"""Field of ``transformers.TrainingArguments`` → what people set instead, for GRPO and supervised training alike."""


def check_extra(extra: Mapping[str, Any], ours: Collection[str], sources: Mapping[str, str], config: type[Any]) -> None:
    """``trainer.extra`` says nothing that our settings say, nor what TRL does not know.

    Args:
        ours: fields that we give a value.
        sources: field → the setting that it follows from, or ``FIXED`` and a reason; beside ``OF_BOTH``.
        config: TRL's configuration, a dataclass.

    Raises:
        ValueError: names the field, and what would be right.
    """
    known = config.__dataclass_fields__
    for name in extra:
        source = sources.get(name) or OF_BOTH.get(name)
        if source is None and name in ours and name not in OPEN:
            source = f"{FIXED}the trainer sets it"
        if source is not None and source.startswith(FIXED):
            raise ValueError(f"trainer.extra.{name} cannot be set: {source.removeprefix(FIXED)}")
        if source is not None:
            raise ValueError(f"trainer.extra.{name} follows from {source}; set that")
        if name not in known:
            meant = "".join(f"; did you mean `{near}`?" for near in get_close_matches(name, known, n=1))
            raise ValueError(f"trainer.extra.{name}: trl.{config.__name__} has no such field{meant}")
