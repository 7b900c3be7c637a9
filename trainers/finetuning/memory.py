"""What supervised training needs of memory: how many samples it holds at once, and whether it fits."""

from __future__ import annotations

from collections.abc import Sequence

from synthetic1.jobs.model_settings import LoraSettings
from synthetic1.jobs.models import compute_dtype
from synthetic1.trainers.finetuning.settings import SftSettings
from synthetic1.trainers.memory.estimate import MemoryEstimate, estimate_memory
from synthetic1.trainers.memory.fitting import MemorySaving, check_fits, divisors, halves, largest_fitting
from synthetic1.trainers.memory.machine import DeviceMemory, device_memory, sharing
from synthetic1.trainers.memory.shape import ModelShape
from synthetic1.trainers.memory.workload import DEFAULT_OPTIMIZER, Sharing, Workload

SHORTEST = 512
"""A limit of fewer tokens a sample is not proposed."""


def plan_memory(
    settings: SftSettings,
    lengths: Sequence[int],
    processes: int,
    *,
    shape: ModelShape | None = None,
    memory: DeviceMemory | None = None,
) -> tuple[SftSettings, MemoryEstimate]:
    """Choose the micro batch where it is left open, and check that the run fits, before anything is loaded.

    Args:
        lengths: tokens of the samples.
        processes: that train together, on all machines.
        shape: of the model; read from its configuration unless given.
        memory: what a process has; of this machine unless given.

    Returns:
        The settings with ``trainer.micro_batch`` as chosen, and what they need.

    Raises:
        ProgramError: it does not fit; says which settings would.
        ValueError: sizes that do not divide; see ``SftSettings.micro_batch``.
    """
    whole = settings.micro_batch(processes)
    known = shape or ModelShape.of(settings.model)
    given = memory or device_memory(processes)
    longest_first = sorted(lengths, reverse=True)

    def of(asked: SftSettings) -> MemoryEstimate:
        return estimate_memory(known, _workload(asked, longest_first, processes, given))

    def sized(asked: SftSettings) -> SftSettings:
        return asked if asked.trainer.micro_batch else largest_fitting(asked, whole, of, given)

    t = settings.trainer
    options = [
        MemorySaving.of("trainer.micro_batch", divisors(whole)[1:] if t.micro_batch else ()),
        MemorySaving.of("trainer.gradient_checkpointing", () if t.gradient_checkpointing else (True,)),
        MemorySaving.of("model.lora", () if settings.model.lora else (LoraSettings(r=16),)),
        MemorySaving.of("trainer.max_length", halves(longest_first[0], SHORTEST)),
    ]
    check_fits(settings, lambda asked: of(sized(asked)), options, given, refuse=settings.check_memory)
    return sized(settings), of(sized(settings))


def _workload(settings: SftSettings, lengths: Sequence[int], processes: int, memory: DeviceMemory) -> Workload:
    """What these settings have one process do; ``lengths`` fall."""
    t = settings.trainer
    micro = settings.micro_batch(processes)
    fitting = [length for length in lengths if length <= (t.max_length or length)][:micro] or [1]
    row = sum(fitting) if t.packing else fitting[0]  # packed, the samples of a micro batch are one row
    return Workload(
        device=memory.device,
        weight_bytes=2 if settings.model.dtype == "bfloat16" else 4,
        compute_bytes=2 if compute_dtype(t.compute_dtype, settings.model) == "bfloat16" else 4,
        rows=1 if t.packing else micro,
        tokens=row,
        scored=row,
        accumulates=micro < t.batch_size // processes,
        checkpointing=t.gradient_checkpointing,
        optimizer=str(t.extra.get("optim", DEFAULT_OPTIMIZER)),
        momentum="momentum" in str(t.extra.get("optim_args", "")),
        lora=settings.model.lora,
        processes=processes,
        sharing=sharing() if processes > 1 else Sharing(),
    )
