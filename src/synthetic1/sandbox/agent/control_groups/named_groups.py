"""The groups that concern this process: its own, new ones beside or below it, and those that others left there."""

from __future__ import annotations

import contextlib
import os

from synthetic1.sandbox.agent.control_groups.control_group import CONTROLLERS, ControlGroup, Place
from synthetic1.sandbox.agent.control_groups.kernel_files import remove_folder
from synthetic1.sandbox.agent.control_groups.places import own_places, parents
from synthetic1.sandbox.agent.control_groups.version_2 import hand_down


def own_group() -> ControlGroup | None:
    """The group this process is in, to read from; None where the kernel shows none, or only the machine's root."""
    places = own_places()
    try:
        return ControlGroup(places) if places else None
    except OSError:
        return None


def create_group(name: str) -> ControlGroup | None:
    """A new group (see ``parents``); None where we may not make one, or have no say over memory and processes."""
    places = own_places()
    if not places:
        return None
    try:
        made = {controller: _create_folder(place, name) for controller, place in places.items()}
    except OSError:
        _remove_half_made(places, name)
        return None
    try:
        return ControlGroup(made)
    except OSError:
        for place in made.values():
            remove_folder(place.folder)
        return None


def leftover_groups(prefix: str) -> list[str]:
    """Names beginning with ``prefix`` of groups that this process or others made, and that are still there."""
    names: set[str] = set()
    for place in own_places().values():
        for parent in parents(place):
            with contextlib.suppress(OSError):
                names.update(name for name in os.listdir(parent) if name.startswith(prefix))
    return sorted(names)


def remove_leftover(name: str) -> None:
    """Kill what is in a group that another process made and left, and remove it; what is not ours to remove stays."""
    found = {
        controller: Place(f"{parent}/{name}", place.version)
        for controller, place in own_places().items()
        for parent in parents(place)
        if os.path.isdir(f"{parent}/{name}")
    }
    if len(found) == len(CONTROLLERS):
        with contextlib.suppress(OSError):
            ControlGroup(found).remove()
    for place in found.values():  # of one that was half made, or half removed
        with contextlib.suppress(OSError):
            os.rmdir(place.folder)


def _create_folder(place: Place, name: str) -> Place:
    refused: OSError | None = None
    for parent in parents(place):
        try:
            if place.version == 2:
                hand_down(parent)
            os.makedirs(f"{parent}/{name}", exist_ok=True)  # version 2: the same folder for every controller
            return Place(f"{parent}/{name}", place.version)
        except OSError as error:
            refused = error
    raise refused or OSError(f"no group to make {name} in")


def _remove_half_made(places: dict[str, Place], name: str) -> None:
    for place in places.values():
        for parent in parents(place):
            with contextlib.suppress(OSError):
                os.rmdir(f"{parent}/{name}")
