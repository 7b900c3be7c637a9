"""How much memory a process may take on this machine."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from synthetic1.sandbox.agent.control_groups.places import UNLIMITED, control_group_limit
from synthetic1.trainers.memory.workload import Part, Sharding, Sharing

OFF_THE_GPU = ("cpu", "nvme")
"""Where DeepSpeed offloads to."""


@dataclass(frozen=True, slots=True)
class DeviceMemory:
    """What each process here has for itself: all of it, not what happens to be free, so that the same machine gives the
    same answer whenever a run is resumed."""

    device: Literal["cpu", "cuda"]
    bytes: int
    host: int = UNLIMITED
    """Of the machine's own memory, beside a GPU's."""


def device_memory(processes: int) -> DeviceMemory:
    """Of a CUDA device all; of a machine's memory, or what our control group has of it, an even share.

    The least that any of the processes has: each plans by it, and all have to come to the same.

    Args:
        processes: that train together; a launcher says how many of them on this machine.
    """
    own = _own_memory(processes)
    if processes == 1:
        return own
    from accelerate.utils import gather_object

    every = gather_object([own])
    return DeviceMemory(own.device, min(one.bytes for one in every), min(one.host for one in every))


def _own_memory(processes: int) -> DeviceMemory:
    import torch

    installed = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    share = min(installed, control_group_limit()) // int(os.environ.get("LOCAL_WORLD_SIZE", processes))
    if torch.cuda.is_available():
        return DeviceMemory("cuda", torch.cuda.mem_get_info()[1], share)
    return DeviceMemory("cpu", share)


def sharing() -> Sharing:
    """What ``accelerate launch`` has told this process to share out with the others, and to keep off its GPU."""
    if os.environ.get("ACCELERATE_USE_FSDP") == "true":
        return _fsdp(os.environ)
    return _deepspeed(os.environ) if os.environ.get("ACCELERATE_USE_DEEPSPEED") == "true" else Sharing()


def _fsdp(said: Mapping[str, str]) -> Sharing:
    strategy = (said.get("FSDP_RESHARD_AFTER_FORWARD") or said.get("FSDP_SHARDING_STRATEGY") or "").upper()
    if strategy in ("NO_SHARD", "3"):
        return Sharing("none", "fsdp")
    sharded: Sharding = "gradients" if strategy in ("FALSE", "SHARD_GRAD_OP", "2") else "weights"
    offloads = said.get("FSDP_OFFLOAD_PARAMS", "").lower() in ("true", "1")
    parts: tuple[Part, ...] = ("weights", "gradients", "optimizer") if offloads else ()  # where a weight is, its kin is
    return Sharing(sharded, "fsdp", frozenset(parts))


def _deepspeed(said: Mapping[str, str]) -> Sharing:
    stage: str | int | None = said.get("ACCELERATE_DEEPSPEED_ZERO_STAGE")
    devices = {part: said.get(f"ACCELERATE_DEEPSPEED_OFFLOAD_{part}_DEVICE") for part in ("OPTIMIZER", "PARAM")}
    if file := said.get("ACCELERATE_DEEPSPEED_CONFIG_FILE"):
        zero = json.loads(Path(file).read_text()).get("zero_optimization", {})
        stage = zero.get("stage", 0)
        devices |= {part: found.get("device") for part in devices if (found := zero.get(f"offload_{part.lower()}"))}
    stages: tuple[Sharding, ...] = ("none", "optimizer", "gradients", "weights")
    sharded = stages[2 if stage is None else int(stage)]
    places: dict[Part, str | None] = {}
    if sharded in ("gradients", "weights"):
        places = dict.fromkeys(("optimizer", "gradients"), devices["OPTIMIZER"])
    if sharded == "weights":
        places["weights"] = devices["PARAM"]
    off, on_disk = (frozenset(part for part in places if places[part] in kinds) for kinds in (OFF_THE_GPU, ("nvme",)))
    return Sharing(sharded, "deepspeed", off, on_disk)
