"""What a run says and writes while it trains: metrics, rollouts, warnings."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from transformers import TrainerCallback

from synthetic1.reports import terminal
from synthetic1.reports.live_page import LivePage
from synthetic1.reports.run_folder import RunFolder
from synthetic1.trainers.reinforcement.grpo_trainer import VerifiedGRPOTrainer
from synthetic1.trainers.reinforcement.measures import rollout_measures
from synthetic1.trainers.reinforcement.outcomes import clip_ratios, memory_gib, outcome_measures
from synthetic1.trainers.reinforcement.sample_log import SampleLog
from synthetic1.trainers.reinforcement.watch import Watch

Evaluate = Callable[[int], dict[str, Any]]


class RunRecorder(TrainerCallback):
    """Writes a row and the samples of a step, shows a line of it, and keeps the run's page up to date.

    Args:
        run: the run folder; ``None`` on ranks other than 0, which write and show nothing.
        page: of the run, which is written again now and then.
        watch: what a step is warned about.
        sample_every: steps between two best-and-worst pairs.
        steps_per_rollout: of which the first alone has completions.
        all_samples: every completion is kept.
        evaluate: called every ``eval_every`` steps (on every rank) with a number of steps; its summary is recorded.
    """

    def __init__(
        self,
        trainer: VerifiedGRPOTrainer,
        run: RunFolder | None,
        *,
        page: LivePage,
        watch: Watch,
        sample_every: int,
        steps_per_rollout: int,
        all_samples: bool,
        evaluate: Evaluate,
        eval_every: int,
    ) -> None:
        self.trainer, self.run, self.page, self.watch = trainer, run, page, watch
        self.samples = SampleLog(run, every=sample_every, apart=steps_per_rollout, all_=all_samples) if run else None
        self.evaluate, self.eval_every = evaluate, eval_every
        self.started = 0.0
        self.step_seconds = 0.0
        self.paces: list[float] = []

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.page.doing("training")

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.started = time.perf_counter()

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.step_seconds = time.perf_counter() - self.started

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
        logs = logs or {}
        if "loss" not in logs:  # the closing summary of transformers
            return
        seconds = self.trainer.clock.take()
        inside = sum(seconds.get(k, 0.0) for k in ("generate", "score", "sync", "other"))
        times = {k: seconds.get(k, 0.0) for k in ("generate", "score", "sync", "other")}
        times |= {"step": self.step_seconds, "train": max(self.step_seconds - inside, 0.0)}
        # With several updates a rollout, only its first step has completions to report.
        rollouts = self.trainer.rollouts if times["generate"] > 0.0 else []
        dropped = self.trainer.dropped if rollouts else []
        made = self.trainer.sampling_measures() if rollouts else {}
        generated = made.get("generated_tokens", 0)
        row = {
            "step": state.global_step,
            "steps": state.max_steps,
            **rollout_measures(rollouts, self.trainer.num_generations, dropped),
            **outcome_measures(rollouts, dropped),
            "loss": logs.get("loss"),
            "grad_norm": logs.get("grad_norm"),
            "learning_rate": logs.get("learning_rate"),
            "kl": logs.get("kl"),
            "entropy": logs.get("entropy"),
            "clip_ratios": clip_ratios(logs),
            "logp_difference": logs.get("sampling/sampling_logp_difference/mean"),
            "completions": len(rollouts),
            "tokens": sum(r.tokens for r in rollouts),
            **made,
            "tokens_per_s": generated / self.step_seconds if generated and self.step_seconds else None,
            "seconds": times,
            "memory_gib": memory_gib(),
        }
        row["warnings"] = self.watch.warnings(row)
        if self.run is not None and self.samples is not None:
            row["unscorable_left_out"], best, worst = self.samples.write(state.global_step, rollouts, dropped)
            self.run.log_metrics(row, trainer=logs)
            self.paces = [*self.paces[-9:], self.step_seconds]
            terminal.show_step(row, seconds_per_step=sum(self.paces) / len(self.paces))
            terminal.show_samples(best, worst)
        last = state.global_step >= state.max_steps  # the evaluation after training says that one
        if self.eval_every and state.global_step % self.eval_every == 0 and not last:
            self._held_out(state.global_step)
        self.page.refresh()

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if self.run is not None:
            print(f"checkpoint at step {state.global_step}", flush=True)

    def _held_out(self, step: int) -> None:
        """A held-out evaluation, on every rank."""
        summary = self.evaluate(step)
        if self.run is not None:
            row = {"step": step, "eval": {k: summary[k] for k in ("pass_at_1", "ci95", "n", "think_share")}}
            self.run.log_metrics(row)
            terminal.show_step(row)
