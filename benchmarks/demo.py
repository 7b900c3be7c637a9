"""The main job, measured: ``make demo`` for three seeds, shuffled rewards as a control, supervised training alone.

Every number comes from held-out tasks: programs and inputs that no training saw. The supervised runs start from the
same model and take as many seconds of as many threads as the reinforcement learning of seed 0 did. Runs that the
``--json`` file holds already are not repeated, so an interrupted proof goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from record import machine, print_table, versions

ROOT = Path(__file__).resolve().parent.parent
SEEDS = (0, 1, 2)
QUICK = ("trainer.max_steps=6", "eval.n=64", "eval.every=0")


def grpo(name: str, folder: Path, *overrides: str) -> dict[str, Any]:
    """One run of the demo recipe; its ``result.json``, with the wall-clock seconds of the whole process."""
    command = [sys.executable, str(ROOT / "trainers" / "grpo.py"), "recipe=demo", f"runs={folder}", f"run_name={name}"]
    started = time.perf_counter()
    subprocess.run([*command, *overrides], check=True, cwd=ROOT)
    result: dict[str, Any] = json.loads((folder / "grpo" / name / "result.json").read_text())
    result["seconds"]["process"] = round(time.perf_counter() - started, 1)
    return result


def supervised(thread_seconds: float, direct_share: float, n: int) -> dict[str, Any]:
    """Go on with the cold start's own training for ``thread_seconds``, then measure as the demo does."""
    import torch

    from synthetic1.evaluation.evaluation import evaluate
    from synthetic1.evaluation.transformers_engine import TransformersEngine
    from synthetic1.inference.engine import Sampling
    from synthetic1.jobs import models
    from synthetic1.jobs.env_settings import EnvSettings
    from synthetic1.jobs.model_settings import ModelSettings
    from synthetic1.jobs.opening import held_out, open_environment
    from synthetic1.trainers.build_embedded_model import ColdStartData, train

    settings = ModelSettings(name="embedded")
    env = EnvSettings(id="synthetic1/code_understanding-v0", level="1-3", size=1600)  # type: ignore[call-arg]
    scorer = open_environment(env).scorer
    tasks = held_out(env, n)
    tokenizer, model = models.load_tokenizer(settings), models.load_model(settings)
    torch.manual_seed(0)
    data = ColdStartData(tokenizer, [1, 2, 3], seed=5)  # programs the cold start did not draw

    def measured() -> dict[str, Any]:
        engine = TransformersEngine(model, tokenizer)
        return evaluate(tasks, scorer, engine, Sampling(96, top_p=0.95)).summary()

    before = measured()
    threads = torch.get_num_threads()
    seconds = thread_seconds / threads
    probe = 8
    started = time.perf_counter()
    model.train()
    train(model, tokenizer, data, steps=probe, direct_share=direct_share, peak=0.01)
    steps = max(1, int((seconds - (time.perf_counter() - started)) / ((time.perf_counter() - started) / probe)))
    train(model, tokenizer, data, steps=steps, direct_share=direct_share, peak=0.5)
    spent = time.perf_counter() - started
    return {
        "before": before,
        "after": measured(),
        "steps": steps,
        "threads": threads,
        "seconds": {"train": round(spent, 1)},
    }


def row(name: str, result: dict[str, Any]) -> dict[str, Any]:
    before, after = result["before"], result["after"]
    return {
        "run": name,
        "before": round(before["pass_at_1"], 3),
        "after": round(after["pass_at_1"], 3),
        "change": round(after["pass_at_1"] - before["pass_at_1"], 3),
        "after_ci95": "–".join(f"{x:.3f}" for x in after["ci95"]),
        "thinks": f"{before['think_share']:.2f} → {after['think_share']:.2f}",
        "p_value": f"{result['p_value']:.1e}" if "p_value" in result else "-",
        "train_s": result["seconds"]["train"],
        "process_s": result["seconds"].get("process", "-"),
        "peak_gib": result.get("peak_memory_gib", "-"),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="six steps and 64 tasks a run: does it run, not how well")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write rows, results, machine and versions there")
    parser.add_argument("--keep", type=Path, help="keep the run folders there")
    options = parser.parse_args()
    extra = QUICK if options.quick else ()
    results: dict[str, dict[str, Any]] = {}
    if options.json and options.json.exists() and not options.quick:
        results = json.loads(options.json.read_text())["results"]

    def save() -> None:
        rows = [row(name, result) for name, result in results.items()]
        print_table(rows)
        if options.json:
            ratios = {
                f"{name}_change": r["after"]["pass_at_1"] - r["before"]["pass_at_1"] for name, r in results.items()
            }
            packages = ("torch", "transformers", "trl")
            record = {"rows": rows, "ratios": ratios, "machine": machine(), "versions": versions(packages)}
            options.json.write_text(json.dumps({**record, "results": results}, indent=1) + "\n")

    with tempfile.TemporaryDirectory() as temporary:
        folder = (options.keep or Path(temporary)).absolute()
        wanted = {
            f"grpo_seed{seed}": (f"seed{seed}", f"seed={seed}") for seed in (SEEDS[:1] if options.quick else SEEDS)
        }
        wanted["grpo_shuffled_rewards"] = ("shuffled", "trainer.shuffle_rewards=true")
        for name, (run, override) in wanted.items():
            if name not in results:
                results[name] = grpo(run, folder, override, *extra)
                save()
        thread_seconds = results["grpo_seed0"]["seconds"]["train"] * len(os.sched_getaffinity(0))
        n = results["grpo_seed0"]["n"]
        for name, share in (("sft_mixed", 0.65), ("sft_traces_only", 0.0)):
            if name not in results:
                results[name] = supervised(thread_seconds, share, n)
                save()


if __name__ == "__main__":
    main()
