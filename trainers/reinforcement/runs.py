"""A training run's folder and what is said around it: header, dry run, before and after, result."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from synthetic1.evaluation.evaluation import Evaluation
from synthetic1.evaluation.scored_rollout import ScoredRollout
from synthetic1.jobs import command_line
from synthetic1.jobs.models import model_facts
from synthetic1.jobs.program import ProgramError, validate
from synthetic1.jobs.provenance import peak_memory, phase_time, versions
from synthetic1.jobs.same_run import ALWAYS_MAY_CHANGE, JUDGE_MAY_CHANGE, check_same_run
from synthetic1.jobs.source_identity import fingerprint, keep_fingerprint, read_fingerprint
from synthetic1.reports import terminal
from synthetic1.reports.run_folder import RunFolder
from synthetic1.reports.statistics import paired_test
from synthetic1.reports.storage import json_bytes, replace_file
from synthetic1.rewards.judging.trust import Trust
from synthetic1.tasks.sources.bad_rows import FILE as BAD_ROWS
from synthetic1.tasks.sources.bad_rows import count_bad_rows
from synthetic1.tasks.sources.source import TaskSource
from synthetic1.trainers.checkpoints import last_complete, step_of
from synthetic1.trainers.memory.estimate import MemoryEstimate
from synthetic1.trainers.reinforcement.settings import GrpoSettings, RolloutSettings, TrainerSettings
from synthetic1.trainers.reinforcement.train_set import TrainSet

SHOWN_AFTER = 12  # held-out samples kept of the last evaluation
MAY_CHANGE = (
    ALWAYS_MAY_CHANGE
    | {"bad_rows", "check_memory", "engine", "ray", "report_to", "samples"}
    | {"trainer.max_steps", "trainer.save_every", "trainer.sample_every", "trainer.micro_batch"}
    | {"eval.every", "eval.n_during", "eval.batch_size"}
    | {f"judge.{name}" for name in JUDGE_MAY_CHANGE}
)
"""Settings that a resumed run may change: none of them changes what is learned or measured."""


def folder(settings: GrpoSettings) -> Path:
    return (Path(settings.runs) / "grpo" / settings.name).absolute()


def header(
    settings: GrpoSettings,
    train_set: TrainSet,
    eval_tasks: int,
    longest: int,
    ranks: int,
    memory: MemoryEstimate,
    judges: Sequence[Trust] = (),
) -> dict[str, Any]:
    """The facts at the top of a run."""
    t, r = settings.trainer, settings.rollout
    rollout = t.prompts_per_step * t.updates_per_rollout * t.group_size
    bad = count_bad_rows(train_set.tasks)
    return {
        "env": train_set.tasks.name,
        **model_facts(t.compute_dtype, settings.model),
        "rollout": f"{r.backend}, up to {r.max_completion_length:,} tokens, temperature {r.temperature:g}, "
        f"top_p {r.top_p:g}",
        "vLLM": _vllm(r),
        "processes": ranks if ranks > 1 else None,
        "rollout_batch": f"{t.prompts_per_step * t.updates_per_rollout} tasks × {t.group_size} = {rollout} completions",
        "update": f"{t.prompts_per_step * t.group_size} completions, {t.updates_per_rollout} update(s) a rollout",
        "micro_batch": f"{t.micro_batch} completions at once on each process"
        + (", gradient checkpointing" if t.gradient_checkpointing else ""),
        "steps": t.max_steps,
        "optimizer": f"{t.extra.get('optim', 'AdamW')}, learning rate {t.learning_rate:g} ({t.lr_scheduler}, "
        f"{t.warmup_steps} steps of warm-up), gradients up to {t.max_grad_norm:g}, weight decay {t.weight_decay:g}, "
        f"beta2 {t.adam_beta2:g}",
        "loss": f"{t.loss_type}, ratios between {max(1 - t.epsilon, 0):g} and {1 + (t.epsilon_high or t.epsilon):g}, "
        f"KL {t.beta:g}, advantages over the deviation of: {t.scale_rewards}"
        + (", nothing of completions that were cut off" if t.mask_truncated_completions else ""),
        "more": ", ".join(f"{name} {value}" for name, value in t.extra.items()) or None,
        "sampling": in_words(t),
        "tasks": f"{len(train_set.tasks)} to learn from, {eval_tasks} held out; longest prompt {longest} tokens",
        "evaluation": _evaluation(settings),
        "seed": settings.seed,
        "bad_rows": f"{bad:,}, left out; they are in {BAD_ROWS}" if bad else None,
        "judge": "; ".join(map(str, judges)) or None,
        "control": "rewards are shuffled: nothing can be learned" if t.shuffle_rewards else None,
        "memory": str(memory),
        "run_folder": str(folder(settings)),
    }


def _vllm(rollout: RolloutSettings) -> str | None:
    """What is said of vLLM: the settings that it has where it makes completions."""
    vllm = rollout.vllm
    if rollout.backend == "vllm_server":
        return f"{vllm.server_base_url}, waited for {vllm.server_wait_s:g} s"
    if rollout.backend != "vllm_colocate":
        return None
    longest = f"{vllm.max_model_length:,} tokens" if vllm.max_model_length else "the longest prompt and completion"
    sleeps = ", asleep during updates" if vllm.sleep else ""
    return (
        f"{vllm.gpu_memory_utilization:.0%} of a GPU's memory, {vllm.tensor_parallel_size} GPU(s) a copy of the model, "
        f"room for {longest}{sleeps}"
    )


def _evaluation(settings: GrpoSettings) -> str | None:
    """What is measured on how many held-out tasks, and when."""
    e = settings.eval
    if not e.n:
        return None
    during = f"; {e.n_during} every {e.every} steps" if e.every else ""
    at_once = f", {e.batch_size} at once" if settings.eval_engine == "transformers" else ""
    sampled = "sampled and greedy" if e.greedy else "sampled"
    return f"{e.n} tasks before and after, {sampled}{during}; by {settings.eval_engine}{at_once}"


def in_words(trainer: TrainerSettings) -> str:
    """Which tasks are learned from."""
    d = trainer.difficulty
    if trainer.sampling == "curriculum" and not trainer.curriculum:
        return f"curriculum: the next level above a pass rate of {d.advance_at:g}, {d.review:.0%} from the ones below"
    said = {
        "adaptive": f"adaptive: by what a group is expected to teach, {d.explore:.0%} in order",
        "dynamic": f"dynamic: groups all right or all wrong are replaced, by at most {d.max_refills} × the batch",
    }.get(trainer.sampling, "")
    phases = ", ".join(f"levels {phase.levels} up to {phase.until:.0%}" for phase in trainer.curriculum)
    return "; ".join(filter(None, (said, phases and f"curriculum: {phases}"))) or "uniform: in order"


def open_run(settings: GrpoSettings, path: Path, tasks: TaskSource) -> RunFolder:
    """Create or go on with the run folder; an older run is put aside under ``overwrite=true``.

    Args:
        tasks: what is learned from.

    Raises:
        RunFolderError: the folder is in use, or cannot be written.
    """
    if settings.overwrite and (before := RunFolder.put_aside(path)):
        print(f"the run before this one is now {before.name}")
    run = RunFolder.create(path, resume=settings.resume)
    if settings.resume:
        check_resumed(run, settings, tasks)
    checkpoint = last_complete(path / "checkpoints") if settings.resume else None
    if settings.resume:
        run.truncate_after(step_of(checkpoint) if checkpoint else -1)
        print(
            f"going on from step {step_of(checkpoint)}" if checkpoint else "no whole checkpoint: starting from step 0"
        )
    run.write_config(settings.model_dump(mode="json"))
    keep_fingerprint(path, fingerprint(tasks, ordered=True))
    return run


def check_resumed(run: RunFolder, settings: GrpoSettings, tasks: TaskSource) -> None:
    """A resumed run learns and measures the same thing as before; only how long and how it is shown may change.

    Tasks are the same if their content and their order are, whatever the path to them. Under the same path they may
    have changed; that is said.

    Raises:
        ProgramError: names the settings that differ.
    """
    stored, wanted = run.read_config(), settings.model_dump(mode="json")
    with suppress(ProgramError):  # a setting that is younger than the run had its default's meaning
        stored = validate(GrpoSettings, stored).model_dump(mode="json") if stored else stored
    known, now = read_fingerprint(run.path), fingerprint(tasks, ordered=True)
    if stored and check_same_run(run.path, stored, wanted, known_tasks=known, tasks=now, may_change=MAY_CHANGE):
        print(
            f"{tasks.name} has changed since this run began: from here on it learns from other tasks, in another order"
        )


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
        for rollout in sampled.rollouts[:SHOWN_AFTER]:
            run.log_sample(rollout.row(step, phase))
        terminal.show_step({"step": step, "eval": measured})
    return measured


def result(
    settings: GrpoSettings,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    times: dict[str, float],
    run: RunFolder,
    judges: Sequence[Trust] = (),
    judge_usage: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """``result.json``: the numbers a person would quote; totals cover every session of a resumed run, but for
    ``judge_usage``, what the judge cost since this one began."""
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
        "judge_usage": judge_usage,
        "shuffled_rewards": settings.trainer.shuffle_rewards,
        "injected_noise": noise.model_dump() if (noise := settings.trainer.inject_noise) else None,
        "steps": settings.trainer.max_steps,
        "completions": sum(row.get("generated_completions") or row.get("completions") or 0 for row in steps),
        "reward_share": spent["score"] / spent["step"] if spent["step"] else None,
        "step_seconds": round(spent["step"], 1),
        "seconds": {k: round(v, 1) for k, v in times.items()},
        "peak_memory_gib": round(peak_memory() / 2**30, 2),
        "versions": versions(),
    }


def show_dry_run(rollout: ScoredRollout, settings: GrpoSettings) -> None:
    """One rollout of the untrained model, verified, and what would have happened next."""
    print("\ndry run: one task, one completion, one verdict")
    print(f"  task     {rollout.task.problem_id}")
    print(f"  answer   {rollout.verdict.answer!r}")
    print(f"  verdict  {rollout.verdict.reason}, score {rollout.score}")
    print(f"all is well; without dry_run=true, {settings.trainer.max_steps} steps follow")


def stopped(settings: GrpoSettings, step: int) -> str:
    """What is said of a run that was stopped: the command that goes on with it."""
    return f"stopped at step {step} with a checkpoint; {command_line.going_on(overwrites=settings.overwrite)}"
