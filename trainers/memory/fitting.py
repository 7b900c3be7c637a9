"""Which settings make a run fit a machine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from math import inf
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
    needed = estimate(settings)
    if needed.total <= memory.bytes:
        return
    where = "its GPU has" if memory.device == "cuda" else "this machine has"
    message = f"this run needs about {in_gib(needed.total)} a process, {where} {in_gib(memory.bytes)} for it: "
    offered = [option for option in options if option.changes]
    found = next(_fitting(settings, estimate, offered, SHARE * memory.bytes), None)
    if found is not None:
        said = " ".join(f"{name}={_written(value)}" for name, value in found.items())
        message += f"{said} would need {in_gib(estimate(changed(settings, found)).total)}"
    else:
        least = estimate(_smallest(settings, estimate, offered))
        name, size = max(least.always.items(), key=lambda part: part[1])
        message += f"with all that can be made smaller it needs {in_gib(least.total)}, {in_gib(size)} of it for {name}"
        message += "; take a smaller model, or share the weights among more GPUs (ZeRO-3, FSDP)"
    if refuse:
        raise ProgramError(f"{message}; check_memory=false goes on all the same")
    print(f"warning: {message}")


def _fitting(
    settings: Settings, estimate: Callable[[Settings], MemoryEstimate], options: Sequence[MemorySaving], limit: float
) -> Iterator[Change]:
    """Changes that fit: of fewer settings first, then the milder ones."""
    for count in range(1, len(options) + 1):
        for chosen in combinations(options, count):
            hardest = _joined(option.changes[-1] for option in chosen)
            if limit < _total(changed(settings, hardest), estimate) < inf:
                continue
            for change in map(_joined, product(*(option.changes for option in chosen))):
                if _total(changed(settings, change), estimate) <= limit:
                    yield change


def _smallest(
    settings: Settings, estimate: Callable[[Settings], MemoryEstimate], options: Sequence[MemorySaving]
) -> Settings:
    """Settings with everything made as small as goes."""
    for option in options:
        smaller = (changed(settings, change) for change in reversed(option.changes))
        settings = next((one for one in smaller if _total(one, estimate) < inf), settings)
    return settings


def _joined(changes: Iterable[Change]) -> Change:
    return {name: value for change in changes for name, value in change.items()}


def _total(settings: Settings, estimate: Callable[[Settings], MemoryEstimate]) -> float:
    """Bytes that settings need; of those that do not go together, more than any machine has."""
    try:
        return estimate(settings).total
    except ValueError:
        return inf


def _written(value: Any) -> str:
    """As on the command line; of a section its first setting."""
    if isinstance(value, BaseModel):
        first = next(iter(type(value).model_fields))
        return f"{{{first}: {getattr(value, first)}}}"
    return str(value).lower() if isinstance(value, bool) else str(value)
