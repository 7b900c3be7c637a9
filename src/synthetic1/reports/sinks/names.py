"""The names under which trackers see our numbers: TRL's wherever TRL has one, so that runs of both share a chart."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

LOSS = {"loss": "loss", "grad_norm": "grad_norm", "learning_rate": "learning_rate", "entropy": "entropy"}
TRAIN_NAMES: Mapping[str, Mapping[str, str]] = {
    "grpo": {
        **LOSS,
        # As trl.GRPOTrainer logs them.
        "kl": "kl",
        "reward": "reward",
        "reward_std": "reward_std",
        "zero_std_share": "frac_reward_zero_std",
        "length_mean": "completions/mean_length",
        "clip_share": "completions/clipped_ratio",
        "logp_difference": "sampling/sampling_logp_difference/mean",
        "seconds/step": "step_time",
        # Of which TRL has none.
        "length_p10": "completions/length_p10",
        "length_p90": "completions/length_p90",
        "completions": "completions/count",
        "tokens": "completions/tokens",
        "think_share": "completions/think_share",
    },
    "sft": {
        **LOSS,
        # As trl.SFTTrainer logs them.
        "token_accuracy": "mean_token_accuracy",
        "tokens": "num_tokens",
    },
}
"""Program → key of ``metrics.jsonl`` (of nested ones with ``/``) → name, which stands after ``train/``. A key that is
not here keeps its own name: ``pass_at_1``, ``unscorable_share``, ``tokens_per_s``, ``by_level/2/pass_at_1``."""
NOT_MEASURED = {"step", "steps", "phase"}
RESULT_PREFIX = {"evaluate": "eval/"}
"""Program → what stands before the numbers of its ``result.json``; ``result/`` of the others."""
RESULT_LEFT_OUT = {"scores", "versions", "env_kwargs", "sampling", "seed", "levels"}
"""Keys of ``result.json`` that measure nothing, or are a number for each task."""
SAMPLE_COLUMNS = (
    *("step", "prompt", "completion", "score", "advantage"),
    *("reason", "answer", "expected", "task_id", "level"),
)
"""Columns of the table of completions: TRL's first."""
COLUMN_NAMES = {"score": "reward"}


def of_metrics(program: str, row: Mapping[str, Any], also: Mapping[str, Any]) -> dict[str, float]:
    """The numbers of a row of ``metrics.jsonl``: of a step as ``train/…``, of an evaluation as ``eval/…``.

    Args:
        also: what TRL has logged of the step, by its own names, which win: they are TRL's numbers to the last digit.
    """
    if isinstance(row.get("eval"), Mapping):
        return {f"eval/{name}": value for name, value in numbers(row["eval"])}
    names = TRAIN_NAMES.get(program, {})
    ours = {names.get(key, key): value for key, value in numbers(row) if key not in NOT_MEASURED}
    return {f"train/{name}": value for name, value in (ours | dict(numbers(also))).items()}


def of_result(program: str, result: Mapping[str, Any]) -> dict[str, float]:
    """The numbers of ``result.json``. Those by level, family or language are an evaluation's alone: of a training run
    they would be most of a dashboard."""
    prefix = RESULT_PREFIX.get(program, "result/")
    shown = dict(numbers({key: value for key, value in result.items() if key not in RESULT_LEFT_OUT}))
    return {prefix + name: value for name, value in shown.items() if program == "evaluate" or "by_" not in name}


def of_sample(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of ``samples.jsonl`` as one of the table of completions."""
    return {COLUMN_NAMES.get(name, name): row.get(name) for name in SAMPLE_COLUMNS}


def numbers(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, float]]:
    """(name, number) of everything finite; what is nested is joined with ``/``, the ends of an interval are ``_low``
    and ``_high``. What could not be measured (None) has no number."""
    for key, value in values.items():
        name = f"{before}{key}"
        if isinstance(value, Mapping):
            yield from numbers(value, f"{name}/")
        elif isinstance(value, (list, tuple)) and len(value) == 2 and name.endswith("ci95"):
            yield from numbers({f"{name}_low": value[0], f"{name}_high": value[1]})
        elif isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
            yield name, float(value)
