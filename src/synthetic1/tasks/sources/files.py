"""From names to sources: files, folders and globs of them, datasets of the hub, the tasks shipped with the package."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Mapping, Sequence
from importlib import resources
from itertools import groupby
from pathlib import Path
from typing import Any, TypeGuard

from synthetic1.task import Task, TaskError
from synthetic1.tasks.formats.harbor import harbor_tasks
from synthetic1.tasks.formats.readers import Choose, reader_for
from synthetic1.tasks.sources.concatenation import Concatenation, SplitFolder
from synthetic1.tasks.sources.harbor_folders import HarborTasks
from synthetic1.tasks.sources.hub import SPEC, open_hub, open_saved
from synthetic1.tasks.sources.index import log
from synthetic1.tasks.sources.jsonl import JsonlTasks
from synthetic1.tasks.sources.kinds import files_with_rows, kind_of
from synthetic1.tasks.sources.parquet import ParquetTasks
from synthetic1.tasks.sources.source import TaskList, TaskSource

Named = str | os.PathLike[str] | TaskSource | Sequence[Mapping[str, Any] | Task] | Sequence[str]
READ = f".jsonl, .json (also .gz, .xz, .bz2, .zst), .parquet, folders and globs of them, {SPEC}, embedded:FAMILY"
_split = re.compile(r"(train|test)(?![^\W_])", re.IGNORECASE)


def open_source(spec: Named, choose: Choose = reader_for, *, lenient: bool = False) -> TaskSource:
    """The source that ``spec`` names: all that ``open_tasks`` takes, except mixtures.

    Args:
        choose: which reader reads rows with these columns.
        lenient: files open although their first row is bad, or their last one cut off.

    Raises:
        TaskError: there are no such tasks, or they cannot be read; one line.
        TypeError: ``spec`` is nothing of the above.
    """
    if isinstance(spec, TaskSource):
        return spec
    if isinstance(spec, str | os.PathLike):
        return _open_named(os.fspath(spec), choose, lenient)
    if isinstance(spec, Sequence):
        if not is_rows(spec):
            return Concatenation([open_source(part, choose, lenient=lenient) for part in spec])  # type: ignore[arg-type]
        return TaskList.from_rows(spec, choose=choose)
    raise TypeError(f"tasks are named by {READ}, a list of rows or {{spec: weight}}; got {type(spec).__name__}")


def is_rows(spec: object) -> TypeGuard[Sequence[Mapping[str, Any] | Task]]:
    """Whether ``spec`` is a list of rows or tasks, and not of specs."""
    if isinstance(spec, str | TaskSource) or not isinstance(spec, Sequence):
        return False
    return not spec or not all(isinstance(part, str | os.PathLike | TaskSource) for part in spec)


def _open_named(spec: str, choose: Choose, lenient: bool) -> TaskSource:
    if spec.startswith("hf://"):
        return open_hub(spec, choose)
    if spec.startswith("embedded:"):
        return open_embedded(spec.removeprefix("embedded:"))
    path = Path(os.path.expanduser(spec))
    if path.is_dir():
        return _open_folder(path, spec, choose, lenient)
    if path.exists():
        return _open_file(path, spec, choose, lenient)
    if glob.has_magic(spec):
        # glob passes over what begins with a dot, unless the pattern does
        files = sorted(file for file in glob.glob(str(path), recursive=True) if "/__" not in file or "/__" in str(path))
        if not files:
            raise TaskError(f"no file matches `{spec}`")
        return Concatenation([_open_named(file, choose, lenient) for file in files], name=spec)
    raise TaskError(f"there is no `{spec}`; tasks are read from {READ}")


def _open_file(path: Path, name: str, choose: Choose, lenient: bool) -> TaskSource:
    kind = kind_of(path.name)
    if kind is not None and kind.rows == "parquet":
        return ParquetTasks(path, name=name, choose=choose)
    if kind is not None:
        return JsonlTasks(path, name=name, choose=choose, lenient=lenient)
    raise TaskError(f"{name}: tasks are not read from `{path.suffix or 'a file without suffix'}`, but from {READ}")


def _open_folder(path: Path, name: str, choose: Choose, lenient: bool) -> TaskSource:
    if (path / "state.json").is_file():
        return open_saved(path, name, choose)
    if (path / "dataset_dict.json").is_file():
        parts = sorted(part.name for part in path.iterdir() if part.is_dir())
        raise TaskError(f"{name} is a saved dataset with several splits: name one of {', '.join(parts)} inside it")
    files = files_with_rows(path)
    if (folders := harbor_tasks(path)) and _are_of_harbor(files, path, folders):
        return HarborTasks(path, folders, name=name, lenient=lenient)
    if not files:
        raise TaskError(f"the folder {name} holds nothing that tasks are read from: {READ}")
    splits = [_split_said(file, path) for file in files]
    has_splits = {"train", "test"} <= set(splits)
    if has_splits and None in splits:
        others = [file for file, split in zip(files, splits, strict=True) if split is None]
        log.warning("%s: %s file(s) are neither train nor test, such as %s", name, len(others), others[0].name)
    is_parquet = files[0].suffix.lower() == ".parquet"
    if is_parquet and not has_splits:
        return ParquetTasks(path, name=name, choose=choose)
    sources: list[TaskSource] = []
    theirs: list[str | None] = []
    for split, run in groupby(zip(splits, files, strict=True), key=lambda pair: pair[0]):
        together = [file for _, file in run]
        if is_parquet:
            made: list[TaskSource] = [ParquetTasks(path, name=name, choose=choose, files=together)]
        else:
            named = [(file, str(Path(name) / file.relative_to(path))) for file in together]
            made = [JsonlTasks(file, name=part, choose=choose, lenient=lenient) for file, part in named]
        sources += made
        theirs += [split] * len(made)
    return SplitFolder(sources, theirs, name=name) if has_splits else Concatenation(sources, name=name)


def _are_of_harbor(files: Sequence[Path], folder: Path, tasks: Sequence[Path]) -> bool:
    """Whether each file belongs to one of these Harbor tasks, or to the export of them."""
    theirs = {*tasks}
    return all(file == folder / "manifest.json" or not theirs.isdisjoint(file.parents) for file in files)


def _split_said(file: Path, folder: Path) -> str | None:
    """The split that a file says it is: its name, or that of a folder it is in, begins with the word."""
    for part in reversed(file.relative_to(folder).parts):
        if found := _split.match(part):
            return found[1].lower()
    return None


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
