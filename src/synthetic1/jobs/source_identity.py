"""Whether a run's tasks are those it began with: by their content, whatever the path that leads to them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from synthetic1.keys import content_key
from synthetic1.reports.storage import json_bytes, replace_file
from synthetic1.tasks.sources.concatenation import Concatenation
from synthetic1.tasks.sources.mixture import Mixture
from synthetic1.tasks.sources.source import Subset, TaskList, TaskSource
from synthetic1.tasks.sources.stored import StoredTasks

FILE = "source.json"
"""In a run's folder: the fingerprint of its tasks."""
PATHS = ("tasks", "exclude")
"""Arguments of environments that say where tasks stand."""


def is_stored(source: TaskSource) -> bool:
    """Whether all tasks of ``source`` stand somewhere, and none is generated."""
    if isinstance(source, Concatenation):
        return all(map(is_stored, source.sources))
    return is_stored(source.source) if isinstance(source, Subset) else isinstance(source, StoredTasks | TaskList)


def fingerprint(source: TaskSource, *, ordered: bool = False) -> str | None:
    """The same for the same tasks, from any files; None if tasks are generated, which settings say.

    Of a mixture it is one of its parts, in their order.

    Args:
        ordered: another one for another order of the tasks: of runs that draw them by their places.
    """
    if isinstance(source, Mixture):
        parts = [fingerprint(part, ordered=ordered) for part in source.sources]
        return content_key(parts) if any(parts) else None
    if not is_stored(source):
        return None
    heads = source.key_heads().astype(">u4")
    return hashlib.blake2b((heads if ordered else np.sort(heads)).tobytes(), digest_size=16).hexdigest()


def read_fingerprint(folder: Path) -> str | None:
    """What a run's folder says of its tasks; None if it says nothing, as those of older versions."""
    try:
        said = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return str(said["tasks"]) if said["tasks"] else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep_fingerprint(folder: Path, print_: str | None) -> None:
    """Note what tasks the run has, for who goes on with it.

    Raises:
        RunFolderError: the folder cannot be written.
    """
    replace_file(folder / FILE, json_bytes({"tasks": print_}) + b"\n")


def without_paths(settings: Mapping[str, Any]) -> dict[str, Any]:
    """``settings`` of a run, whose ``env`` no longer says where tasks stand; of a mixture of files its weights stay."""
    env = settings.get("env")
    if not isinstance(env, Mapping):
        return dict(settings)
    env = _nameless(env)
    if isinstance(env.get("mixture"), Mapping):
        env["mixture"] = {name: _nameless(part) for name, part in env["mixture"].items()}
    return {**settings, "env": env}


def _nameless(arguments: Mapping[str, Any]) -> dict[str, Any]:
    shown = {name: _shape(value) if name in PATHS else value for name, value in arguments.items()}
    return {name: value for name, value in shown.items() if name != "exclude"}  # what is left says what was left out


def _shape(spec: Any) -> Any:
    if isinstance(spec, Mapping):
        return list(spec.values())
    return "tasks" if isinstance(spec, str | Sequence) else spec


def gone(source: TaskSource, keys: Collection[str]) -> int:
    """How many of ``keys`` name no task of ``source`` any more."""
    there = set(source.key_heads().tolist())
    return sum(int(key[:8], 16) not in there for key in keys)
