"""Exclusions: a source without the tasks that a file names, as `synthetic1 audit --quarantine FILE` writes it.

A line of the file is an object whose ``key`` is that of a task; what else it holds is for people. A key is the hash of
the whole content, so a task that somebody has fixed (its tests, its checker) is a task again by itself.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np

from synthetic1.task import TaskError
from synthetic1.tasks.sources.concatenation import Concatenation
from synthetic1.tasks.sources.file_rows import rows_of_file
from synthetic1.tasks.sources.mixture import Mixture
from synthetic1.tasks.sources.source import Subset, TaskSource

log = logging.getLogger("synthetic1.tasks")

KEY = re.compile(r"[0-9a-f]{32}")


def read_keys(file: str | os.PathLike[str]) -> frozenset[str]:
    """The keys of tasks that a file of JSON Lines (also ``.gz``) or Parquet names; none if it is empty.

    Raises:
        TaskError: it cannot be read, or a row has no ``key`` that is one; one line.
    """
    path = Path(file).expanduser()
    keys = set()
    try:
        for where, row in rows_of_file(path):
            key = row.get("key") if isinstance(row, Mapping) else None
            if not isinstance(key, str) or not KEY.fullmatch(key):
                raise TaskError(f"{where}: field `key` must be a task's key, 32 hexadecimal digits, got {key!r:.60}")
            keys.add(key)
    except TaskError:
        raise
    except OSError as error:
        raise TaskError(f"exclude: {file} cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        raise TaskError(f"exclude: {error}") from None
    return frozenset(keys)


def without(source: TaskSource, file: str | os.PathLike[str]) -> TaskSource:
    """The tasks of ``source`` that ``file`` does not name; of a mixture by its weights. See ``read_keys``.

    All tasks are read and hashed once, as for a split, whose cache is used.

    Raises:
        TaskError: the file is not one of keys, a row is not a task, or no task is left.
    """
    keys = read_keys(file)
    if not keys:
        return source
    kept = _without(source, keys)
    if kept is None:
        raise TaskError(f"exclude: {file} names all {len(source):,} tasks of {source.name}")
    if kept is source:  # of an audit of other tasks, or of these before rows or their reader changed
        log.warning("%s holds none of the %s tasks that %s names", source.name, f"{len(keys):,}", file)
    return kept


def _without(source: TaskSource, keys: Collection[str]) -> TaskSource | None:
    """``source`` itself if it holds none of them, None if it holds nothing else."""
    if isinstance(source, Concatenation):  # weights, and splits that a folder names, have to survive
        parts = [_without(part, keys) for part in source.sources]
        if all(left is part for left, part in zip(parts, source.sources, strict=True)):
            return source
        if not isinstance(source, Mixture):
            left = [
                Subset(part, []) if left is None else left for left, part in zip(parts, source.sources, strict=True)
            ]
            many = len(source) - sum(map(len, left))
            name = f"{source.name}[{many:,} excluded]"
            return source.with_sources(left, name=name) if any(map(len, left)) else None
        weighed = zip(parts, source.weights, strict=True)
        weights: dict[str | TaskSource, float] = {left: weight for left, weight in weighed if left is not None}
        return Mixture(weights) if weights else None
    heads = np.array([int(key[:8], 16) for key in keys], np.uint32)
    suspects = np.flatnonzero(np.isin(source.key_heads(), heads))  # a head is a part of the key: others may share it
    named = [int(row) for row in suspects if source[int(row)].key in keys]
    if not named:
        return source
    rows = np.delete(np.arange(len(source)), named)
    return Subset(source, rows, name=f"{source.name}[{len(named):,} excluded]") if len(rows) else None
