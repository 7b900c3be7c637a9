"""Task sources: where tasks come from, opened by :func:`open_tasks`. Names are loaded when they are first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from synthetic1.tasks.files import open_tasks as open_tasks
    from synthetic1.tasks.hub import DatasetTasks as DatasetTasks
    from synthetic1.tasks.jsonl import JsonlTasks as JsonlTasks
    from synthetic1.tasks.mixture import Concatenation as Concatenation
    from synthetic1.tasks.mixture import Mixture as Mixture
    from synthetic1.tasks.parquet import ParquetTasks as ParquetTasks
    from synthetic1.tasks.readers import register_reader as register_reader
    from synthetic1.tasks.source import Subset as Subset
    from synthetic1.tasks.source import TaskList as TaskList
    from synthetic1.tasks.source import TaskSource as TaskSource
    from synthetic1.tasks.source import split_of as split_of

_HOMES = {
    "Concatenation": "mixture",
    "DatasetTasks": "hub",
    "JsonlTasks": "jsonl",
    "Mixture": "mixture",
    "ParquetTasks": "parquet",
    "Subset": "source",
    "TaskList": "source",
    "TaskSource": "source",
    "open_tasks": "files",
    "register_reader": "readers",
    "split_of": "source",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
