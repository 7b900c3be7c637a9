"""How many tokens each sampling needs to learn the same: ``trainer.sampling`` uniform, dynamic, adaptive, curriculum.

A model larger than the embedded one is cold-started from nothing on levels 1 to 6, short of mastering them. GRPO then
trains it once for every sampling and seed, with the same settings; held-out pass@1 is measured every few steps. What
counts is generated tokens, those of dropped completions included, until pass@1 is what ``uniform`` ends with. As
evaluations are noisy, each curve is fitted by the nearest one that never falls (isotonic regression), the same for all.

    python benchmarks/sampling.py --json benchmarks/results/sampling.json       # hours; goes on where it was stopped
    python benchmarks/sampling.py --quick                                       # minutes: does it run, not how well

The model and every finished run stay in the folder ``--work``, under names that say what they were made with: other
options are other runs.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from record import report

ROOT = Path(__file__).resolve().parent.parent
SAMPLINGS = ("uniform", "dynamic", "adaptive", "curriculum")
COLORS = {"uniform": "#6b7480", "dynamic": "#d9822b", "adaptive": "#2a78d6", "curriculum": "#3d9970"}
OF_NO_RUN = ("json", "plot", "work", "jobs", "seeds", "quick")
"""Options that no single run depends on."""
TARGETS = {"adaptive_tokens_vs_uniform": "≤ 0.6", "dynamic_tokens_vs_uniform": "≤ 0.6"}
QUICK = {
    "model": "embedded",
    "levels": "1-3",
    "steps": 4,
    "every": 2,
    "n": 16,
    "prompts": 2,
    "group": 4,
    "length": 32,
    "learning_rate": 1e-3,
    "seeds": [0],
}


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="the embedded model, four steps and one seed a sampling")
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write rows, ratios, curves, machine and versions there"
    )
    parser.add_argument("--plot", type=Path, metavar="FILE", help="the picture; beside the JSON if not given")
    parser.add_argument("--work", type=Path, default=ROOT / "runs/sampling", help="where the model and the runs stay")
    model = parser.add_argument_group("the model that is cold-started")
    model.add_argument("--model", metavar="FOLDER", help="train this one instead")
    model.add_argument("--hidden", type=int, default=192, help="hidden size")
    model.add_argument("--layers", type=int, default=6)
    model.add_argument("--trace-steps", type=int, default=3_000, help="batches of 64 traces")
    model.add_argument("--mixed-steps", type=int, default=100, help="batches of traces and direct answers")
    model.add_argument("--direct-share", type=float, default=0.65, help="share of direct answers in the latter")
    run = parser.add_argument_group("a run of GRPO")
    run.add_argument("--levels", default="1-6")
    run.add_argument("--size", type=int, default=4_000, help="tasks to learn from")
    run.add_argument("--steps", type=int, default=120)
    run.add_argument("--every", type=int, default=10, help="steps between evaluations")
    run.add_argument("--n", type=int, default=600, help="held-out tasks")
    run.add_argument("--prompts", type=int, default=16, help="tasks a step")
    run.add_argument("--group", type=int, default=8, help="completions a task")
    run.add_argument("--length", type=int, default=256, help="tokens of a completion")
    run.add_argument("--learning-rate", type=float, default=3e-4)
    run.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    run.add_argument("--jobs", type=int, default=1, help="runs at a time, which share the cores")
    options = parser.parse_args()
    if options.quick:
        vars(options).update(QUICK, work=options.work / "quick")
    return options


# The model ---------------------------------------------------------------------------------------------------------


def cold_started(options: argparse.Namespace) -> str:
    """The folder of the model that all runs begin with, built if it is not there."""
    if options.model:
        return str(options.model)
    from synthetic1.tasks.programs.levels import parse_levels

    size = f"{options.hidden}x{options.layers}"
    steps = f"{options.trace_steps}-{options.mixed_steps}-{options.direct_share:g}"
    folder: Path = options.work / f"model-{size}-{options.levels}-{options.length}-{steps}"
    if not (folder / "build.json").is_file():  # written last
        build(folder, options, list(parse_levels(options.levels)))
    return str(folder.absolute())


def build(folder: Path, options: argparse.Namespace, levels: list[int]) -> None:
    """The embedded model's cold start (see ``trainers/build_embedded_model.py``), a size up."""
    import torch
    from transformers import GenerationConfig, Qwen3Config, Qwen3ForCausalLM

    from synthetic1.trainers.build_embedded_model import BATCH, ColdStartData, make_model, save, train
    from synthetic1.trainers.embedded_model.tokenizer import build_tokenizer

    torch.manual_seed(0)
    tokenizer = build_tokenizer()
    larger = {
        "hidden_size": options.hidden,
        "intermediate_size": 3 * options.hidden,
        "num_hidden_layers": options.layers,
        "num_attention_heads": options.hidden // 32,
        "num_key_value_heads": options.hidden // 32,
        "layer_types": None,
    }
    model = Qwen3ForCausalLM(Qwen3Config(**{**make_model(tokenizer).config.to_dict(), **larger}))
    weights = sum(p.numel() for p in model.parameters())
    print(f"cold start: {weights:,} weights, levels {options.levels}", flush=True)
    most = BATCH * (options.trace_steps + options.mixed_steps)
    data = ColdStartData(tokenizer, levels, 0, most=most, longest=options.length)
    train(model, tokenizer, data, steps=options.trace_steps, direct_share=0.0, peak=1.0)
    train(model, tokenizer, data, steps=options.mixed_steps, direct_share=options.direct_share, peak=0.3)
    model.generation_config = GenerationConfig(
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id, do_sample=True, temperature=1.0
    )
    save(model, tokenizer, folder)
    (folder / "build.json").write_text(json.dumps({"weights": weights, "levels": levels}) + "\n")


