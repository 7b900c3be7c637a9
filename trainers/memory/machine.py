"""How much memory a process may take on this machine."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from synthetic1.sandbox.agent.control_groups.places import own_places, parents
from synthetic1.trainers.memory.workload import Sharding

LIMIT_FILES = {1: ("memory.stat", "hierarchical_memory_limit "), 2: ("memory.max", "")}
"""By version of control groups: the file with the group's limit, and what stands before it."""


@dataclass(frozen=True, slots=True)
class DeviceMemory:
    """What each process here has for itself: all of it, not what happens to be free, so that the same machine gives the
    same answer whenever a run is resumed."""

    device: Literal["cpu", "cuda"]
    bytes: int


def device_memory(processes: int) -> DeviceMemory:
    """Of a CUDA device all; of a machine without one an even share of what its memory or our control group has.

    Args:
        processes: that train together; a launcher says how many of them on this machine.
    """
    import torch

    if torch.cuda.is_available():
        return DeviceMemory("cuda", torch.cuda.mem_get_info()[1])
    installed = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return DeviceMemory(
        "cpu", min(installed, control_group_limit()) // int(os.environ.get("LOCAL_WORLD_SIZE", processes))
    )


def control_group_limit(proc: str = "/proc/self") -> int:
    """Bytes that the control groups of this process allow, the tightest of them; more than any memory if none do."""
    unlimited = 2**63
    place = own_places(proc).get("memory")
    if place is None:
        return unlimited
    name, before = LIMIT_FILES[place.version]
    limits = [unlimited]
    for folder in parents(place):
        try:
            lines = Path(folder, name).read_text().splitlines()
        except OSError:  # the root group has none
            continue
        found = [line.removeprefix(before) for line in lines if line.startswith(before)]
        limits += [int(limit) for limit in found if limit.isdecimal()]
    return min(limits)


def sharding() -> Sharding:
    """What ``accelerate launch`` has told this process to divide with the others."""
    said = os.environ.get
    if said("ACCELERATE_USE_FSDP") == "true":
        strategy = (said("FSDP_RESHARD_AFTER_FORWARD") or said("FSDP_SHARDING_STRATEGY") or "").upper()
        if strategy in ("NO_SHARD", "3"):
            return "none"
        return "gradients" if strategy in ("FALSE", "SHARD_GRAD_OP", "2") else "weights"
    if said("ACCELERATE_USE_DEEPSPEED") != "true":
        return "none"
    stage = said("ACCELERATE_DEEPSPEED_ZERO_STAGE")
    if file := said("ACCELERATE_DEEPSPEED_CONFIG_FILE"):
        stage = json.loads(Path(file).read_text()).get("zero_optimization", {}).get("stage", 0)
    stages: tuple[Sharding, ...] = ("none", "optimizer", "gradients", "weights")
    return stages[2 if stage is None else int(stage)]
