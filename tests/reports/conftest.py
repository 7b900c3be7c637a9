"""A run as a trainer would leave it, made of seeded random numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from synthetic1.reports.run_folder import RunFolder

HOSTILE = (
    "</pre></script><script>alert(1)</script><img src=https://example.org/x onerror=alert(1)>\x00\x1b[2J\ud800\u202e&"
)

Metrics = Callable[[int, int], dict[str, Any]]


def metrics_row(step: int, steps: int) -> dict[str, Any]:
    draw = np.random.default_rng(step)
    reward = 0.3 + 0.5 * step / steps + 0.05 * float(draw.random())
    return {
        "step": step,
        "steps": steps,
        "reward": reward,
        "reward_std": 0.22,
        "pass_at_1": reward - 0.02,
        "zero_std_share": 0.25,
        "unscorable_share": 0.0,
        "length_mean": 81.4,
        "length_p10": 40.0,
        "length_p90": 150.0,
        "clip_share": 0.03,
        "think_share": 0.62,
        "entropy": 0.4,
        "logp_difference": 0.002,
        "loss": float(draw.normal()) / 100,
        "grad_norm": 0.5,
        "learning_rate": 2e-5,
        "tokens": 12_000,
        "tokens_per_s": 3_100.0,
        "kl": None,
        "seconds": {"step": 10.8, "generate": 6.1, "score": 0.01, "train": 4.2, "sync": 0.4, "other": 0.1},
        "by_level": {"1": {"n": 30, "pass_at_1": 0.9}, "2": {"n": 34, "pass_at_1": reward}},
        "by_part": {name: {"n": 32, "reward": reward, "pass_at_1": reward - 0.02} for name in ("easy", "hard")},
        "by_family": {"code_output_prediction": {"n": 64, "reward": reward, "pass_at_1": reward - 0.02}},
        "rewards": {"correctness": {"mean": reward, "std": 0.2, "n": 64}, "format": {"mean": 0.5, "std": 0.5, "n": 60}},
        "reasons": {
            "correct": 30,
            "wrong_answer": 24,
            "time_limit": 6,
            "no_answer": 2,
            "output_limit": 1,
            "tampered": 1,
        },
        "length_right": 70.0,
        "length_wrong": 95.5,
        "clip_ratios": {"low": 0.001, "high": 0.002, "all": 0.003},
        "memory_gib": {"resident": 2.5, "cuda": 41.0},
        "generated_tokens": 16_000,
        "dropped_share": 0.25,
        "missing_share": 0.0,
        "estimated_pass_rate": 0.5,
        "unlocked_level": 2,
        "unscorable_left_out": 0,
        "warnings": [],
    }


def sample_row(**changes: Any) -> dict[str, Any]:
    row = {
        "step": 3,
        "phase": "train",
        "task_id": "cu-1-7",
        "level": 1,
        "prompt": "What does main('ab') return?",
        "completion": '<think>b, a</think>{"output": "ba"}',
        "answer": "ba",
        "expected": "ba",
        "score": 1.0,
        "reason": "correct",
        "advantage": 0.9,
        "thinking": True,
    }
    return row | changes


def evaluation(pass_at_1: float, think_share: float) -> dict[str, Any]:
    def part(value: float, n: int) -> dict[str, Any]:
        return {"n": n, "pass_at_1": value, "ci95": [value - 0.031, value + 0.029]}

    return {
        "pass_at_1": pass_at_1,
        "ci95": [pass_at_1 - 0.031, pass_at_1 + 0.029],
        "greedy_pass_at_1": pass_at_1 + 0.037,
        "think_share": think_share,
        "by_level": {"10": part(pass_at_1 - 0.11, 171), "2": part(pass_at_1 + 0.13, 341)},
        "by_thinking": {
            "thinking": part(pass_at_1 + 0.05, 300) | {"share": think_share},
            "not_thinking": part(pass_at_1 - 0.07, 212) | {"share": 1 - think_share},
        },
    }


@pytest.fixture
def result() -> dict[str, Any]:
    return {
        "env": "synthetic1/code_understanding-v0",
        "env_kwargs": {"levels": [2, 10]},
        "model": "embedded",
        "rollout": "transformers",
        "seed": 0,
        "n": 512,
        "before": evaluation(0.3617, 0.41),
        "after": evaluation(0.8083, 0.92),
        "difference": 0.4466,
        "difference_ci95": [0.3987, 0.4921],
        "p_value": 1.2e-30,
        "levels": [2, 10],
        "seconds": {"total": 331.0, "setup": 6.0, "before": 12.0, "train": 300.0, "after": 13.0},
        "steps": 30,
        "completions": 3_840,
        "versions": {"synthetic1": "0.1.0"},
    }


@pytest.fixture
def step_row() -> Metrics:
    """``step_row(step, steps)``: a full row of metrics.jsonl."""
    return metrics_row


@pytest.fixture
def sample() -> Callable[..., dict[str, Any]]:
    """``sample(score=0.0, …)``: a full row of samples.jsonl."""
    return sample_row


@pytest.fixture
def hostile() -> str:
    """What a model may write: closing tags, scripts, NUL, terminal escapes, a lone surrogate, a bidi override."""
    return HOSTILE


@pytest.fixture
def finished_run(tmp_path: Path, result: dict[str, Any]) -> Path:
    """A run folder of 30 steps with everything in it, hostile completions included."""
    with RunFolder.create(tmp_path / "runs" / "grpo" / "first", resume=False) as run:
        run.write_config({"env": {"id": "synthetic1/code_understanding-v0"}, "note": HOSTILE})
        for step in range(1, 31):
            run.log_metrics(metrics_row(step, 30) | {"warnings": [f"all clipped {HOSTILE}"] if step > 28 else []})
            if step % 10 == 0:
                run.log_metrics({"step": step, "eval": {"pass_at_1": 0.5, "ci95": [0.44, 0.56], "n": 256}})
                run.log_sample(sample_row(step=step))
                run.log_sample(sample_row(step=step, score=0.0, reason="wrong_answer", answer="bb", advantage=-1.1))
        run.log_sample(sample_row(phase="before", answer=None, reason="no_answer", score=0.0, completion=HOSTILE))
        run.log_sample(
            sample_row(phase="after", step=30, completion="x" * 100_000 + HOSTILE, answer=HOSTILE, task_id=HOSTILE)
        )
        run.log_sample(sample_row(score=None, reason="unscorable_infra", expected=HOSTILE, level=None))
        run.write_result(result)
    return tmp_path / "runs" / "grpo" / "first"
