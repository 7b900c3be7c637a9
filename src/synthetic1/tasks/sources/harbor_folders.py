"""Folders of Harbor tasks: a task a folder, as ``format=harbor`` of an export writes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from synthetic1.task import TaskError
from synthetic1.tasks.formats.harbor import CONFIG, INSTRUCTION, ROW, read_harbor_row
from synthetic1.tasks.formats.readers import reader_for
from synthetic1.tasks.sources.index import IndexHome, stamp
from synthetic1.tasks.sources.stored import StoredTasks


class HarborTasks(StoredTasks):
    """The tasks in ``folders``, which hold a ``task.toml`` each.

    Args:
        lenient: opens although the first of them is not ours.

    Raises:
        TaskError: the first was not written by us.
    """

    def __init__(self, path: Path, folders: Sequence[Path], *, name: str, lenient: bool = False) -> None:
        self.name, self.path = name, path.absolute()
        self.folders = tuple(folder.absolute() for folder in folders)
        self.reader = reader_for(("problem_id", "task_type", "prompt"), name)
        files = tuple(
            file for folder in self.folders for part in (CONFIG, INSTRUCTION, ROW) if (file := folder / part).is_file()
        )
        self.home = IndexHome(files, stamp(files), self.path, f"harbor:{self.reader.name}")
        if not lenient:
            self._row(0)

    def __len__(self) -> int:
        return len(self.folders)

    def _row(self, index: int) -> Mapping[str, Any]:
        return read_harbor_row(self.folders[index], self.where(index))

    def place(self, index: int) -> tuple[str, int]:
        folder = self.folders[index]
        return self.name if folder == self.path else str(Path(self.name) / folder.relative_to(self.path)), 1

    def _ids(self) -> Iterator[object]:
        for index in range(len(self)):
            try:
                yield self._row(index).get("problem_id")
            except TaskError:
                yield None