# The runs ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LearningCurve:
    """Held-out pass@1 of one run, and the tokens generated before each measurement."""

    sampling: str
    seed: int
    tokens: list[int]
    pass_at_1: list[float]
    seconds: float
    """That the run took, evaluations left out."""

    def fitted(self) -> np.ndarray[Any, Any]:
        """The nearest curve that never falls (pool adjacent violators)."""
        blocks: list[list[float]] = []
        for value in self.pass_at_1:
            blocks.append([value, 1.0])
            while len(blocks) > 1 and blocks[-2][0] >= blocks[-1][0]:
                value, n = blocks.pop()
                mean, m = blocks[-1]
                blocks[-1] = [(mean * m + value * n) / (m + n), m + n]
        return np.repeat([mean for mean, _ in blocks], [int(n) for _, n in blocks])

    def tokens_to(self, target: float) -> float | None:
        """Tokens until the fitted curve reaches ``target``, straight between measurements; ``None``: it never does."""
        fitted = self.fitted()
        if fitted[-1] < target:
            return None
        after = int(np.argmax(fitted >= target))
        if after == 0:
            return 0.0
        share = (target - fitted[after - 1]) / (fitted[after] - fitted[after - 1])
        return float(self.tokens[after - 1] + share * (self.tokens[after] - self.tokens[after - 1]))


def command(model: str, sampling: str, seed: int, options: argparse.Namespace) -> list[str]:
    """What a person would type; ``resume=true`` also begins a run."""
    return [
        *(sys.executable, str(ROOT / "trainers/grpo.py"), f"model={model}", "model.dtype=float32"),
        *(
            f"runs={options.work.absolute()}",
            f"run_name={run_name(sampling, seed, options)}",
            f"seed={seed}",
            "resume=true",
        ),
        *("env=code_understanding", f"env.level={options.levels}", f"env.size={options.size}"),
        *(f"trainer.sampling={sampling}", f"trainer.max_steps={options.steps}"),
        *(f"trainer.prompts_per_step={options.prompts}", f"trainer.group_size={options.group}"),
        *(f"trainer.learning_rate={options.learning_rate:g}", "trainer.gradient_checkpointing=false"),
        *(f"rollout.max_completion_length={options.length}", f"trainer.save_every={options.every}"),
        *(f"eval.n={options.n}", f"eval.n_during={options.n}", f"eval.every={options.every}", "eval.greedy=false"),
    ]


