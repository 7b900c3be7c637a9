"""Parquet: rows read a row group at a time, only the columns that a task needs."""

from __future__ import annotations

import json
import os
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthetic1.extras import not_installed
from synthetic1.task import TaskError
from synthetic1.tasks.formats.readers import Choose, reader_for
from synthetic1.tasks.sources.arrow import without_nulls
from synthetic1.tasks.sources.index import FileFault, IndexHome, changed, log, stamp
from synthetic1.tasks.sources.kinds import files_with_rows
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
    """The rows of a ``.parquet`` file, of all of them in a folder (at any depth, by path), or of ``files`` in it.

    Opening reads footers only. A row costs the decoding of its row group, of which the last four stay in memory: in
    order it is fast, at random it wants row groups of a few thousand rows (a warning says so). The index of ids is
    built when an id is first asked for.

    Raises:
        TaskError: no Parquet file, or columns in no known format.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        name: str | None = None,
        choose: Choose = reader_for,
        files: Sequence[Path] | None = None,
    ) -> None:
        self.name = name or os.fspath(path)
        self.path = Path(path).absolute()
        self._groups: tuple[tuple[int, pa.Table], ...] = ()
        beside = self.path
        if files is not None:
            files = [file.absolute() for file in files]
            beside = files[0]
        elif self.path.is_dir():
            files = [file for file in files_with_rows(self.path) if file.suffix.lower() == ".parquet"]
        else:
            files = [self.path]
        if not files:
            raise TaskError(f"{self.name} holds no .parquet files")
        before = stamp(files)
        self._shards = [self._shard(file) for file in files]
        self.reader = choose(self._shards[0].columns, self._shards[0].label)
        self.home = IndexHome(tuple(files), before, beside, f"{self.reader.name}:{self.reader.id_column}")
        # every row group: its shard, its number there; and the row it starts at, then the total
        self._places = [(shard, group) for shard in self._shards for group in range(len(shard.group_rows))]
        self._starts = [0, *accumulate(rows for shard in self._shards for rows in shard.group_rows)]

    def __len__(self) -> int:
        return self._starts[-1]

    def _shard(self, file: Path) -> _Shard:
        label = self.name if file == self.path else f"{self.name.rstrip('/')}/{file.relative_to(self.path)}"
        try:
            import pyarrow as pa
            import pyarrow.parquet as pq
        except ImportError:
            raise TaskError(f"{label} cannot be read: {not_installed('pyarrow', 'data')}") from None
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
        held = self._group(place).slice(index - self._starts[place], 1)
        try:
            row: Mapping[str, Any] = held.to_pylist()[0]
        except (ValueError, OverflowError) as error:  # text that is not UTF-8, dates beyond Python's
            raise TaskError(f"{self.where(index)}: {_failing(held)}{_one_line(error)}") from None
        return {name: without_nulls(value) for name, value in row.items()}

    def raw_row(self, index: int) -> str:
        text = super().raw_row(index)
        if text:
            return text
        place = bisect_right(self._starts, index) - 1
        held = self._group(place).slice(index - self._starts[place], 1)
        cells = {name: _value(held.column(name)[0]) for name in held.column_names}
        return json.dumps(cells, ensure_ascii=False, default=str)  # what cannot be read as null

    def place(self, index: int) -> tuple[str, int]:
        place = bisect_right(self._starts, index) - 1
        shard = self._places[place][0]
        first = self._starts[self._places.index((shard, 0))]
        return shard.label, index - first + 1

    def _ids(self) -> Iterator[object]:
        column = self.reader.id_column
        for shard, group in self._places:
            if column in shard.columns:
                yield from map(_value, self._decoded(shard, group, [column]).column(column))
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
            raise FileFault(f"{shard.label} cannot be read as Parquet: {_one_line(error)}") from None

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_groups": ()}


def _state(file: Path) -> tuple[int, int, int]:
    status = file.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns


def _check_unchanged(shard: _Shard) -> None:
    if _state(shard.path) != shard.state:
        raise changed(shard.label)


def _value(scalar: pa.Scalar) -> object:
    """What a cell holds; None if it cannot be read."""
    try:
        value: object = scalar.as_py()
    except (ValueError, OverflowError):
        return None
    return value


def _failing(row: pa.Table) -> str:
    """Names the field of a row that cannot be read."""
    for name in row.column_names:
        try:
            row.column(name)[0].as_py()
        except (ValueError, OverflowError):
            return f"field `{name}` cannot be read: "
    return ""


def _one_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
