"""Parquet: rows read a row group at a time, only the columns that a task needs."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthetic1.task import TaskError
from synthetic1.tasks.formats.readers import Choose, reader_for
from synthetic1.tasks.sources.arrow import without_nulls
from synthetic1.tasks.sources.index import IndexHome, changed, log, stamp
from synthetic1.tasks.sources.stored import StoredTasks

if TYPE_CHECKING:
    import pyarrow as pa

GROUPS_KEPT = 4  # decoded row groups in memory
LARGE_GROUP = 128 << 20  # bytes: above this, reading rows at random costs more than it should


@dataclass(frozen=True)
class _Shard:
    path: Path
    label: str
    columns: tuple[str, ...]
    group_rows: tuple[int, ...]
    state: tuple[int, int, int]
    """Which file it was, its size and its modification time when its footer was read."""


class ParquetTasks(StoredTasks):
    """The rows of a ``.parquet`` file, or of all of them in a folder (recursively, by path).

    Opening reads footers only. A row costs the decoding of its row group, of which the last four stay in memory: in
    order it is fast, at random it wants row groups of a few thousand rows (a warning says so). The index of ids is
    built when an id is first asked for.

    Raises:
        TaskError: no Parquet file, or columns in no known format.
    """

    def __init__(self, path: str | os.PathLike[str], *, name: str | None = None, choose: Choose = reader_for) -> None:
        self.name = name or os.fspath(path)
        self.path = Path(path).absolute()
        self._groups: tuple[tuple[int, pa.Table], ...] = ()
        files = sorted(self.path.rglob("*.parquet")) if self.path.is_dir() else [self.path]
        if not files:
            raise TaskError(f"{self.name} holds no .parquet files")
        before = stamp(files)
        self._shards = [self._shard(file) for file in files]
        self.reader = choose(self._shards[0].columns, self._shards[0].label)
        self.home = IndexHome(tuple(files), before, self.path, f"{self.reader.name}:{self.reader.id_column}")
        # every row group: its shard, its number there; and the row it starts at, then the total
        self._places = [(shard, group) for shard in self._shards for group in range(len(shard.group_rows))]
        self._starts = [0, *accumulate(rows for shard in self._shards for rows in shard.group_rows)]

    def __len__(self) -> int:
        return self._starts[-1]

    def _shard(self, file: Path) -> _Shard:
        import pyarrow as pa
        import pyarrow.parquet as pq

        label = self.name if file == self.path else f"{self.name.rstrip('/')}/{file.relative_to(self.path)}"
        try:
            state = _state(file)
            footer = pq.read_metadata(file)
        except (pa.ArrowException, OSError) as error:
            raise TaskError(f"{label} cannot be read as Parquet: {_one_line(error)}") from None
        groups = [footer.row_group(group) for group in range(footer.num_row_groups)]
        largest = max((group.total_byte_size for group in groups), default=0)
        if largest > LARGE_GROUP:
            log.warning(
                "%s has row groups of %.0f MB, each decoded whole to read one row; "
                "for sampling, rewrite it with row groups of a few thousand rows",
                label,
                largest / 1e6,
            )
        columns = tuple(footer.schema.to_arrow_schema().names)
        return _Shard(file, label, columns, tuple(group.num_rows for group in groups), state)

    def _row(self, index: int) -> Mapping[str, Any]:
        place = bisect_right(self._starts, index) - 1
        row: Mapping[str, Any] = self._group(place).slice(index - self._starts[place], 1).to_pylist()[0]
        return {name: without_nulls(value) for name, value in row.items()}

    def _where(self, index: int) -> str:
        place = bisect_right(self._starts, index) - 1
        shard = self._places[place][0]
        first = self._starts[self._places.index((shard, 0))]
        return f"{shard.label}, row {index - first + 1}"

    def _ids(self) -> Iterator[object]:
        column = self.reader.id_column
        for shard, group in self._places:
            if column in shard.columns:
                yield from self._decoded(shard, group, [column]).column(column).to_pylist()
            else:
                yield from [None] * shard.group_rows[group]

    def _group(self, place: int) -> pa.Table:
        for kept, table in self._groups:
            if kept == place:
                return table
        shard, group = self._places[place]
        table = self._decoded(shard, group, [name for name in shard.columns if name in self.reader.columns])
        # one assignment of an immutable tuple: threads may decode a group twice, but never see half a cache
        self._groups = ((place, table), *self._groups[: GROUPS_KEPT - 1])
        return table

    def _decoded(self, shard: _Shard, group: int, columns: list[str]) -> pa.Table:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            _check_unchanged(shard)
            # opened for each group: no handle crosses a fork or a pickle, and a thousand shards cost no descriptors
            with pq.ParquetFile(shard.path) as file:
                table = file.read_row_group(group, columns=columns, use_threads=False)
            _check_unchanged(shard)  # nor while it was read
            return table
        except (pa.ArrowException, OSError, IndexError) as error:
            raise TaskError(f"{shard.label} cannot be read as Parquet: {_one_line(error)}") from None

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_groups": ()}


def _state(file: Path) -> tuple[int, int, int]:
    status = file.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns


def _check_unchanged(shard: _Shard) -> None:
    if _state(shard.path) != shard.state:
        raise TaskError(changed(shard.label))


def _one_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
