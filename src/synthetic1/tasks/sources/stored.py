"""What all sources share whose rows stay in files: read a row, name its place, find it by id, know its split."""

from __future__ import annotations

import hashlib
import json
import sys
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthetic1 import task
from synthetic1.task import Task, TaskError
from synthetic1.tasks import formats
from synthetic1.tasks.formats.readers import RowReader
from synthetic1.tasks.sources import source
from synthetic1.tasks.sources.index import (
    NO_ID_DIGEST,
    Columns,
    FileFault,
    IndexHome,
    id_columns,
    id_digest,
    log,
    rows_with_id,
)
from synthetic1.tasks.sources.source import TaskSource, check_task, key_head

CHECKED = {"key_heads", "bad", "types", "names", "code"}
MOST_TYPES = 0xFFFF  # of tasks in a file; those beyond are taken for the last


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
    def place(self, index: int) -> tuple[str, int]:
        """The file and the number of a row in it, from 1: only asked for when there is an error, so it may be slow."""

    def raw_row(self, index: int) -> str:
        """The row as text, for people: here as JSON; empty if not even that can be read."""
        try:
            return json.dumps(self._row(index), ensure_ascii=False, default=str)
        except (TaskError, ValueError, TypeError, RecursionError):
            return ""

    def where(self, index: int) -> str:
        """``FILE, row N``, as errors begin."""
        file, row = self.place(index)
        return f"{file}, row {row}"

    @abstractmethod
    def _ids(self) -> Iterator[object]:
        """The values of the reader's id column, in row order; only asked for if it has one."""

    def __getitem__(self, index: int) -> Task:
        index = self._position(index)
        row = self._row(index)
        try:
            return check_task(self.reader.read(row, "row"), "row")
        except TaskError as error:  # now saying where
            raise TaskError(f"{self.where(index)}{str(error).removeprefix('row')}") from None
        except Exception as error:  # a reader that knows less than what people publish
            reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
            raise TaskError(f"{self.where(index)}: cannot be read as `{self.reader.name}` ({reason})") from error

    def rows_of(self, problem_id: str) -> Iterator[int]:
        return (index for index in self.rows_like(problem_id) if self[index].problem_id == problem_id)

    def rows_like(self, problem_id: str) -> Iterator[int]:
        """The rows whose id has the same hash, tasks or not."""
        return rows_with_id(self.id_index, problem_id)

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
        columns = self.checked()
        for row in columns["bad"]:
            _ = self[int(row)].key  # raises, and says what is wrong
        return columns["key_heads"]

    def checked(self) -> Columns:
        """What became of every row. The first call reads and hashes all of them; 5 bytes a row go to the cache.

        Returns:
            ``key_heads``, of each row its :func:`key_head`, or 0; ``bad``, the rows that are not tasks, increasing;
            ``types``, of each row the number of its task type; ``names``, these types as the bytes of a JSON list;
            ``code``, a digest of what read the rows.

        Raises:
            FileFault: it is not rows that are bad.
        """
        size = len(self)

        def fits(columns: Columns) -> bool:
            if columns.keys() != CHECKED or len(columns["key_heads"]) != size:
                return False
            if columns["code"].tobytes() != code_of(self.reader):
                return False  # what was bad may be read by now
            # Of a reader whose code nobody sees: one that now composes its prompts otherwise has changed every key
            return all(self._head(row) == _kept(columns, row) for row in {0, size - 1} if size)

        return self.home.columns("keys", lambda: check_rows(self), fits=fits)

    def _head(self, row: int) -> int | None:
        try:
            return key_head(self[row])
        except FileFault:
            raise
        except TaskError:
            return None

    def __getstate__(self) -> dict[str, Any]:  # a memory map would be pickled as all its numbers
        return {name: value for name, value in self.__dict__.items() if name != "id_index"}


def check_rows(stored: StoredTasks) -> Columns:
    """The columns of ``StoredTasks.checked``: one pass over all rows."""
    size = len(stored)
    if size > 50_000:
        log.info("%s: reading and hashing %s tasks, once", stored.name, f"{size:,}")
    heads, bad = np.zeros(size, "<u4"), []
    types, numbers = np.zeros(size, "<u2"), dict[str, int]()
    for row in range(size):
        try:
            found = stored[row]
            heads[row] = key_head(found)
        except FileFault:
            raise
        except TaskError:
            bad.append(row)
        else:
            types[row] = min(numbers.setdefault(found.task_type, len(numbers)), MOST_TYPES)
    narrow = types.astype("<u1") if len(numbers) <= 256 else types
    names = np.frombuffer(json.dumps(list(numbers)[: MOST_TYPES + 1]).encode(), "<u1")
    code = np.frombuffer(code_of(stored.reader), "<u1")
    return {"key_heads": heads, "bad": np.array(bad, "<u4"), "types": narrow, "names": names, "code": code}


def code_of(reader: RowReader) -> bytes:
    """16 bytes that change with what decides whether a row is a task: our readers, and that of somebody else."""
    module = getattr(reader.read, "__module__", None) or type(reader.read).__module__
    return _code_of(getattr(sys.modules.get(module), "__file__", None))


@cache
def _code_of(file: str | None) -> bytes:
    ours = sorted(Path(formats.__file__).parent.rglob("*.py"))
    content = hashlib.blake2b(digest_size=16)
    for path in (*ours, Path(task.__file__), Path(source.__file__), *([Path(file)] if file else [])):
        with suppress(OSError):  # out of an archive: then a release tells
            content.update(path.read_bytes())
    return content.digest()


def _kept(columns: Columns, row: int) -> int | None:
    bad = columns["bad"]
    place = int(np.searchsorted(bad, row))
    return None if place < len(bad) and bad[place] == row else int(columns["key_heads"][row])


def digest_of(problem_id: object) -> bytes:
    """The digest of an id as it stands in a row: a string, or an integer that the reader will turn into one."""
    if isinstance(problem_id, int) and not isinstance(problem_id, bool):
        problem_id = str(problem_id)
    if not isinstance(problem_id, str):
        return NO_ID_DIGEST
    return id_digest(problem_id.encode("utf-8", "surrogatepass"))
