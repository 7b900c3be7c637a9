"""Our trainer beside a plain TRL script: same model, same tasks, same sizes; ours records, checks and judges as well.

Runs alternate in processes of their own. The learning rate is next to zero in both, so that completions stay alike
and only the machinery is compared; the plain script's reward is a constant, ours is the real verifier.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from record import arguments, report

PROMPTS, GROUP, LENGTH = 16, 8, 96
TARGETS = {"step_vs_plain_trl": "≤ 1.05", "reward_share": "≤ 0.01"}


def ours(steps: int, folder: Path) -> dict[str, float]:
    """``trainers/grpo.py`` as people run it, without evaluation."""
    root = Path(__file__).resolve().parent.parent
    command = [sys.executable, str(root / "trainers" / "grpo.py"), f"runs={folder}", f"trainer.max_steps={steps}"]
    command += ["trainer.learning_rate=1e-12", "trainer.warmup_steps=0", "eval.n=0", "trainer.save_every=100000"]
    command += [f"trainer.prompts_per_step={PROMPTS}", f"trainer.group_size={GROUP}"]
    command += [f"rollout.max_completion_length={LENGTH}", "env.level=1-3", "overwrite=true"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=root)
    result = json.loads(next(folder.glob("grpo/*/result.json")).read_text())
    return {"step_s": result["seconds"]["train"] / steps, "reward_share": result["reward_share"]}


def plain(steps: int, folder: Path) -> dict[str, float]:
    """A TRL script as one would write it by hand, in this process."""
    import importlib

    importlib.import_module("trl.import_utils").is_vllm_available = lambda min_version=None: False  # as ours does
    import torch
    from datasets import Dataset
    from transformers import AutoModelForCausalLM, AutoTokenizer, PrinterCallback
    from trl import GRPOConfig, GRPOTrainer

    from synthetic1.jobs.embedded_model import FOLDER
    from synthetic1.tasks.code_understanding import GeneratedTasks

    tasks = GeneratedTasks((1, 2, 3))
    rows = [{"prompt": [{"role": "user", "content": task.prompt}]} for task in (tasks[i] for i in range(len(tasks)))]
    args = GRPOConfig(
        output_dir=str(folder),
        max_steps=steps,
        per_device_train_batch_size=PROMPTS * GROUP,
        num_generations=GROUP,
        max_completion_length=LENGTH,
        learning_rate=1e-12,
        adam_beta2=0.98,
        epsilon_high=0.28,
        lr_scheduler_type="cosine",
        save_strategy="no",
        logging_steps=1,
        report_to="none",
        disable_tqdm=True,
        use_cpu=True,
        bf16=False,
        dataloader_pin_memory=False,
    )
    trainer = GRPOTrainer(
        model=AutoModelForCausalLM.from_pretrained(FOLDER, dtype=torch.float32),
        reward_funcs=lambda completions, **_: [0.5] * len(completions),
        args=args,
        train_dataset=Dataset.from_list(rows),
        processing_class=AutoTokenizer.from_pretrained(FOLDER, padding_side="left"),
    )
    trainer.remove_callback(PrinterCallback)
    started = time.perf_counter()
    trainer.train()
    return {"step_s": (time.perf_counter() - started) / steps}


def in_child(name: str, steps: int) -> dict[str, float]:
    """One measurement in a fresh process."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, "--child", name, str(steps), folder]
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=dict(os.environ))
        measured: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
        return measured


def main() -> None:
    if "--child" in sys.argv:
        name, steps, folder = sys.argv[sys.argv.index("--child") + 1 :]
        print(json.dumps({"ours": ours, "plain": plain}[name](int(steps), Path(folder))))
        return
    options = arguments(__doc__ or "")
    steps, rounds = (8, 1) if options.quick else (30, 2)
    measured: dict[str, list[dict[str, float]]] = {"plain": [], "ours": []}
    for round_ in range(rounds):
        for name in ("plain", "ours") if round_ % 2 == 0 else ("ours", "plain"):
            measured[name].append(in_child(name, steps))
            print(f"round {round_ + 1}/{rounds} {name}: {measured[name][-1]['step_s']:.3f} s a step", flush=True)
    rows = [
        {
            "trainer": {"plain": "plain TRL, constant reward", "ours": "ours, real verifier"}[name],
            "step_s_median": statistics.median(m["step_s"] for m in runs),
            "step_s_min": min(m["step_s"] for m in runs),
            "step_s_max": max(m["step_s"] for m in runs),
            "runs": len(runs),
            "steps_a_run": steps,
        }
        for name, runs in measured.items()
    ]
    pairs = [o["step_s"] / p["step_s"] for o, p in zip(measured["ours"], measured["plain"], strict=True)]
    ratios = {
        "step_vs_plain_trl": statistics.median(pairs),
        "reward_share": statistics.median(m["reward_share"] for m in measured["ours"]),
    }
    packages = ("torch", "transformers", "trl", "accelerate")
    report(rows, ratios, packages=packages, json_file=options.json, targets=TARGETS)


if __name__ == "__main__":
    main()
