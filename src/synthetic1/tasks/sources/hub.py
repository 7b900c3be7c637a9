"""``hf://`` specs: datasets of the Hugging Face hub, read through the ``datasets`` package."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthetic1.extras import not_installed
from synthetic1.task import TaskError
from synthetic1.tasks.formats.readers import Choose, reader_for
from synthetic1.tasks.sources.arrow import without_nulls
from synthetic1.tasks.sources.index import IndexHome, stamp
from synthetic1.tasks.sources.stored import StoredTasks

if TYPE_CHECKING:
    from datasets import Dataset

SPEC = "hf://datasets/OWNER/NAME[/CONFIG][@REVISION][:SPLIT]"
_spec = re.compile(
    r"hf://datasets/(?P<name>[\w.-]+/[\w.-]+)(?:/(?P<config>[\w.-]+))?(?:@(?P<revision>[^:@\s]+))?(?::(?P<split>[\w.+-]+(?:\[[^\[\]]*\])?))?"
)


class DatasetTasks(StoredTasks):
    """The rows of a ``datasets.Dataset``: memory-mapped Arrow, so any row is cheap to read.

    Raises:
        TaskError: its columns are in no known format.
    """

    def __init__(self, dataset: Dataset, *, name: str, choose: Choose = reader_for) -> None:
        self.name = name
        self.reader = choose(dataset.column_names, name)
        files = tuple(Path(part["filename"]) for part in dataset.cache_files)
        identity = f"{dataset._fingerprint}:{self.reader.name}:{self.reader.id_column}"
        self.home = IndexHome(files, stamp(files), None, identity)
        self._dataset = dataset.select_columns([c for c in dataset.column_names if c in self.reader.columns])
        self._structs = [c for c in self._dataset.column_names if isinstance(dataset.features[c], dict)]

    def __len__(self) -> int:
        return len(self._dataset)

    def _row(self, index: int) -> Mapping[str, Any]:
        row: Mapping[str, Any] = self._dataset[index]
        return {**row, **{name: without_nulls(row[name]) for name in self._structs}}

    def place(self, index: int) -> tuple[str, int]:
        return self.name, index + 1

    def _ids(self) -> Iterator[object]:
        column = self.reader.id_column
        if column not in self._dataset.column_names:
            return iter([None] * len(self))
        return iter(self._dataset[column])


def open_hub(spec: str, choose: Choose = reader_for) -> DatasetTasks:
    """The dataset that ``spec`` names; its own split is ``train`` unless the spec says otherwise.

    Raises:
        TaskError: a spec of another form, ``datasets`` is not installed, or the dataset cannot be loaded (unknown,
            gated, or no network).
    """
    match = _spec.fullmatch(spec)
    if match is None:
        raise TaskError(f"`{spec}` is not a dataset of the hub: write {SPEC}")
    try:
        import datasets
    except ImportError:
        raise TaskError(f"{spec} cannot be read: {not_installed('datasets', 'data')}") from None
    try:
        dataset = datasets.load_dataset(
            match["name"], match["config"], split=match["split"] or "train", revision=match["revision"]
        )
    except Exception as error:  # the hub client raises a dozen types; each means that there is no dataset to read
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise TaskError(f"{spec} cannot be loaded: {reason.rstrip('.')}. Check name, split and network") from error
    return DatasetTasks(dataset, name=spec, choose=choose)


def open_saved(folder: Path, name: str, choose: Choose = reader_for) -> DatasetTasks:
    """A folder that ``Dataset.save_to_disk`` wrote.

    Raises:
        TaskError: it cannot be loaded.
    """
    try:
        import datasets
    except ImportError:
        raise TaskError(f"{name} cannot be read: {not_installed('datasets', 'data')}") from None
    try:
        dataset = datasets.load_from_disk(str(folder))
    except Exception as error:  # as above
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise TaskError(f"{name} cannot be loaded by `datasets`: {reason}") from error
    return DatasetTasks(dataset, name=name, choose=choose)
