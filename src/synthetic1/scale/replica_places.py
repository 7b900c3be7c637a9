"""Where in a cluster vLLM servers have room: one for each group of GPUs, or one a node where there are none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from synthetic1.scale.errors import ClusterError
from synthetic1.scale.nodes import connected_ray

GROUP_FLAGS = {
    "--tensor-parallel-size": ("--tensor-parallel-size", "-tp"),
    "--pipeline-parallel-size": ("--pipeline-parallel-size", "-pp"),
    "--data-parallel-size": ("--data-parallel-size", "-dp"),
}
"""Arguments of vLLM whose product is the number of GPUs that a server takes, and how else they are written."""


@dataclass(frozen=True)
class ReplicaPlace:
    """Room for one server."""

    node_id: str
    node: str
    """The node's name."""
    number: int
    """Of the server on its node, from 0."""
    gpus: int
    """Of Ray's GPUs that it takes."""
    threads: int | None
    """To compute with, where there are no GPUs; None = as many as it likes."""


@dataclass(frozen=True)
class ClusterPlaces:
    """The places of a cluster as it is now, the first of each node before the second of any."""

    places: tuple[ReplicaPlace, ...]
    most_gpus: int
    """Of one node."""


def group_size(arguments: Sequence[str]) -> int:
    """How many GPUs a server takes, by vLLM's command line.

    Raises:
        ClusterError: a flag has no whole number.
    """
    return prod(_value(arguments, name, spellings) for name, spellings in GROUP_FLAGS.items())


def cluster_places(size: int, *, only_gpus: bool = False) -> ClusterPlaces:
    """
    Args:
        size: GPUs of a server, where nodes have GPUs.
        only_gpus: take no node for want of GPUs elsewhere.
    """
    listed: Callable[[], list[dict[str, Any]]] = connected_ray().nodes
    nodes = [one for one in listed() if one["Alive"]]
    most = max((int(one["Resources"].get("GPU", 0)) for one in nodes), default=0)
    found = []
    for node in nodes:
        has = node["Resources"]
        with_gpus = bool(most or only_gpus)
        room = int(has.get("GPU", 0)) // size if with_gpus else int(has.get("CPU", 0) > 0)
        name = node.get("NodeName") or node["NodeManagerAddress"]
        gpus, threads = (size, None) if with_gpus else (0, max(1, int(has.get("CPU", 1))))
        found += [ReplicaPlace(node["NodeID"], name, n, gpus, threads) for n in range(room)]
    return ClusterPlaces(tuple(sorted(found, key=lambda place: (place.number, place.node_id))), most)


def _value(arguments: Sequence[str], name: str, spellings: Sequence[str]) -> int:
    """The last one that is given: so vLLM takes it."""
    found = "1"
    for position, argument in enumerate(arguments):
        flag, equals, value = argument.partition("=")
        if flag.replace("_", "-") in spellings:
            found = value if equals else (arguments[position + 1] if position + 1 < len(arguments) else "")
    if not found.isdecimal() or not int(found):
        raise ClusterError(f"vllm_arguments: {name} wants a whole number, got {found!r}")
    return int(found)
