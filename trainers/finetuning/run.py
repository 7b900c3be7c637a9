"""A supervised run's folder, TRL configuration, and what is recorded of it."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from math import ceil, isfinite
from pathlib import Path
from typing import Any

from transformers import TrainerCallback
from trl import SFTConfig

from synthetic1.jobs.models import compute_dtype, model_facts
from synthetic1.jobs.program import ProgramError, validate
from synthetic1.jobs.provenance import peak_memory, versions
from synthetic1.jobs.same_run import ALWAYS_MAY_CHANGE, check_same_run
from synthetic1.reports.run_folder import RunFolder
from synthetic1.trainers.checkpoints import last_complete, mark_complete, step_of
from synthetic1.trainers.finetuning.data import Tokenized
from synthetic1.trainers.finetuning.order import SampleOrder, lean_micro_batch
from synthetic1.trainers.finetuning.settings import SftSettings
from synthetic1.trainers.trl_extra import FIXED, check_extra

# Fields of SFTConfig that the run folder, resuming or the samples rest on, and what people set instead; beside
# trl_extra.OF_BOTH.
DERIVED = {
    "assistant_only_loss": f"{FIXED}the loss is on completions alone",
    "completion_only_loss": f"{FIXED}the loss is on completions alone",
    "dataset_kwargs": f"{FIXED}samples come tokenized",
    "gradient_accumulation_steps": "trainer.batch_size",
    "logging_nan_inf_filter": f"{FIXED}a run ends at a loss that is not finite",
    "max_length": "trainer.max_length",
    "num_train_epochs": "trainer.epochs",
    "packing": "trainer.packing",
    "padding_free": "trainer.packing",
    "train_sampling_strategy": f"{FIXED}the order of samples is a function of seed and epoch",
    "warmup_steps": "trainer.warmup_share",
}
MAY_CHANGE = (
    ALWAYS_MAY_CHANGE
    | {"check_memory", "report_to"}
    | {f"trainer.{name}" for name in ("max_steps", "epochs", "save_every", "micro_batch", "packing")}
)
"""Settings that a resumed run may change: none of them changes what an update learns from."""
SHOW_EVERY_S = 5.0


def folder(settings: SftSettings) -> Path:
    return (Path(settings.runs) / "sft" / settings.name).absolute()


def sft_config(settings: SftSettings, output: Path, processes: int) -> SFTConfig:
    """TRL's configuration, derived from ours; ``trainer.extra`` says the rest.

    Raises:
        ValueError: sizes that do not divide; a field that TRL does not know, or will not have.
    """
    import torch

    t = settings.trainer
    micro = settings.micro_batch(processes)
    on_cpu = not torch.cuda.is_available()
    fields: dict[str, Any] = {
        "output_dir": str(output),
        "per_device_train_batch_size": micro,
        "gradient_accumulation_steps": t.batch_size // (micro * processes),
        "num_train_epochs": t.epochs or 1.0,
        "max_steps": t.max_steps or -1,
        "max_length": None,  # samples that are too long have been left out; nothing is cut here
        "dataset_kwargs": {"skip_prepare_dataset": True},
        "padding_free": t.packing,
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
        "logging_nan_inf_filter": False,  # it would show the mean of the steps before instead; see LossRecorder
        "report_to": "none",
        "disable_tqdm": True,
        "seed": settings.seed,
        "use_cpu": on_cpu,
        # Autocast: matrices are multiplied in bfloat16, weights and optimizer stay as model.dtype has them.
        "bf16": compute_dtype(t.compute_dtype, settings.model) == "bfloat16",
        "dataloader_pin_memory": not on_cpu,
    }
    check_extra(t.extra, fields, DERIVED, SFTConfig)
    return SFTConfig(**{**fields, **t.extra})


def with_little_padding(
    asked: SftSettings, fitting: SftSettings, lengths: Sequence[int], processes: int
) -> SftSettings:
    """``fitting`` with a smaller micro batch, where none was asked for and the largest that fits is mostly padding."""
    import torch

    if asked.trainer.micro_batch is not None or asked.trainer.packing:
        return fitting
    device = "cuda" if torch.cuda.is_available() else "cpu"
    size, largest = asked.trainer.batch_size, fitting.micro_batch(processes)
    micro = lean_micro_batch(lengths, batch_size=size, fits=largest, device=device)
    return fitting.model_copy(update={"trainer": fitting.trainer.model_copy(update={"micro_batch": micro})})


def header(
    settings: SftSettings, samples: Tokenized, order: SampleOrder, limit: int, ranks: int, attention: str
) -> dict[str, Any]:
    """The facts at the top of a run."""
    t = settings.trainer
    left_out = []
    if samples.too_long:
        left_out.append(f"{samples.too_long:,} longer than {limit:,} tokens: {', '.join(samples.dropped)}")
    if samples.missing_reasoning:
        left_out.append(f"{samples.missing_reasoning:,} without a thought, where the template opens one")
    steps, each = t.steps(order.updates_per_epoch), len(samples.rows) / order.updates_per_epoch
    tokens = sum(samples.lengths) / order.updates_per_epoch
    passes = f"{steps:,}, {order.updates_per_epoch:,} an epoch: {steps / order.updates_per_epoch:.3g} epochs"
    return {
        "data": ", ".join(settings.paths),
        **model_facts(t.compute_dtype, settings.model),
        "processes": ranks if ranks > 1 else None,
        "samples": f"{len(samples.rows):,}, {samples.tokens:,} completion tokens, the longest {samples.longest:,}",
        "left_out": "; ".join(left_out) or None,
        **samples.not_learned.facts(),
        "update": f"{each:,.4g} samples, {tokens:,.0f} tokens on average; {order.micro_batch:,} samples at once",
        "packing" if t.packing else "padding": _layout(order, attention if t.packing else None),
        "steps": passes,
        "learning_rate": f"{t.learning_rate:g}, {t.lr_scheduler}, warm-up over {ceil(steps * t.warmup_share):,} steps",
        "optimizer": f"{t.extra.get('optim', 'AdamW')}, gradients up to {t.max_grad_norm:g}, weight decay "
        f"{t.weight_decay:g}, beta2 {t.adam_beta2:g}",
        "more": ", ".join(f"{name} {value}" for name, value in t.extra.items()) or None,
        "checkpointing": "of gradients: less memory, more computing" if t.gradient_checkpointing else None,
        "seed": settings.seed,
        "run_folder": str(folder(settings)),
    }


def _layout(order: SampleOrder, attention: str | None) -> str:
    """How samples lie in memory; with an ``attention``, without padding."""
    if attention is None:
        return f"{order.padded_share():.0%} of the tokens of a batch; samples of an update are sorted by length"
    row = f"rows of up to {order.largest_batch():,} tokens, none of it padding; attention {attention}"
    return row if "flash" in attention else f"{row} computes what it masks"


def open_run(settings: SftSettings, path: Path, steps: int) -> RunFolder:
    """Create or go on with the run folder; an older run is put aside under ``overwrite=true``.

    Raises:
        RunFolderError: the folder is in use, or cannot be written.
        ProgramError: a resumed run has other settings, or has made more than ``steps`` already.
    """
    if settings.overwrite and (before := RunFolder.put_aside(path)):
        print(f"the run before this one is now {before.name}")
    run = RunFolder.create(path, resume=settings.resume)
    config = settings.model_dump(mode="json")
    if settings.resume and (stored := run.read_config()):
        check_same_run(path, _whole(stored), config, may_change=MAY_CHANGE)
        made = step_of(last) if (last := last_complete(path / "checkpoints")) else 0
        if made > steps:
            raise ProgramError(
                f"{path} has made {made:,} steps, more than the {steps:,} asked for: give trainer.max_steps={made} or "
                "more (or more trainer.epochs), or choose another run_name="
            )
    run.write_config(config)
    return run


def check_folder(settings: SftSettings, path: Path) -> None:
    """Whether the folder could be used, without touching it.

    Raises:
        ProgramError: it holds a run.
    """
    if not (settings.resume or settings.overwrite) and (path / "config.yaml").exists():
        raise ProgramError(f"{path} holds a run already: go on with resume=true, or choose another run_name=")


def _whole(stored: dict[str, Any]) -> dict[str, Any]:
    """The settings of a run, where one that is younger than the run had its default's meaning."""
    with suppress(ProgramError):
        return validate(SftSettings, stored).model_dump(mode="json")
    return stored


