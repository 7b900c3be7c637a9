"""How much memory training takes at its peak, by parts: arithmetic over a model's shape; no weight is loaded.

A process holds some things all the time, and others in phases that follow each other; its peak is what it always holds
and the largest phase:

* always: the program itself, the weights, the optimizer's state (from the first update on), a reference model, vLLM;
* **rollout**, where transformers generates: keys and values of all completions of a rollout at once (TRL 1.16's
  ``_generate_single_turn`` makes one ``generate`` call for them);
* **update**: activations and what the head needs, as the backward pass begins; and gradients, if passes before this one
  have left some;
* **step**: all gradients, as the backward pass ends; of a tied embedding twice, since the head's waits for its own;
* **evaluation**: as a rollout, of ``eval.batch_size`` completions.

``synthetic1.trainers.memory.activations`` derives what a forward pass leaves for the backward pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from synthetic1.trainers.memory import activations
from synthetic1.trainers.memory.activations import FLOAT
from synthetic1.trainers.memory.shape import ModelShape
from synthetic1.trainers.memory.workload import Sharding, Workload

PROGRAM = {"cpu": 512 * 2**20, "cuda": 2**30}
"""Bytes of a process that has imported what it needs; on a GPU, of CUDA's context and workspaces."""
VLLM_IMPORTS = 256 * 2**20
"""Bytes that vLLM's libraries add to it on a CPU."""
KERNELS = {"cpu": 128 * 2**20, "cuda": 0}
"""Bytes that libraries come to hold as they work: kernels that oneDNN makes for the sizes it meets, what the allocator
does not give back (measured: 70 to 170 MiB)."""
MOMENTS = {"sgd": 0, "adafactor": 0, "lion": 1, "rmsprop": 1, "adagrad": 1}
"""Numbers that an optimizer keeps of every trained one; AdamW's kin, all others, keep two."""


@dataclass(frozen=True, slots=True)
class MemoryEstimate:
    """Bytes of one process on its device, by part."""

    always: Mapping[str, int]
    phases: Mapping[str, Mapping[str, int]]
    """Phase → part → bytes."""

    @property
    def total(self) -> int:
        """The peak: what is always there, and the largest phase."""
        return sum(self.always.values()) + max((sum(parts.values()) for parts in self.phases.values()), default=0)

    def __str__(self) -> str:
        phases = (f"{name}: {_listed(parts)}" for name, parts in self.phases.items() if any(parts.values()))
        return f"about {in_gib(self.total)} a process: {'; '.join([_listed(self.always), *phases])}"


def estimate_memory(shape: ModelShape, work: Workload) -> MemoryEstimate:
    """The peak of a process that does ``work``, and what it is made of."""
    trained = shape.adapters(work.lora) if work.lora else shape.parameters
    trained_bytes = FLOAT if work.lora else work.weight_bytes  # peft keeps adapters in float32
    shared = dict.fromkeys(_sharded(work.sharding), work.processes)
    weights = shape.parameters * work.weight_bytes
    adapters = trained * trained_bytes if work.lora else 0
    gradients = trained * trained_bytes // shared.get("gradients", 1)
    always = {
        "program": PROGRAM[work.device] + (VLLM_IMPORTS if work.vllm and work.device == "cpu" else 0),
        "kernels": KERNELS[work.device],
        "weights": weights // shared.get("weights", 1) + adapters,
        "optimizer": int(trained * _state_bytes(work, trained_bytes)) // shared.get("optimizer", 1),
        "reference": weights // shared.get("weights", 1) if work.reference and not work.lora else 0,
        "vLLM": 0 if work.vllm_sleeps else work.vllm,
    }
    update = activations.update(shape, work) | {"gradients": gradients if work.accumulates else 0}
    step = {"gradients": gradients, "tied gradients": 0 if work.lora else shape.embedding * FLOAT * shape.tied}
    if work.processes > 1 and "gradients" not in shared:
        update["buckets"] = step["buckets"] = gradients  # DistributedDataParallel's: on their way to the others
    phases = {"update": update, "step": step}
    for name, rows in (("rollout", work.rollout_rows), ("evaluation", work.evaluation_rows)):
        if rows:
            phases[name] = activations.generation(shape, work, rows)
            if "weights" in shared:  # gathered for as long as it generates
                phases[name]["gathered weights"] = weights - weights // work.processes
    if work.vllm_sleeps:
        phases["rollout"] = phases.get("rollout", {}) | {"vLLM": work.vllm}
    return MemoryEstimate(always, phases)


def in_gib(size: int) -> str:
    """A number of bytes as people read it."""
    if size >= 2**30:
        return f"{size / 2**30:.{1 if size < 100 * 2**30 else 0}f} GiB"
    return f"{size / 2**20:.0f} MiB"


def _listed(parts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {in_gib(size)}" for name, size in parts.items() if size >= 2**20)


def _sharded(sharding: Sharding) -> tuple[str, ...]:
    stages = ("optimizer", "gradients", "weights")
    return stages[: stages.index(sharding) + 1] if sharding != "none" else ()


def _state_bytes(work: Workload, trained_bytes: int) -> float:
    """Bytes of the optimizer's state for every trained number; its name says how many bits a moment has."""
    kind = work.optimizer.removeprefix("paged_").partition("_")[0]
    moments = 1 if kind == "sgd" and work.momentum else MOMENTS.get(kind, 2)
    if "8bit" in work.optimizer:
        return moments
    return moments / 2 if "4bit" in work.optimizer else moments * trained_bytes
