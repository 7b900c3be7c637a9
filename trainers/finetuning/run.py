"""A supervised run's folder, TRL configuration, and what is recorded of it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from transformers import TrainerCallback
from trl import SFTConfig

from synthetic1.jobs.models import compute_dtype
from synthetic1.jobs.provenance import peak_memory, versions
from synthetic1.jobs.same_run import ALWAYS_MAY_CHANGE, check_same_run
from synthetic1.reports.run_folder import RunFolder
from synthetic1.trainers.checkpoints import mark_complete
from synthetic1.trainers.finetuning.data import Tokenized
from synthetic1.trainers.finetuning.settings import SftSettings

# Fields of SFTConfig that the run folder, resuming or the samples rest on, and what people set instead.
DERIVED = {
    "output_dir": "runs and run_name",
    "per_device_train_batch_size": "trainer.micro_batch",
    "gradient_accumulation_steps": "trainer.batch_size",
    "num_train_epochs": "trainer.epochs",
    "max_steps": "trainer.max_steps",
    "max_length": "trainer.max_length",
    "bf16": "trainer.compute_dtype",
    "fp16": "trainer.compute_dtype",
    "seed": "seed",
    "save_steps": "trainer.save_every",
    "dataset_kwargs": "nothing: samples come tokenized",
    "completion_only_loss": "nothing: the loss is on completions alone",
    "assistant_only_loss": "nothing: the loss is on completions alone",
    "packing": "nothing: samples never share a row",
}
FIXED = "nothing: "
MAY_CHANGE = (
    ALWAYS_MAY_CHANGE
    | {"report_to"}
    | {f"trainer.{name}" for name in ("max_steps", "epochs", "save_every", "micro_batch")}
)
"""Settings that a resumed run may change: none of them changes what an update learns from."""
SHOW_EVERY_S = 5.0


def folder(settings: SftSettings) -> Path:
    return (Path(settings.runs) / "sft" / settings.name).absolute()


def sft_config(settings: SftSettings, output: Path, processes: int) -> SFTConfig:
    """TRL's configuration, derived from ours; ``trainer.extra`` has the last word on what is not ``DERIVED``.

    Raises:
        ValueError: sizes that do not divide; a field that TRL does not know, or will not have.
    """
    import torch

    t = settings.trainer
    for name in t.extra:
        if name in DERIVED:
            if not (source := DERIVED[name]).startswith(FIXED):
                raise ValueError(f"trainer.extra.{name} follows from {source}; set that")
            raise ValueError(f"trainer.extra.{name} cannot be set: {source.removeprefix(FIXED)}")
        if name not in SFTConfig.__dataclass_fields__:
            raise ValueError(f"trainer.extra.{name}: trl.SFTConfig has no such field")
    micro = settings.micro_batch(processes)
    on_cpu = not torch.cuda.is_available()
    fields: dict[str, Any] = {
        "output_dir": str(output),
        "per_device_train_batch_size": micro,
        "gradient_accumulation_steps": t.batch_size // (micro * processes),
        "num_train_epochs": t.epochs,
        "max_steps": t.max_steps or -1,
        "max_length": None,  # samples that are too long have been left out; nothing is cut here
        "dataset_kwargs": {"skip_prepare_dataset": True},
        "packing": False,
        "learning_rate": t.learning_rate,
        "lr_scheduler_type": t.lr_scheduler,
        "warmup_steps": t.warmup_share,  # below 1 it is a share of all steps
        "weight_decay": t.weight_decay,
        "adam_beta2": t.adam_beta2,
        "max_grad_norm": t.max_grad_norm,
        "gradient_checkpointing": t.gradient_checkpointing,
        "save_strategy": "steps",
        "save_steps": t.save_every,
        "save_total_limit": 2,
        "logging_steps": 1,
        "report_to": "none",
        "disable_tqdm": True,
        "seed": settings.seed,
        "use_cpu": on_cpu,
        # Autocast: matrices are multiplied in bfloat16, weights and optimizer stay as model.dtype has them.
        "bf16": compute_dtype(t.compute_dtype, settings.model) == "bfloat16",
        "dataloader_pin_memory": not on_cpu,
    }
    return SFTConfig(**{**fields, **t.extra})


def header(settings: SftSettings, samples: Tokenized, limit: int, ranks: int) -> dict[str, Any]:
    """The facts at the top of a run."""
    t = settings.trainer
    left_out = []
    if samples.too_long:
        left_out.append(f"{samples.too_long:,} longer than {limit:,} tokens: {', '.join(samples.dropped)}")
    if samples.missing_reasoning:
        left_out.append(f"{samples.missing_reasoning:,} without a thought, where the template opens one")
    return {
        "data": ", ".join(settings.paths),
        "model": settings.model.name,
        "processes": ranks if ranks > 1 else None,
        "samples": f"{len(samples.rows):,}, {samples.tokens:,} completion tokens, the longest {samples.longest:,}",
        "left_out": "; ".join(left_out) or None,
        "batch": f"{t.batch_size} samples an update",
        "passes": f"{t.max_steps} steps" if t.max_steps else f"{t.epochs:g} epochs",
        "run_folder": str(folder(settings)),
    }


def open_run(settings: SftSettings, path: Path) -> RunFolder:
    """Create or go on with the run folder; an older run is put aside under ``overwrite=true``.

    Raises:
        RunFolderError: the folder is in use, or cannot be written.
        ProgramError: a resumed run has other settings.
    """
    if settings.overwrite and (before := RunFolder.put_aside(path)):
        print(f"the run before this one is now {before.name}")
    run = RunFolder.create(path, resume=settings.resume)
    config = settings.model_dump(mode="json")
    if settings.resume and (stored := run.read_config()):
        check_same_run(path, stored, config, may_change=MAY_CHANGE)
    run.write_config(config)
    return run


def result(settings: SftSettings, samples: Tokenized, state: Any, seconds: float) -> dict[str, Any]:
    """``result.json``: the numbers a person would quote."""
    losses = [row["loss"] for row in state.log_history if "loss" in row]
    return {
        "program": "sft",
        "data": settings.paths,
        "model": settings.model.name,
        "seed": settings.seed,
        "samples": len(samples.rows),
        "too_long": samples.too_long,
        "missing_reasoning": samples.missing_reasoning,
        "completion_tokens": samples.tokens,
        "steps": state.global_step,
        "loss_first": losses[0] if losses else None,
        "loss_last": losses[-1] if losses else None,
        "seconds": {"total": round(seconds, 1)},
        "peak_memory_gib": round(peak_memory() / 2**30, 2),
        "versions": versions(),
    }


class LossRecorder(TrainerCallback):
    """A row of ``metrics.jsonl`` a step; a line on the screen every few seconds."""

    def __init__(self, run: RunFolder | None) -> None:
        self.run = run
        self.shown = 0.0
        self.began = time.perf_counter()

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
        logs = logs or {}
        if self.run is None or "loss" not in logs:
            return
        names = {"loss": "loss", "grad_norm": "grad_norm", "learning_rate": "learning_rate"}
        names |= {"mean_token_accuracy": "token_accuracy", "entropy": "entropy", "num_tokens": "tokens"}
        row = {"step": state.global_step, "steps": state.max_steps, "epoch": state.epoch}
        row |= {ours: logs[name] for name, ours in names.items() if name in logs}
        self.run.log_metrics(row, trainer=logs)
        now = time.perf_counter()
        if now - self.shown > SHOW_EVERY_S or state.global_step in (1, state.max_steps):
            self.shown = now
            accuracy = f" | token accuracy {row['token_accuracy']:.3f}" if "token_accuracy" in row else ""
            left = (now - self.began) / state.global_step * (state.max_steps - state.global_step)
            print(
                f"step {state.global_step}/{state.max_steps} | loss {row['loss']:.3f}{accuracy} | {left:.0f} s left",
                flush=True,
            )


class WholeCheckpoints(TrainerCallback):
    """Marks a checkpoint whole once all of it is written: resuming passes over the others."""

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.is_world_process_zero:
            mark_complete(Path(args.output_dir) / f"checkpoint-{state.global_step}")