def go_on(run: RunFolder, checkpoint: Path | None, settings: SftSettings, steps: int) -> bool:
    """Says where a run goes on, if it does, and what becomes of its learning rate; false if nothing is left to do.

    Its former result is taken away: it is not that of the longer run.
    """
    result = run.path / "result.json"
    if checkpoint is None:
        result.unlink(missing_ok=True)
        return True
    made = step_of(checkpoint)
    if made >= steps and result.exists():
        print(
            f"the run has ended at step {made:,}, as asked: nothing is left to do; more trainer.max_steps (or "
            f"trainer.epochs) go on from there\nmodel:  {run.path / 'model'}"
        )
        return False
    result.unlink(missing_ok=True)
    planned = json.loads((checkpoint / "trainer_state.json").read_text())["max_steps"]
    now = "" if planned == steps else f" (it was to end at {planned:,})"
    print(f"goes on after step {made:,} of {steps:,}{now}")
    if planned != steps and settings.trainer.lr_scheduler not in ("constant", "constant_with_warmup"):
        name = settings.trainer.lr_scheduler
        print(f"learning rate: from here on, {name} as of a run of {steps:,} steps; until here, as of {planned:,}")
    return True


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
        "fields_not_learned_from": dict(samples.not_learned.fields),
        "completion_tokens": samples.tokens,
        "steps": state.global_step,
        "loss_first": losses[0] if losses else None,
        "loss_last": losses[-1] if losses else None,
        "seconds": {"total": round(seconds, 1)},
        "peak_memory_gib": round(peak_memory() / 2**30, 2),
        "versions": versions(),
    }


