"""Which settings make a run fit a machine."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any, TypeVar

from pydantic import BaseModel

from synthetic1.jobs.program import ProgramError
from synthetic1.trainers.memory.estimate import MemoryEstimate, in_gib
from synthetic1.trainers.memory.machine import DeviceMemory

Settings = TypeVar("Settings", bound=BaseModel)
SHARE = 0.8
"""Of a device's memory is planned with; the rest is for what fragments, and for what an estimate is wrong by."""


Change = Mapping[str, Any]
"""Dotted names of settings, e.g. ``trainer.micro_batch``, and what they are set to."""


@dataclass(frozen=True)
class MemorySaving:
    """Something that may be made smaller, and how far: the mildest change first."""

    changes: Sequence[Change]

    @classmethod
    def of(cls, name: str, values: Iterable[Any]) -> MemorySaving:
        """That of one setting."""
        return cls([{name: value} for value in values])


def changed(settings: Settings, change: Change) -> Settings:
    """A copy with other values of these settings."""
    for name, value in change.items():
        section, _, rest = name.partition(".")
        inner = changed(getattr(settings, section), {rest: value}) if rest else value
        settings = settings.model_copy(update={section: inner})
    return settings


def largest_fitting(
    settings: Settings, whole: int, estimate: Callable[[Settings], MemoryEstimate], memory: DeviceMemory
) -> Settings:
    """The settings with the largest ``trainer.micro_batch`` that divides ``whole`` and fits ``SHARE`` of the memory.

    That is of all the memory, free or not, so that a run is resumed with the micro batch it began with. 1 if none fits.
    """
    sized = [changed(settings, {"trainer.micro_batch": size}) for size in divisors(whole)]
    return next((one for one in sized if estimate(one).total <= SHARE * memory.bytes), sized[-1])


def divisors(whole: int) -> list[int]:
    """Of a whole number, the largest first."""
    return [size for size in range(whole, 0, -1) if whole % size == 0]


def halves(size: int, least: int) -> list[int]:
    """Half of a size, half of that, and so on down to ``least``."""
    found = []
    while (size := size // 2) >= least:
        found.append(size)
    return found


def check_fits(
    settings: Settings,
    estimate: Callable[[Settings], MemoryEstimate],
    options: Sequence[MemorySaving],
    memory: DeviceMemory,
    *,
    refuse: bool = True,
) -> None:
    """A run whose estimate is more than the machine has ends here, before anything is loaded.

    Args:
        estimate: of what settings need; raises ``ValueError`` for those that do not go together.
        options: what may be made smaller, the mildest first.
        refuse: else only say so.

    Raises:
        ProgramError: it does not fit; names the fewest settings that would.
    """
    lacking = _lacking(estimate(settings), memory)
    if lacking is None:
        return
    offered = [option for option in options if option.changes]
    # With room to spare if that can be had; else what would be accepted, too.
    tries = (_fitting(settings, estimate, offered, memory, share) for share in (SHARE, 1.0))
    found = next((change for changes in tries for change in changes), None)
    if found is not None:
        said = " ".join(shlex.quote(f"{name}={_written(value)}") for name, value in found.items())
        message = f"{lacking}: {said} would need {in_gib(estimate(changed(settings, found)).total)}"
    else:
        message = f"{lacking}: {_no_way(estimate(_smallest(settings, estimate, offered)), memory)}"
    if refuse:
        raise ProgramError(f"{message}; check_memory=false goes on all the same")
    print(f"warning: {message}")


def _lacking(needed: MemoryEstimate, memory: DeviceMemory, share: float = 1.0) -> str | None:
    """What there is too little of; None if it fits this share of the device's memory."""
    if needed.short:
        return needed.short
    if needed.host > memory.host:
        return (
            f"each process of this machine needs about {in_gib(needed.host)} of its memory beside a GPU, to read the "
            f"weights or to keep what is offloaded, and there are {in_gib(memory.host)} for it"
        )
    if needed.total <= share * memory.bytes:
        return None
    where = "its GPU has" if memory.device == "cuda" else "this machine has"
    return f"this run needs about {in_gib(needed.total)} a process, {where} {in_gib(memory.bytes)} for it"


def _no_way(least: MemoryEstimate, memory: DeviceMemory) -> str:
    """What is said where no settings would do; ``least`` is what the smallest need."""
    if least.host > memory.host:
        return "take a smaller model, start fewer processes a machine, or have each read its share alone (ZeRO-3)"
    remedies = ["take a smaller model", "share the weights among more GPUs (ZeRO-3, FSDP)"]
    if any(parts.get("vLLM") for parts in (least.always, *least.phases.values())) and memory.device == "cuda":
        remedies.append("give vLLM a GPU of its own (rollout=vllm_server)")
    if least.short:
        return f"{', '.join(remedies[:-1])}, or {remedies[-1]}"
    name, size = max(least.always.items(), key=lambda part: part[1])
    needs = f"with all that can be made smaller it needs {in_gib(least.total)}, {in_gib(size)} of it for {name}"
    return f"{needs}; {', '.join(remedies[:-1])}, or {remedies[-1]}"


def _fitting(
    settings: Settings,
    estimate: Callable[[Settings], MemoryEstimate],
    options: Sequence[MemorySaving],
    memory: DeviceMemory,
    share: float,
) -> Iterator[Change]:
    """Changes that fit: of fewer settings first, then the milder ones."""

    def fits(change: Change) -> bool | None:
        """None: these settings do not go together."""
        needed = _estimated(changed(settings, change), estimate)
        return None if needed is None else _lacking(needed, memory, share) is None

    for count in range(1, len(options) + 1):
        for chosen in combinations(options, count):
            if fits(_joined(option.changes[-1] for option in chosen)) is False:  # the hardest of them
                continue
            yield from filter(fits, map(_joined, product(*(option.changes for option in chosen))))


def _smallest(
    settings: Settings, estimate: Callable[[Settings], MemoryEstimate], options: Sequence[MemorySaving]
) -> Settings:
    """Settings with everything made as small as goes."""
    for option in options:
        smaller = (changed(settings, change) for change in reversed(option.changes))
        settings = next((one for one in smaller if _estimated(one, estimate)), settings)
    return settings


def _joined(changes: Iterable[Change]) -> Change:
    return {name: value for change in changes for name, value in change.items()}


def _estimated(settings: Settings, estimate: Callable[[Settings], MemoryEstimate]) -> MemoryEstimate | None:
    """What settings need; None of those that do not go together."""
    try:
        return estimate(settings)
    except ValueError:
        return None


def _written(value: Any) -> str:
    """As on the command line; of a section its first setting."""
    if isinstance(value, BaseModel):
        first = next(iter(type(value).model_fields))
        return f"{{{first}: {getattr(value, first)}}}"
    return str(value).lower() if isinstance(value, bool) else str(value)
