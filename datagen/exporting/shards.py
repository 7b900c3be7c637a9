"""Shards of an export on any fsspec destination: whole or not there, with checksums, byte for byte repeatable."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from synthetic1.jobs.program import ProgramError
from synthetic1.reports.storage import make_folder, sync_folder

MANIFEST = "manifest.json"
DATA = "data"
"""The folder of the shards: readers of tables take a folder of nothing else, and hubs look there."""
PLACING = ".placing.json"
STAGING = ".export-"
SHARD = re.compile(
    r"(?:data/)?train-\d{5,}\.(parquet|jsonl)|prompts/\w+\.md"
    r"|[a-z0-9-]+/(?:task\.toml|instruction\.md|environment/Dockerfile|tests/task\.json|tests/test\.sh"
    r"|solution/(?:answer\.md|solve\.sh))"
)
"""Files that differ from one set to the next: those of a set that is replaced go."""
ROW_GROUP = 1_000  # rows; rollouts are long, and a reader holds a row group in memory


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
            self._file.write(json_line(row))
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


def json_line(row: dict[str, Any]) -> bytes:
    """A row of JSON Lines. U+0085, U+2028 and U+2029, which much takes for the end of a line, are escaped, and so are
    lone surrogates, which UTF-8 has no form for."""
    text = json.dumps(row, ensure_ascii=False)
    return text.translate(_LINE_ENDS).encode("utf-8", "backslashreplace") + b"\n"


_LINE_ENDS = {ord(end): f"\\u{ord(end):04x}" for end in "\x85\u2028\u2029"}


def checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_free(destination: str, *, overwrite: bool, setting: str = "to") -> tuple[Any, str]:
    """The file system of a destination, and where it is there: for who works long before anything is written.

    Raises:
        ProgramError: an export is there already, or the destination cannot be reached.
    """
    import fsspec

    try:
        system, root = fsspec.core.url_to_fs(destination)
        taken = system.exists(f"{root}/{MANIFEST}")
    except Exception as error:  # those of a store in the cloud, or of its HTTP library, have no class in common
        raise ProgramError(f"{setting}={destination}: {error or type(error).__name__}") from error
    if taken and not overwrite:
        raise ProgramError(f"{setting}={destination} holds an export already: choose another folder, or overwrite=true")
    return system, root


@contextmanager
def staged(destination: str, *, overwrite: bool, setting: str = "to") -> Iterator[Path]:
    """A local folder whose files are at ``destination`` once the block has ended well, the manifest last.

    A local destination gets each file by rename, on one file system, with its folders synced; others by upload.
    Whatever ends the process, the next export there removes what this one, or the one before it, had put there.

    Raises:
        ProgramError: an export is there already, or the destination cannot be reached or written.
    """
    system, root = check_free(destination, overwrite=overwrite, setting=setting)
    local = "file" in ((system.protocol,) if isinstance(system.protocol, str) else system.protocol)
    try:
        if local:
            make_folder(Path(root))
            _remove_abandoned(Path(root))
        temporary = tempfile.TemporaryDirectory(prefix=STAGING, dir=root if local else None)
        with temporary as name, _under_way(Path(name)):
            yield Path(name)
            try:
                _publish(Path(name), system, root, local)
            except Exception as error:
                if local or isinstance(error, OSError | ProgramError):
                    raise
                raise ProgramError(
                    f"{setting}={destination} cannot be written: {error or type(error).__name__}"
                ) from error
    except OSError as error:
        raise ProgramError(f"{setting}={destination} cannot be written: {error.strerror or error}") from error


def _publish(staging: Path, system: Any, root: str, local: bool) -> None:
    """Put the files in their place. At every moment there is a manifest and all it names, or no manifest.

    Without one, ``PLACING`` says which shards are ours: of a smaller export after a larger one, some would be left.
    """
    made = sorted(p.relative_to(staging).as_posix() for p in staging.rglob("*") if p.is_file())
    made.remove(MANIFEST)
    shards = {name for name in made if SHARD.fullmatch(name)}
    earlier = _named(system, f"{root}/{PLACING}") | _named(system, f"{root}/{MANIFEST}")
    placing = {"files": [{"name": name} for name in sorted(earlier | shards)]}
    (staging / PLACING).write_text(json.dumps(placing), encoding="utf-8")
    _move(staging, PLACING, system, root, local)
    if local:
        sync_folder(Path(root))
    if system.exists(f"{root}/{MANIFEST}"):
        system.rm_file(f"{root}/{MANIFEST}")  # first: without it, nothing here claims to be whole
        if local:
            sync_folder(Path(root))
    for name in sorted(earlier - shards):
        if system.exists(f"{root}/{name}"):
            system.rm_file(f"{root}/{name}")
    for name in made:
        _move(staging, name, system, root, local)
    if local:
        for folder in sorted({(Path(root) / name).parent for name in made}):
            sync_folder(folder)
    _move(staging, MANIFEST, system, root, local)
    if local:
        sync_folder(Path(root))
    system.rm_file(f"{root}/{PLACING}")


def _named(system: Any, path: str) -> set[str]:
    """The shards and prompts that a manifest, or ``PLACING``, says are ours; none where there is no such file."""
    if not system.exists(path):
        return set()
    try:
        said = json.loads(system.cat_file(path))
        names = [
            *(file["name"] for file in said["files"]),
            *(f"prompts/{name}.md" for name in said.get("prompts") or ()),
        ]
        return {name for name in names if SHARD.fullmatch(name)}
    except (ValueError, KeyError, TypeError):
        raise ProgramError(f"{path} is not a manifest of an export: choose another folder, or remove it") from None


def _move(staging: Path, name: str, system: Any, root: str, local: bool) -> None:
    path = staging / name
    if not local:
        system.put_file(str(path), f"{root}/{name}")
        return
    target = Path(root) / name
    make_folder(target.parent)
    with path.open("rb") as file:
        os.fsync(file.fileno())
    path.replace(target)


@contextmanager
def _under_way(staging: Path) -> Iterator[None]:
    """Holds a lock on a staging folder, which ends with the process: by it a later export knows what is abandoned."""
    handle = os.open(staging, os.O_RDONLY)
    try:
        with suppress(OSError):  # not every file system locks folders; then nothing is ever abandoned
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


def _remove_abandoned(root: Path) -> None:
    """Remove the staging folders of exports that were killed."""
    for staging in root.glob(f"{STAGING}{'[a-z0-9_]' * 8}"):  # as tempfile names them
        with suppress(OSError):  # locked: that export is under way
            handle = os.open(staging, os.O_RDONLY)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(staging)
            finally:
                os.close(handle)


def as_rows(shards: list[Shard]) -> list[dict[str, Any]]:
    return [asdict(shard) for shard in shards]