class LossRecorder(TrainerCallback):
    """A row of ``metrics.jsonl`` a step; a line on the screen every few seconds; the end of a run that fails."""

    def __init__(self, run: RunFolder | None) -> None:
        self.run = run
        self.shown = 0.0
        self.began = self.step_began = time.perf_counter()
        self.first = 0
        self.tokens = 0

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.began, self.first = time.perf_counter(), state.global_step

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.step_began = time.perf_counter()

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
        logs = logs or {}
        if "loss" not in logs:
            return
        now = time.perf_counter()
        names = {"loss": "loss", "grad_norm": "grad_norm", "learning_rate": "learning_rate"}
        names |= {"mean_token_accuracy": "token_accuracy", "entropy": "entropy"}
        row = {"step": state.global_step, "steps": state.max_steps, "epoch": state.epoch}
        row |= {ours: logs[name] for name, ours in names.items() if name in logs}
        total = int(logs.get("num_tokens", 0))  # TRL counts from where this process began
        row["tokens"], self.tokens = total - self.tokens, total
        row["seconds"] = {"step": now - self.step_began}
        row["tokens_per_s"] = row["tokens"] / row["seconds"]["step"]
        row["memory_gib"] = {"resident": round(peak_memory() / 2**30, 3)}
        if self.run is not None:
            self.run.log_metrics(row, trainer=logs)
        self._check(row, args)
        if self.run is not None and (now - self.shown > SHOW_EVERY_S or state.global_step in (1, state.max_steps)):
            self.shown = now
            accuracy = f" | token accuracy {row['token_accuracy']:.3f}" if "token_accuracy" in row else ""
            pace = (now - self.began) / (state.global_step - self.first)
            print(
                f"step {state.global_step}/{state.max_steps} | loss {row['loss']:.3f}{accuracy} | "
                f"{row['tokens_per_s']:,.0f} tokens/s | {pace * (state.max_steps - state.global_step):.0f} s left",
                flush=True,
            )

    def _check(self, row: Mapping[str, Any], args: Any) -> None:
        """On every rank: all have the same numbers, and all stop.

        Raises:
            ProgramError: no step after this one could learn anything; nothing is saved of it.
        """
        bad = next((name for name in ("loss", "grad_norm") if not isfinite(row.get(name, 0.0))), None)
        if bad is not None:
            raise ProgramError(
                f"step {row['step']}: {bad.replace('_', ' ')} is {row[bad]}, and the weights with it: training has "
                f"stopped. Lower trainer.learning_rate ({args.learning_rate:g}) or trainer.max_grad_norm "
                f"({args.max_grad_norm:g}), or compute in trainer.compute_dtype=float32, in a new run"
            )


class WholeCheckpoints(TrainerCallback):
    """Marks a checkpoint whole once all of it is written: resuming passes over the others."""

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.is_world_process_zero:
            mark_complete(Path(args.output_dir) / f"checkpoint-{state.global_step}")
