"""From names to sources: files, folders and globs of them, datasets of the hub, the tasks shipped with the package."""

from __future__ import annotations

import glob
import os
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from synthetic1.task import Task, TaskError
from synthetic1.tasks.formats.readers import Choose, reader_for
from synthetic1.tasks.sources import jsonl
from synthetic1.tasks.sources.concatenation import Concatenation
from synthetic1.tasks.sources.hub import SPEC, open_hub, open_saved
from synthetic1.tasks.sources.jsonl import JsonlTasks
from synthetic1.tasks.sources.parquet import ParquetTasks
from synthetic1.tasks.sources.source import TaskList, TaskSource

Named = str | os.PathLike[str] | TaskSource | Sequence[Mapping[str, Any] | Task] | Sequence[str]
READ = f".jsonl, .jsonl.gz, .parquet, folders and globs of them, {SPEC}, embedded:FAMILY"


def open_source(spec: Named, choose: Choose = reader_for) -> TaskSource:
    """The source that ``spec`` names: all that ``open_tasks`` takes, except mixtures.

    Args:
        choose: which reader reads rows with these columns.

    Raises:
        TaskError: there are no such tasks, or they cannot be read; one line.
        TypeError: ``spec`` is nothing of the above.
    """
    if isinstance(spec, TaskSource):
        return spec
    if isinstance(spec, str | os.PathLike):
        return _open_named(os.fspath(spec), choose)
    if isinstance(spec, Sequence):
        if spec and all(isinstance(part, str | os.PathLike | TaskSource) for part in spec):
            return Concatenation([open_source(part, choose) for part in spec])  # type: ignore[arg-type]
        return TaskList.from_rows(spec, choose=choose)  # type: ignore[arg-type]
    raise TypeError(f"tasks are named by {READ}, a list of rows or {{spec: weight}}; got {type(spec).__name__}")


def _open_named(spec: str, choose: Choose = reader_for) -> TaskSource:
    if spec.startswith("hf://"):
        return open_hub(spec, choose)
    if spec.startswith("embedded:"):
        return open_embedded(spec.removeprefix("embedded:"))
    path = Path(os.path.expanduser(spec))
    if path.is_dir():
        return _open_folder(path, spec, choose)
    if path.exists():
        return _open_file(path, spec, choose)
    if glob.has_magic(spec):
        files = sorted(glob.glob(str(path), recursive=True))
        if not files:
            raise TaskError(f"no file matches `{spec}`")
        return Concatenation([_open_named(file, choose) for file in files], name=spec)
    raise TaskError(f"there is no `{spec}`; tasks are read from {READ}")


def _open_file(path: Path, name: str, choose: Choose) -> TaskSource:
    if path.name.endswith(jsonl.SUFFIXES):
        return JsonlTasks(path, name=name, choose=choose)
    if path.suffix == ".parquet":
        return ParquetTasks(path, name=name, choose=choose)
    raise TaskError(f"{name}: tasks are not read from `{path.suffix or 'a file without suffix'}`, but from {READ}")


def _open_folder(path: Path, name: str, choose: Choose) -> TaskSource:
    if (path / "state.json").is_file():
        return open_saved(path, name, choose)
    if (path / "dataset_dict.json").is_file():
        parts = sorted(part.name for part in path.iterdir() if part.is_dir())
        raise TaskError(f"{name} is a saved dataset with several splits: name one of {', '.join(parts)} inside it")
    if any(path.rglob("*.parquet")):
        return ParquetTasks(path, name=name, choose=choose)
    files = sorted(file for file in path.rglob("*") if file.name.endswith(jsonl.SUFFIXES) and file.name[0] != ".")
    if not files:
        raise TaskError(f"the folder {name} holds nothing that tasks are read from: {READ}")
    named = [(file, str(Path(name) / file.relative_to(path))) for file in files]
    return Concatenation([JsonlTasks(file, name=part, choose=choose) for file, part in named], name=name)


def open_embedded(family: str) -> TaskSource:
    """The tasks shipped with the package for a family.

    Raises:
        TaskError: there are none; the message lists the families that have some.
    """
    folder = Path(str(resources.files("synthetic1.tasks.embedded")))
    path = folder / f"{family}.jsonl"
    if not path.is_file():
        there = ", ".join(sorted(file.stem for file in folder.glob("*.jsonl"))) or "none"
        raise TaskError(f"no tasks are embedded for `{family}`; there are: {there}")
    return JsonlTasks(path, name=f"embedded:{family}")
