"""Shards of an export on any fsspec destination: whole or not there, with checksums, byte for byte repeatable."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from synthetic1.program import ProgramError

ROW_GROUP = 1_000  # rows; traces are long, and a reader holds a row group in memory


@dataclass(frozen=True, slots=True)
class Shard:
    """One file of the export."""

    name: str
    rows: int
    bytes: int
    sha256: str


class ShardWriter:
    """Writes rows into files of at most ``rows_per_shard`` rows, one row group in memory at a time."""

    def __init__(self, folder: Path, schema: Any, suffix: str, rows_per_shard: int) -> None:
        self.folder, self.schema, self.suffix, self.limit = folder, schema, suffix, rows_per_shard
        self.shards: list[Shard] = []
        self._file: Any = None
        self._parquet: Any = None
        self._waiting: list[dict[str, Any]] = []
        self._rows = 0

    def write(self, row: dict[str, Any]) -> None:
        if self._file is None:
            self._open()
        self._rows += 1
        if self.suffix == "jsonl":
            self._file.write(json.dumps(row, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n")
        else:
            self._waiting.append(row)
            if len(self._waiting) >= ROW_GROUP:
                self._flush()
        if self._rows >= self.limit:
            self._close()

    def finish(self) -> list[Shard]:
        """Close the last file. An export without rows has one file without rows, which readers can open."""
        if self._file is None and not self.shards:
            self._open()
        if self._file is not None:
            self._close()
        return self.shards

    def _open(self) -> None:
        name = f"train-{len(self.shards):05d}.{self.suffix}"
        self._rows = 0
        self._file = (self.folder / name).open("wb")
        if self.suffix == "parquet":
            import pyarrow.parquet as parquet

            self._parquet = parquet.ParquetWriter(self._file, self.schema, compression="zstd")

    def _flush(self) -> None:
        import pyarrow as pa

        rows = [_encodable(row) for row in self._waiting]
        self._parquet.write_table(pa.Table.from_pylist(rows, schema=self.schema), row_group_size=ROW_GROUP)
        self._waiting = []

    def _close(self) -> None:
        if self._parquet is not None:
            if self._waiting:
                self._flush()
            self._parquet.close()
            self._parquet = None
        self._file.flush()
        os.fsync(self._file.fileno())
        path = Path(self._file.name)
        self._file.close()
        self._file = None
        self.shards.append(Shard(path.name, self._rows, path.stat().st_size, checksum(path)))


def _encodable(value: Any) -> Any:
    """Arrow holds UTF-8: a lone surrogate, which a model can be made to write, is kept as its escape."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {key: _encodable(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_encodable(inner) for inner in value]
    return value


def checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def staged(destination: str, *, overwrite: bool) -> Iterator[Path]:
    """A local folder whose files are at ``destination`` once the block has ended well, the manifest last.

    A local destination gets each file by rename, on one file system, with the folder synced; others by upload.

    Raises:
        ProgramError: an export is there already, or the destination cannot be reached or written.
    """
    import fsspec

    try:
        system, root = fsspec.core.url_to_fs(destination)
        taken = system.exists(f"{root}/manifest.json")
    except (ImportError, ValueError, OSError) as error:
        raise ProgramError(f"to={destination}: {error}") from None
    if taken and not overwrite:
        raise ProgramError(f"to={destination} holds an export already: choose another folder, or overwrite=true")
    local = "file" in ((system.protocol,) if isinstance(system.protocol, str) else system.protocol)
    try:
        if local:
            Path(root).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".export-", dir=root if local else None) as name:
            yield Path(name)
            made = sorted(p for p in Path(name).rglob("*") if p.is_file())
            made.sort(key=lambda p: p.name == "manifest.json")
            if taken:  # what a smaller export would leave behind belongs to nobody
                _remove_old(system, root)
            for path in made:
                _move(path, path.relative_to(name).as_posix(), system, root, local)
            if local:
                _sync(Path(root))
    except OSError as error:
        raise ProgramError(f"to={destination} cannot be written: {error.strerror or error}") from error


def _remove_old(system: Any, root: str) -> None:
    manifest = json.loads(system.cat_file(f"{root}/manifest.json"))
    system.rm_file(f"{root}/manifest.json")  # first: without it, nothing here claims to be whole
    for shard in manifest.get("files", []):
        if system.exists(f"{root}/{shard['name']}"):
            system.rm_file(f"{root}/{shard['name']}")


def _move(path: Path, name: str, system: Any, root: str, local: bool) -> None:
    if not local:
        system.put_file(str(path), f"{root}/{name}")
        return
    target = Path(root) / name
    target.parent.mkdir(parents=True, exist_ok=True)
    with path.open("rb") as file:
        os.fsync(file.fileno())
    path.replace(target)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def as_rows(shards: list[Shard]) -> list[dict[str, Any]]:
    return [asdict(shard) for shard in shards]
