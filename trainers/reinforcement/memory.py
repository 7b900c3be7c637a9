"""What a GRPO run needs of memory: how many completions it holds at once, and whether it fits."""

from __future__ import annotations

import os
from dataclasses import replace
from math import ceil

from synthetic1.jobs.model_settings import LoraSettings
from synthetic1.jobs.models import compute_dtype
from synthetic1.trainers.memory.estimate import MemoryEstimate, estimate_memory, in_gib
from synthetic1.trainers.memory.fitting import Change, MemorySaving, check_fits, divisors, halves, largest_fitting
from synthetic1.trainers.memory.machine import DeviceMemory, device_memory, sharing
from synthetic1.trainers.memory.shape import ModelShape
from synthetic1.trainers.memory.workload import DEFAULT_OPTIMIZER, Sharing, Workload
from synthetic1.trainers.reinforcement.settings import GrpoSettings

SHORTEST = 256
"""Completions shorter than this many tokens are not proposed."""
VLLM_SHARES = (0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1)
"""Of a GPU, that are proposed in place of larger ones."""


def plan_memory(
    settings: GrpoSettings,
    prompt_tokens: int,
    processes: int,
    *,
    shape: ModelShape | None = None,
    memory: DeviceMemory | None = None,
) -> tuple[GrpoSettings, MemoryEstimate]:
    """Choose the micro batch where it is left open, and check that the run fits, before anything is loaded.

    Args:
        prompt_tokens: of the longest prompt.
        processes: that train together, on all machines.
        shape: of the model; read from its configuration unless given.
        memory: what a process has; of this machine unless given.

    Returns:
        The settings with ``trainer.micro_batch`` as chosen, and what they need.

    Raises:
        ProgramError: it does not fit; says which settings would.
        ValueError: sizes that do not divide; see ``GrpoSettings.micro_batch``.
    """
    whole = settings.micro_batch(processes)
    known = shape or ModelShape.of(settings.model)
    given = memory or device_memory(processes)

    def of(asked: GrpoSettings) -> MemoryEstimate:
        estimate = estimate_memory(known, workload(asked, known, prompt_tokens, processes, given))
        return replace(estimate, short=_too_small_for_vllm(asked, known, prompt_tokens, given))

    def sized(asked: GrpoSettings) -> GrpoSettings:
        if asked.trainer.micro_batch is not None:
            return asked
        return largest_fitting(asked, asked.micro_batch(processes), of, given)

    least = _vllm_least(settings, known, prompt_tokens) / given.bytes
    options = _options(settings, whole, processes, given, least)
    check_fits(settings, lambda asked: of(sized(asked)), options, given, refuse=settings.check_memory)
    return sized(settings), of(sized(settings))


