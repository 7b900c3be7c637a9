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

Beside a GPU there is the machine's memory, which the weights pass on their way, and where what is offloaded stays.

``synthetic1.trainers.memory.activations`` derives what a forward pass leaves for the backward pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from synthetic1.trainers.memory import activations
from synthetic1.trainers.memory.activations import FLOAT
from synthetic1.trainers.memory.shape import ModelShape
from synthetic1.trainers.memory.workload import Part, Workload

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
    host: int = 0
    """Bytes of the machine's own memory, where the device is another one."""
    short: str = ""
    """What is too small for a part of it, however much memory there is."""

    @property
    def total(self) -> int:
        """The peak: what is always there, and the largest phase."""
        return sum(self.always.values()) + max((sum(parts.values()) for parts in self.phases.values()), default=0)

    def __str__(self) -> str:
        phases = (f"{name}: {listed}" for name, parts in self.phases.items() if (listed := _listed(parts)))
        return f"about {in_gib(self.total)} a process: {'; '.join([_listed(self.always), *phases])}"


def estimate_memory(shape: ModelShape, work: Workload) -> MemoryEstimate:
    """The peak of a process that does ``work``, and what it is made of."""
    trained = shape.adapters(work.lora) if work.lora else shape.parameters
    own_precision = work.sharing.by == "deepspeed" and work.held_bytes < FLOAT
    updated_bytes = FLOAT if work.lora or own_precision else work.weight_bytes  # peft keeps adapters in float32
    trained_bytes = work.held_bytes if own_precision else updated_bytes
    weights = shape.parameters * work.held_bytes
    adapters = trained * trained_bytes if work.lora else 0
    state = int(trained * (_state_bytes(work, updated_bytes) + (updated_bytes if own_precision else 0)))

    def share(part: Part, size: int) -> int:
        return size // work.processes if work.sharing.shards(part) else size

    def here(part: Part, size: int) -> int:
        return 0 if part in work.sharing.offloaded else share(part, size)

    gradients = here("gradients", trained * trained_bytes)
    reference = weights if work.reference and not work.lora else 0
    always = {
        "program": PROGRAM[work.device] + (VLLM_IMPORTS if work.vllm and work.device == "cpu" else 0),
        "kernels": KERNELS[work.device],
        "weights": here("weights", weights) + adapters,
        "optimizer": here("optimizer", state),
        "reference": here("weights", reference),
        "vLLM": 0 if work.vllm_sleeps else work.vllm,
    }
    update = activations.update(shape, work) | {"gradients": gradients if work.accumulates else 0}
    step = {"gradients": gradients, "tied gradients": 0 if work.lora else shape.embedding * FLOAT * shape.tied}
    if work.sharing.shards("weights"):
        step["gathered layers"] = activations.gathered(shape, work)
    if work.processes > 1 and not work.sharing.shards("gradients"):
        update["buckets"] = step["buckets"] = gradients  # DistributedDataParallel's: on their way to the others
    phases = {"update": update, "step": step}
    for name, rows in (("rollout", work.rollout_rows), ("evaluation", work.evaluation_rows)):
        if rows:
            phases[name] = activations.generation(shape, work, rows)
    if work.vllm_sleeps:
        phases["rollout"] = phases.get("rollout", {}) | {"vLLM": work.vllm}
    return MemoryEstimate(always, phases, host=_host(shape, work, trained * trained_bytes, state))


def in_gib(size: int) -> str:
    """A number of bytes as people read it."""
    if size >= 2**30:
        return f"{size / 2**30:.{1 if size < 100 * 2**30 else 0}f} GiB"
    return f"{size / 2**20:.0f} MiB"


def _listed(parts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {in_gib(size)}" for name, size in parts.items() if size >= 2**20)


def _host(shape: ModelShape, work: Workload, gradients: int, state: int) -> int:
    """Bytes of the machine's memory that a process beside its GPU needs: the larger of what loading and training do.

    Each process reads the whole model, with DDP and FSDP alike; under ZeRO-3 its own shard.
    """
    if work.device == "cpu":
        return 0
    read = shape.parameters * work.weight_bytes
    if work.sharing.by == "deepspeed" and work.sharing.shards("weights"):
        read //= work.processes
    copies = 2 if work.reference and not work.lora else 1
    parts = {"weights": copies * shape.parameters * work.held_bytes, "gradients": gradients, "optimizer": state}
    waits = work.sharing.offloaded - work.sharing.on_disk
    waiting = sum(parts[part] // (work.processes if work.sharing.shards(part) else 1) for part in waits)
    return PROGRAM["cpu"] + max(read, waiting)


def _state_bytes(work: Workload, updated_bytes: int) -> float:
    """Bytes of the optimizer's state for every trained number; its name says how many bits a moment has."""
    kind = work.optimizer.removeprefix("paged_").partition("_")[0]
    moments = 1 if kind == "sgd" and work.momentum else MOMENTS.get(kind, 2)
    if "8bit" in work.optimizer:
        return moments
    return moments / 2 if "4bit" in work.optimizer else moments * updated_bytes