def run_all(model: str, options: argparse.Namespace) -> list[LearningCurve]:
    """Every run that is not finished yet, ``jobs`` at a time; then all of them."""
    wanted = [(sampling, seed) for seed in options.seeds for sampling in SAMPLINGS]
    left = [pair for pair in wanted if not (run_folder(*pair, options) / "result.json").is_file()]
    threads = str(max(1, len(os.sched_getaffinity(0)) // options.jobs))
    for start in range(0, len(left), options.jobs):
        began = [
            subprocess.Popen(
                command(model, *pair, options),
                cwd=ROOT,
                env={**os.environ, "OMP_NUM_THREADS": threads},
                stdout=None if options.jobs == 1 else subprocess.DEVNULL,
            )
            for pair in left[start : start + options.jobs]
        ]
        if failed := [process.args for process in began if process.wait()]:
            raise SystemExit(f"failed: {failed}")
    return [curve_of(*pair, options) for pair in wanted]


def run_folder(sampling: str, seed: int, options: argparse.Namespace) -> Path:
    return Path(options.work) / "grpo" / run_name(sampling, seed, options)


def run_name(sampling: str, seed: int, options: argparse.Namespace) -> str:
    """With a digest of all options that a run depends on, those of its model included."""
    made_with = sorted((name, value) for name, value in vars(options).items() if name not in OF_NO_RUN)
    digest = hashlib.sha256(json.dumps(made_with, default=str).encode()).hexdigest()[:8]
    return f"{sampling}-{seed}-{digest}"


def curve_of(sampling: str, seed: int, options: argparse.Namespace) -> LearningCurve:
    rows = [json.loads(row) for row in (run_folder(sampling, seed, options) / "metrics.jsonl").read_text().splitlines()]
    tokens, found = 0, {}
    for row in rows:  # by step: a run that was resumed may have measured one twice
        tokens += row.get("generated_tokens", 0)
        if "eval" in row:
            found[row["step"]] = tokens, row["eval"]["pass_at_1"]
    seconds = sum(row["seconds"]["step"] for row in rows if "seconds" in row)
    return LearningCurve(sampling, seed, *map(list, zip(*found.values(), strict=True)), round(seconds, 1))


# What came of it ---------------------------------------------------------------------------------------------------


def compared(curves: Sequence[LearningCurve]) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """A row a run, and for each sampling its tokens over those of ``uniform``, in all seeds together.

    A run that never got as far counts with all its tokens, and its row says so: the ratio is then a lower bound.
    """
    uniform = {curve.seed: curve for curve in curves if curve.sampling == "uniform"}
    rows: list[dict[str, Any]] = []
    spent: dict[str, float] = dict.fromkeys(SAMPLINGS, 0.0)
    for curve in curves:
        target = float(uniform[curve.seed].fitted()[-1])
        needed = curve.tokens_to(target)
        spent[curve.sampling] += curve.tokens[-1] if needed is None else needed
        rows.append(
            {
                "sampling": curve.sampling,
                "seed": curve.seed,
                "before": round(curve.pass_at_1[0], 3),
                "after": round(float(curve.fitted()[-1]), 3),
                "target": round(target, 3),
                "tokens": curve.tokens[-1],
                "tokens_to_target": round(curve.tokens[-1] if needed is None else needed),
                "reached": needed is not None,
                "train_s": curve.seconds,
            }
        )
    ratios = {
        f"{sampling}_tokens_vs_uniform": spent[sampling] / spent["uniform"] if spent["uniform"] else 1.0
        for sampling in SAMPLINGS[1:]
    }
    return rows, ratios


def plot(curves: Sequence[LearningCurve], path: Path) -> None:
    """pass@1 against generated tokens: a thin line a seed, a thick one for their mean."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.0, 4.0), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for sampling in SAMPLINGS:
        ours = [curve for curve in curves if curve.sampling == sampling]
        for curve in ours:
            axes.plot(np.array(curve.tokens) / 1e6, curve.pass_at_1, color=COLORS[sampling], linewidth=0.7, alpha=0.4)
        grid = np.linspace(0, min(curve.tokens[-1] for curve in ours), 60)
        mean = np.mean([np.interp(grid, curve.tokens, curve.fitted()) for curve in ours], axis=0)
        axes.plot(grid / 1e6, mean, color=COLORS[sampling], linewidth=2.2, label=sampling)
    axes.set_xlabel("generated tokens, in millions (dropped ones included)")
    axes.set_ylabel("pass@1 on held-out tasks")
    axes.legend(frameon=False, loc="lower right")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


def main() -> None:
    options = parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    curves = run_all(cold_started(options), options)
    rows, ratios = compared(curves)
    report(rows, ratios, packages=("torch", "transformers", "trl"), json_file=options.json, targets=TARGETS)
    if options.json:
        kept = json.loads(options.json.read_text())
        kept["curves"] = [vars(curve) for curve in curves]
        kept["settings"] = {k: v for k, v in vars(options).items() if k not in ("json", "plot", "work", "jobs")}
        options.json.write_text(json.dumps(kept, indent=1) + "\n")
    picture = options.plot or (options.json.with_suffix(".png") if options.json else options.work / "sampling.png")
    plot(curves, picture)
    print(f"picture: {picture}")


if __name__ == "__main__":
    main()
