"""From a spec to a source: what a user writes for "these tasks" in a config, on a command line, in Python."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from synthetic1.task import TaskError
from synthetic1.tasks.formats.columns import ColumnMapping
from synthetic1.tasks.formats.readers import Choose, reader_for
from synthetic1.tasks.sources.bad_rows import BadRows, Verifiable, check_bad_rows, sound, sound_rows, tell
from synthetic1.tasks.sources.exclusion import without
from synthetic1.tasks.sources.files import Named, is_rows, open_source
from synthetic1.tasks.sources.mixture import Mixture
from synthetic1.tasks.sources.source import TaskSource, check_split

Spec = Named | Mapping[str | TaskSource, float]


def open_tasks(
    spec: Spec,
    *,
    split: str | None = None,
    exclude: str | os.PathLike[str] | None = None,
    bad_rows: BadRows = "error",
    verifiable: Verifiable | None = None,
    columns: Mapping[str, Any] | None = None,
    family: str | None = None,
) -> TaskSource:
    """Open the tasks that ``spec`` names.

    Args:
        spec: a path, folder or glob; ``hf://…``; ``embedded:FAMILY``; a list of rows or tasks; a list of specs (read
            end to end); ``{spec: weight}`` (a mixture); or a source, which is returned as it is.
        split: ``train`` or ``test`` keeps that part, ``None`` everything. See ``TaskSource.part``.
        exclude: a file that names tasks by their keys, which are left out: what `synthetic1 audit --quarantine` writes.
        bad_rows: what becomes of a row that is not a task. ``error``: it is one where it is read. ``quarantine``: it is
            left out, a warning says how many are and shows three, and ``bad_rows_of`` gives them all; that costs
            reading every row once, as a split does.
        verifiable: with ``quarantine``, a row whose task type it raises a LookupError for is bad, too.
        columns: which column is what, for rows in no known format: ``{"prompt": "question", "answer": "gold.text"}``;
            see ``synthetic1.tasks.formats.columns``.
        family: of such rows (``math``, ``stem``, ``code`` …); what environments say, else the names in ``columns`` do.

    Raises:
        TaskError: there are no such tasks, or they cannot be read, or all rows are bad; one line.
        ValueError: an unknown ``split``, or ``bad_rows`` that is neither.
        TypeError: ``spec`` is nothing of the above.
    """
    if split is not None:
        check_split(split)
    check_bad_rows(bad_rows)
    lenient = bad_rows == "quarantine"
    choose: Choose = reader_for if columns is None else ColumnMapping.of(columns, family)
    if columns is not None and (ready := _without_rows(spec)) is not None:
        raise TaskError(f"columns is for files and rows; {ready} has tasks already")
    if isinstance(spec, Mapping):
        source: TaskSource = Mixture(spec, choose=choose, lenient=lenient)
    elif lenient and is_rows(spec):
        source = sound_rows(spec, verifiable, choose=choose)
    else:
        source = open_source(spec, choose, lenient=lenient)
    if not len(source):
        raise TaskError(f"{source.name} holds no tasks")
    if lenient:
        source = sound(source, verifiable)
        tell(source)
    if exclude is not None:
        source = without(source, exclude)
    if split is None:
        return source
    part = source.part(split)
    if not len(part):
        raise TaskError(f"the {split} part of {source.name} is empty: it has {len(source):,} tasks, too few to split")
    return part


def _without_rows(spec: Spec) -> str | None:
    """The name of what has tasks instead of rows, in all parts of ``spec``; None where one is a file or rows."""
    if isinstance(spec, TaskSource):
        return spec.name
    if isinstance(spec, str):
        return spec if spec.startswith("embedded:") else None
    if isinstance(spec, os.PathLike) or (not isinstance(spec, Mapping) and is_rows(spec)):
        return None
    named = [_without_rows(part) for part in spec]  # type: ignore[arg-type]
    return None if None in named else ", ".join(filter(None, named))
