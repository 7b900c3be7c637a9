"""A verifier that errs, and its correction: where noise teaches the wrong thing, and what known rates give back.

The reward is correctness plus a small bonus for short completions. The bonus alone does not pay: thoughts make right
answers, and a right answer is worth more. A verifier that accepts 35% of wrong answers and rejects 35% of right ones
leaves 0.3 of that worth, so that with the same weights to be brief pays more than to be right: pass@1 stays on a
plateau. Correction gives both their weights again. Rewards alone are noisy (trainer.inject_noise); pass@1 is the
verifier's, on held-out tasks, before and after.

python benchmarks/noise.py --json benchmarks/results/noise.json
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from noise_rewards import LONGEST
from record import arguments, report

ROOT = Path(__file__).resolve().parent.parent
RATES = "{false_accept: 0.35, false_reject: 0.35}"
NOISY = [f"+trainer.inject_noise={RATES}"]
RUNS: dict[str, list[str]] = {
    "no noise": [],
    "noise": NOISY,
    "noise, corrected": [*NOISY, "trainer.noise_correction=true", f"+noise.code_output_prediction={RATES}"],
}
BREVITY = "rewards=[{name: brevity, weight: 0.6, function: 'noise_rewards:brevity'}]"
TARGETS = {"gain_noisy_vs_clean": "< 0.5", "gain_corrected_vs_clean": "≥ 0.8"}


def train(extra: list[str], seed: int, steps: int, held_out: int, folder: Path) -> dict[str, Any]:
    """``trainers/grpo.py`` as people run it; its ``result.json``."""
    command = [sys.executable, str(ROOT / "trainers/grpo.py"), "recipe=demo", BREVITY, f"runs={folder}", f"seed={seed}"]
    command += [f"trainer.max_steps={steps}", f"trainer.save_every={steps}", "eval.every=0", f"eval.n={held_out}"]
    command += [f"rollout.max_completion_length={LONGEST}"]
    here = {**os.environ, "PYTHONPATH": str(ROOT / "benchmarks")}
    subprocess.run([*command, *extra], check=True, stdout=subprocess.DEVNULL, cwd=ROOT, env=here)
    result: dict[str, Any] = json.loads(next(folder.glob("grpo/*/result.json")).read_text())
    last = [row for row in map(json.loads, next(folder.glob("grpo/*/metrics.jsonl")).open()) if "rewards" in row][-10:]
    return result | {"brevity": statistics.mean(row["rewards"]["brevity"]["mean"] for row in last)}


def main() -> None:
    options = arguments(__doc__ or "")
    steps, held_out, seeds = (4, 48, [0]) if options.quick else (130, 576, [0, 1, 2])
    rows: list[dict[str, Any]] = []
    gains: dict[str, list[float]] = {name: [] for name in RUNS}
    for seed in seeds:
        for name, extra in RUNS.items():
            with tempfile.TemporaryDirectory() as folder:
                result = train(extra, seed, steps, held_out, Path(folder))
            before, after = (result[phase]["pass_at_1"] for phase in ("before", "after"))
            gains[name].append(after - before)
            rows.append(
                {
                    "rewards": name,
                    "seed": seed,
                    "pass_at_1_before": before,
                    "pass_at_1_after": after,
                    "brevity_at_the_end": round(result["brevity"], 3),
                    "steps": steps,
                    "n": held_out,
                }
            )
            print(rows[-1], flush=True)
    clean = statistics.mean(gains["no noise"]) or float("nan")
    ratios = {
        "gain_noisy_vs_clean": statistics.mean(gains["noise"]) / clean,
        "gain_corrected_vs_clean": statistics.mean(gains["noise, corrected"]) / clean,
    }
    packages = ("torch", "transformers", "trl")
    report(rows, ratios, packages=packages, json_file=options.json, targets=TARGETS)


if __name__ == "__main__":
    main()
