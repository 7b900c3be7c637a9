"""What a file holds, by its name: rows as JSON Lines, as a JSON array or as Parquet, plain or packed."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

from synthetic1.extras import missing
from synthetic1.task import TaskError
from synthetic1.tasks.sources.index import cache_folders, log, stamp, write_whole
from synthetic1.tasks.sources.json_array import lines_of_array

ROWS: dict[str, Literal["lines", "array", "parquet"]] = {
    ".jsonl": "lines",
    ".ndjson": "lines",
    ".json": "array",
    ".parquet": "parquet",
}
PACKINGS = {".gz": "gzip", ".xz": "xz", ".bz2": "bzip2", ".zst": "zstd"}
LINE_SUFFIXES = tuple(f"{rows}{packing}" for rows in (".jsonl", ".ndjson") for packing in ("", *PACKINGS))
"""Suffixes of JSON Lines, in lower case."""


@dataclass(frozen=True)
class FileKind:
    """What a file holds, and how it is packed."""

    rows: Literal["lines", "array", "parquet"]
    """``array``: a JSON array of rows, or, as many publish it, JSON Lines of another name."""
    packing: str = ""
    """``.gz``, ``.xz``, ``.bz2``, ``.zst``, or nothing."""


def kind_of(name: str) -> FileKind | None:
    """What the file of this name holds, in any case of its suffixes; ``None`` for what tasks are not read from.

    Parquet compresses by itself: ``.parquet.gz`` is not read.
    """
    name = name.lower()
    packing = next((suffix for suffix in PACKINGS if name.endswith(suffix)), "")
    rows = ROWS.get(Path(name.removesuffix(packing)).suffix)
    return None if rows is None or (rows == "parquet" and packing) else FileKind(rows, packing)


def is_hidden(file: Path, folder: Path) -> bool:
    """Whether ``file``, somewhere in ``folder``, is one that tools leave beside data (``.cache``, ``._x``,
    ``.ipynb_checkpoints``, ``__MACOSX``): a name on the way to it begins with a dot or two underscores."""
    return any(part.startswith((".", "__")) for part in file.relative_to(folder).parts)


def files_with_rows(folder: Path) -> list[Path]:
    """The files in ``folder``, at any depth, that hold rows, by path: all Parquet, else JSON Lines, else arrays."""
    found: dict[str, list[Path]] = {}
    for file in sorted(folder.rglob("*")):
        kind = kind_of(file.name)
        if kind is not None and not is_hidden(file, folder) and file.is_file():
            found.setdefault(kind.rows, []).append(file)
    return next((found[rows] for rows in ("parquet", "lines", "array") if rows in found), [])


def open_unpacked(path: Path, packing: str) -> BinaryIO:
    """The content of ``path`` as it was before it was packed. Reading it raises what :func:`is_damage` knows.

    Raises:
        OSError: it cannot be opened.
    """
    openers: dict[str, Callable[[Path], Any]] = {".gz": gzip.open, ".xz": lzma.open, ".bz2": bz2.open, ".zst": _zstd}
    opened: BinaryIO = openers[packing](path) if packing else path.open("rb")
    return opened


def _zstd(path: Path) -> BinaryIO:
    try:
        import pyarrow as pa
    except ModuleNotFoundError as error:
        raise missing(error, "data") from None
    path.open("rb").close()  # whose error has an errno
    stream: BinaryIO = pa.input_stream(str(path), compression="zstd")
    return stream


def is_damage(error: BaseException) -> bool:
    """Whether an error says that packed content is damaged or cut off, and not that a disk or a right is missing."""
    if isinstance(error, EOFError | zlib.error | lzma.LZMAError):
        return True
    return isinstance(error, OSError) and error.errno is None  # so gzip, bz2 and Arrow say it


DAMAGE = (EOFError, zlib.error, lzma.LZMAError, OSError)
"""What to catch, and to ask ``is_damage`` about."""


def as_lines(path: Path, name: str) -> Path:
    """A file with the rows of ``path`` as JSON Lines: itself, or a copy in the cache folder, made if it is not there.

    A copy is made of what is packed, and of an array, whose elements become lines as they were written; of those, one
    at a time is in memory.

    Raises:
        TaskError: it cannot be read, is damaged, or there is no room for the copy.
    """
    kind = kind_of(path.name) or FileKind("lines")
    try:
        is_array = kind.rows == "array" and _first_byte(path, kind.packing) == b"["
    except DAMAGE as error:
        raise _unreadable(name, kind, error) from None
    if not kind.packing and not is_array:
        return path
    # The tail of a gzip file has the checksum of all that is in it; elsewhere the time tells what has changed between
    content = stamp([path], times=is_array or kind.packing != ".gz")
    stem = path.name[: len(path.name) - len(kind.packing)]
    copy_name = f"{stem.removesuffix(Path(stem).suffix)}-{content}{'-array' if is_array else ''}.jsonl"
    copies = [folder / copy_name for folder in cache_folders()]
    for copy in copies:
        if copy.is_file():
            return copy
    failure: OSError | None = None
    for copy in copies:
        try:
            with open_unpacked(path, kind.packing) as packed:
                write_whole(copy, lines_of_array(packed) if is_array else iter(lambda: packed.read(1 << 20), b""))
        except DAMAGE as error:
            if is_damage(error):
                raise _unreadable(name, kind, error) from None
            failure = error if isinstance(error, OSError) else None
            continue
        done = "unpacked" if kind.packing else "written as JSON Lines"
        log.warning("%s is %s, once, to %s (%s)", name, done, copy, f"{copy.stat().st_size / 1e6:.1f} MB")
        return copy
    raise TaskError(f"{name}: no room to unpack it ({failure.strerror if failure else 'no cache folder'})")


def _first_byte(path: Path, packing: str) -> bytes:
    """Of the content, white space and a byte order mark aside."""
    with open_unpacked(path, packing) as file:
        head = file.read(1 << 16).removeprefix(b"\xef\xbb\xbf")
    return head.lstrip()[:1]


def _unreadable(name: str, kind: FileKind, error: BaseException) -> TaskError:
    if is_damage(error):
        return TaskError(f"{name} is not a whole {PACKINGS.get(kind.packing, 'JSON')} file: {error}")
    return TaskError(f"{name}: {getattr(error, 'strerror', None) or error}")