def workload(
    settings: GrpoSettings, shape: ModelShape, prompt_tokens: int, processes: int, memory: DeviceMemory
) -> Workload:
    """What these settings have one process do."""
    t, rollout = settings.trainer, settings.rollout
    share = t.prompts_per_step * t.group_size // processes
    micro = settings.micro_batch(processes)
    weight_bytes = 2 if settings.model.dtype == "bfloat16" else 4
    compute_bytes = 2 if compute_dtype(t.compute_dtype, settings.model) == "bfloat16" else 4
    evaluates = settings.eval.n and settings.eval_engine == "transformers"
    vllm = 0
    if rollout.backend == "vllm_colocate" and memory.device == "cuda":
        vllm = int(rollout.vllm.gpu_memory_utilization * memory.bytes)
    elif rollout.backend == "vllm_colocate":
        cache = float(os.environ.get("VLLM_CPU_KVCACHE_SPACE", "1")) * 2**30  # 1: as rollout.py sets it
        vllm = int(cache) + shape.parameters * compute_bytes
    return Workload(
        device=memory.device,
        weight_bytes=weight_bytes,
        compute_bytes=compute_bytes,
        rows=micro,
        tokens=prompt_tokens + rollout.max_completion_length,
        scored=rollout.max_completion_length,
        accumulates=micro < share,
        checkpointing=t.gradient_checkpointing,
        optimizer=str(t.extra.get("optim", DEFAULT_OPTIMIZER)),
        momentum="momentum" in str(t.extra.get("optim_args", "")),
        lora=settings.model.lora,
        reference=t.beta > 0,
        rollout_rows=share * t.updates_per_rollout if rollout.backend == "transformers" else 0,
        evaluation_rows=min(settings.eval.batch_size, -(-settings.eval.n // processes)) if evaluates else 0,
        narrowed=rollout.top_p < 1,
        vllm=vllm,
        vllm_sleeps=rollout.vllm.sleep and memory.device == "cuda",
        processes=processes,
        sharing=sharing() if processes > 1 else Sharing(),
        gathers=bool(t.extra.get("ds3_gather_for_generation", True)),
    )


def _vllm_least(settings: GrpoSettings, shape: ModelShape, prompt_tokens: int) -> int:
    """Bytes of a GPU that vLLM cannot do without: its copy of the weights, keys and values of one completion."""
    vllm = settings.rollout.vllm
    number = 2 if compute_dtype(settings.trainer.compute_dtype, settings.model) == "bfloat16" else 4
    tokens = vllm.max_model_length or prompt_tokens + settings.rollout.max_completion_length
    return number * (shape.parameters + 2 * shape.layers * shape.keys * tokens) // vllm.tensor_parallel_size


def _too_small_for_vllm(settings: GrpoSettings, shape: ModelShape, prompt_tokens: int, memory: DeviceMemory) -> str:
    """That vLLM's share of the GPU cannot hold what it needs; empty if it can."""
    if not _vllm_here(settings, memory):
        return ""
    share, least = settings.rollout.vllm.gpu_memory_utilization, _vllm_least(settings, shape, prompt_tokens)
    if share * memory.bytes >= least:
        return ""
    given = in_gib(int(share * memory.bytes))
    return (
        f"rollout.vllm.gpu_memory_utilization={share} of {in_gib(memory.bytes)} is {given}, "
        f"and vLLM needs {in_gib(least)} for the weights and one completion"
    )


def _vllm_here(settings: GrpoSettings, memory: DeviceMemory) -> bool:
    return settings.rollout.backend == "vllm_colocate" and memory.device == "cuda"


def _options(
    settings: GrpoSettings, micro: int, processes: int, memory: DeviceMemory, least: float
) -> list[MemorySaving]:
    """What may be made smaller: first what costs time, then what changes what is learned.

    vLLM's share of the GPU, which cannot be less than ``least``, is made larger where it is.
    """
    t, rollout, model = settings.trainer, settings.rollout, settings.model
    made_here = rollout.backend == "transformers"
    vllm_here, now = _vllm_here(settings, memory), rollout.vllm.gpu_memory_utilization
    enough = ceil(20 * least) / 20
    shares = [share for share in VLLM_SHARES if least <= share < now] if now >= least else [enough][: enough <= 1.0]
    prompts = [n for n in halves(t.prompts_per_step, 1) if n * t.group_size % processes == 0] if made_here else []
    evaluated = settings.eval.n and settings.eval_engine == "transformers"
    lora: list[Change] = [{"model.lora": LoraSettings(r=16)}] if model.lora is None else [{}]
    if model.dtype == "float32" and t.compute_dtype != "float32":  # frozen weights are never rounded again
        lora.append({**lora[0], "model.dtype": "bfloat16"})
    return [
        MemorySaving.of("trainer.micro_batch", divisors(micro)[1:] if t.micro_batch is not None else ()),
        MemorySaving.of("trainer.gradient_checkpointing", () if t.gradient_checkpointing else (True,)),
        MemorySaving.of("eval.batch_size", halves(settings.eval.batch_size, 8) if evaluated else ()),
        MemorySaving.of("rollout.vllm.sleep", (True,) if vllm_here and not rollout.vllm.sleep else ()),
        MemorySaving.of("rollout.vllm.gpu_memory_utilization", shares if vllm_here else ()),
        MemorySaving.of("trainer.updates_per_rollout", (1,) if made_here and t.updates_per_rollout > 1 else ()),
        MemorySaving([change for change in lora if change]),
        MemorySaving.of("trainer.beta", (0.0,) if t.beta > 0 else ()),
        MemorySaving.of("trainer.prompts_per_step", prompts),
        MemorySaving.of("rollout.max_completion_length", halves(rollout.max_completion_length, SHORTEST)),
    ]
