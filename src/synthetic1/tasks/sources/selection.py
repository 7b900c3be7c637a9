"""Selections: the tasks of a source that are about something."""

from __future__ import annotations

from collections.abc import Callable, Collection

from synthetic1.task import Task
from synthetic1.tasks.sources.mixture import Mixture
from synthetic1.tasks.sources.source import Subset, TaskSource


def tasks_where(source: TaskSource, wanted: Callable[[Task], bool], label: str) -> TaskSource | None:
    """The tasks of ``source`` that are ``wanted``, of a mixture by its weights; None if no task is.

    Args:
        label: says which they are in the name of the selection.
    """
    name = f"{source.name}[{label}]"
    if isinstance(source, Mixture):  # its weights have to survive
        weighed = zip(source.sources, source.weights, strict=True)
        kept: dict[str | TaskSource, float] = {}
        for part, weight in weighed:
            if (found := tasks_where(part, wanted, label)) is not None:
                kept[found] = weight
        return Mixture(kept, name=name) if kept else None
    rows = [index for index, task in enumerate(source) if wanted(task)]
    return Subset(source, rows, name=name) if rows else None


def in_language(source: TaskSource, names: Collection[str], label: str, asked: str) -> TaskSource:
    """The tasks of ``source`` whose ``verification_info`` names a language by one of ``names``, which are lower case.

    Args:
        label: what the language is called in the name of the selection.
        asked: what it is called in the error.

    Raises:
        ValueError: no task is in it.
    """

    def wanted(task: Task) -> bool:
        language = task.verification_info.get("language")
        return isinstance(language, str) and language.strip().lower() in names

    found = tasks_where(source, wanted, label)
    if found is None:
        raise ValueError(f"language: {source.name} has no task in {asked}")
    return found
