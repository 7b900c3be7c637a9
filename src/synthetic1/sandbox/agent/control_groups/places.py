"""Where the kernel shows the control groups of this process, in either version or with both at once."""

from __future__ import annotations

import os
from pathlib import Path

from synthetic1.sandbox.agent.control_groups import version_1, version_2
from synthetic1.sandbox.agent.control_groups.control_group import CONTROLLERS, Place

UNLIMITED = 2**63
LIMIT_FILES = {1: ("memory.stat", "hierarchical_memory_limit "), 2: ("memory.max", "")}
"""By version of control groups: the file with the group's limit of memory, and what stands before it."""


def own_places(proc: str = "/proc/self") -> dict[str, Place]:
    """Each controller's folder for this process; empty if one of them is not mounted."""
    try:
        mounts = Path(f"{proc}/mountinfo").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
        groups = Path(f"{proc}/cgroup").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return {}
    places: dict[str, Place] = {}
    paths: dict[str, str] = {}  # version 1 controller, or "" for version 2 → the group's path
    for line in groups:
        _, names, path = line.split(":", 2)
        paths.update(dict.fromkeys(names.split(","), path))
    for line in mounts:
        left, _, right = line.partition(" - ")
        root, point = left.split(" ")[3:5]
        kind, _, options = right.split(" ", 2)
        for controller in CONTROLLERS:
            v1_name = version_1.NAMES[controller]
            if kind == "cgroup" and v1_name in options.split(",") and v1_name in paths:
                places[controller] = Place(_inside(point, root, paths[v1_name]), 1)
            elif kind == "cgroup2" and v1_name not in paths and "" in paths:
                places.setdefault(controller, Place(_inside(point, root, paths[""]), 2))
    return places if len(places) == len(CONTROLLERS) else {}


def parents(place: Place) -> list[str]:
    """Folders that a new group may be made in, the best first: our own, or, in version 2, one above it.

    In version 2 a group that holds processes cannot hand controllers down, so there the nearest one above that does.
    """
    return [place.folder, *(version_2.groups_above(place.folder) if place.version == 2 else ())]


def control_group_limit(proc: str = "/proc/self") -> int:
    """Bytes of memory that the control groups of this process allow, the tightest of them; ``UNLIMITED`` if none do."""
    place = own_places(proc).get("memory")
    if place is None:
        return UNLIMITED
    name, before = LIMIT_FILES[place.version]
    limits = [UNLIMITED]
    for folder in parents(place):
        try:
            lines = Path(folder, name).read_text().splitlines()
        except OSError:  # the root group has none
            continue
        found = [line.removeprefix(before) for line in lines if line.startswith(before)]
        limits += [int(limit) for limit in found if limit.isdecimal()]
    return min(limits)


def _inside(mount_point: str, mounted: str, path: str) -> str:
    """Where the group ``path`` shows when ``mounted`` is what the mount shows: in a container that is the group."""
    below = os.path.relpath(path, mounted)
    return mount_point if below == "." or below.startswith("..") else f"{mount_point}/{below}"
