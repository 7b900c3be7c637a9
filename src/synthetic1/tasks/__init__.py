"""Task sources: where tasks come from, opened by :func:`open_tasks`. Names are loaded when they are first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from synthetic1.tasks.formats.readers import register_reader as register_reader
    from synthetic1.tasks.sources.bad_rows import BadRow as BadRow
    from synthetic1.tasks.sources.bad_rows import bad_rows_of as bad_rows_of
    from synthetic1.tasks.sources.concatenation import Concatenation as Concatenation
    from synthetic1.tasks.sources.hub import DatasetTasks as DatasetTasks
    from synthetic1.tasks.sources.jsonl import JsonlTasks as JsonlTasks
    from synthetic1.tasks.sources.mixture import Mixture as Mixture
    from synthetic1.tasks.sources.parquet import ParquetTasks as ParquetTasks
    from synthetic1.tasks.sources.source import Subset as Subset
    from synthetic1.tasks.sources.source import TaskList as TaskList
    from synthetic1.tasks.sources.source import TaskSource as TaskSource
    from synthetic1.tasks.sources.source import split_of as split_of
    from synthetic1.tasks.sources.spec import open_tasks as open_tasks

_HOMES = {
    "BadRow": "sources.bad_rows",
    "Concatenation": "sources.concatenation",
    "DatasetTasks": "sources.hub",
    "JsonlTasks": "sources.jsonl",
    "Mixture": "sources.mixture",
    "ParquetTasks": "sources.parquet",
    "Subset": "sources.source",
    "TaskList": "sources.source",
    "TaskSource": "sources.source",
    "bad_rows_of": "sources.bad_rows",
    "open_tasks": "sources.spec",
    "register_reader": "formats.readers",
    "split_of": "sources.source",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
