"""What all sources share whose rows stay in files: read a row, name its place, find it by id, know its split."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthetic1.task import Task, TaskError
from synthetic1.tasks.formats.readers import RowReader
from synthetic1.tasks.sources.index import (
    NO_ID_DIGEST,
    Columns,
    IndexHome,
    id_columns,
    id_digest,
    log,
    rows_with_id,
)
from synthetic1.tasks.sources.source import TaskSource, key_head


class StoredTasks(TaskSource):
    """Rows read one at a time through a :class:`RowReader`, with indexes cached beside their file.

    The first row (or the schema) decides the format of all rows of a file.
    """

    reader: RowReader
    home: IndexHome

    @abstractmethod
    def _row(self, index: int) -> Mapping[str, Any]:
        """The raw row at ``0 <= index < len(self)``."""

    @abstractmethod
    def _where(self, index: int) -> str:
        """``FILE, row N`` with N counted from 1: only asked for when there is an error, so it may be slow."""

    @abstractmethod
    def _ids(self) -> Iterator[object]:
        """The values of the reader's id column, in row order; only asked for if it has one."""

    def __getitem__(self, index: int) -> Task:
        index = self._position(index)
        row = self._row(index)
        try:
            return self.reader.read(row, "row")
        except TaskError:
            return self.reader.read(row, self._where(index))  # fails again, now saying where

    def rows_of(self, problem_id: str) -> Iterator[int]:
        for index in rows_with_id(self.id_index, problem_id):
            if self[index].problem_id == problem_id:
                yield index

    @cached_property
    def id_index(self) -> Columns:
        """The columns of :func:`id_columns`, from the cache if they are there."""
        return self.home.columns(
            "ids", lambda: id_columns(self._digests(), self.name), fits=lambda found: len(found["ids"]) == len(self)
        )

    def _digests(self) -> bytes:
        ids = (task.problem_id for task in self) if self.reader.id_column is None else self._ids()
        return b"".join(map(digest_of, ids))

    def key_heads(self) -> NDArray[np.uint32]:
        """As :meth:`TaskSource.key_heads`, 4 bytes a row in the cache. The first call reads and hashes every task."""
        size = len(self)

        def build() -> Columns:
            if size > 50_000:
                log.info("%s: hashing %s tasks for the split, once", self.name, f"{size:,}")
            return {"key_heads": np.fromiter(map(key_head, self), "<u4", size)}

        def fits(columns: Columns) -> bool:
            # a reader that now composes its prompts otherwise has changed every key, the outermost ones too
            heads = columns["key_heads"]
            return len(heads) == size and all(heads[row] == key_head(self[row]) for row in {0, size - 1} if size)

        return self.home.columns("keys", build, fits=fits)["key_heads"]

    def __getstate__(self) -> dict[str, Any]:  # a memory map would be pickled as all its numbers
        return {name: value for name, value in self.__dict__.items() if name != "id_index"}


def digest_of(problem_id: object) -> bytes:
    """The digest of an id as it stands in a row: a string, or an integer that the reader will turn into one."""
    if isinstance(problem_id, int) and not isinstance(problem_id, bool):
        problem_id = str(problem_id)
    if not isinstance(problem_id, str):
        return NO_ID_DIGEST
    return id_digest(problem_id.encode("utf-8", "surrogatepass"))
