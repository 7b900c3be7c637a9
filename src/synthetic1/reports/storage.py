"""Files that survive a crash: replaced whole, or appended one line a write."""

from __future__ import annotations

import contextlib
import errno
import json
import math
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
READ_ONLY = {errno.EROFS, errno.EACCES, errno.EPERM}
BLOCK = 2**16  # bytes that are read at once, from the end of a file backwards


class RunFolderError(RuntimeError):
    """A run folder that cannot be used. The message is one line: what, where, and how to go on."""

    user_error = True  # programs print the message alone


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn an ``OSError`` on ``path`` into a :class:`RunFolderError`."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise RunFolderError(
                f"no space left to write {path}: make room, then the same command again (trainers: with resume=true)"
            ) from error
        if error.errno in READ_ONLY:
            raise RunFolderError(f"may not write {path}: make its folder writable, or choose another one") from error
        raise RunFolderError(f"cannot use {path}: {error.strerror or error}") from error


def replace_file(path: Path, content: bytes | Iterable[bytes]) -> None:
    """Write ``content`` so that a reader, or a crash at any moment, sees the old file or the new one, never a part.

    Args:
        content: whole, or in parts, which need not all be in memory.

    Raises:
        RunFolderError: no space, read-only, or no such folder.
    """
    with explained(path):
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                os.fchmod(file.fileno(), 0o644)  # mkstemp makes files that only their owner reads
                file.writelines([content] if isinstance(content, bytes) else content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise
        sync_folder(path.parent)  # the rename itself must reach the disk


def sync_folder(folder: Path) -> None:
    """Have the names in a folder reach the disk: what was made, renamed or removed there.

    Raises:
        OSError: the disk does not take it.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it, so that a power cut does not take it away with all that is in it.

    Raises:
        OSError: it cannot be made.
    """
    if folder.is_dir():
        return
    if not folder.parent.exists():
        make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    with contextlib.suppress(PermissionError):  # a folder that may be written to but not listed
        sync_folder(folder.parent)


def json_bytes(value: Any, *, indent: int | None = None) -> bytes:
    """Strict JSON in UTF-8: non-finite floats become null, numpy values and paths plain ones.

    Raises:
        TypeError: a value that JSON cannot hold; the message names its place.
    """
    clean = plain(value)
    try:
        return json.dumps(clean, ensure_ascii=False, allow_nan=False, indent=indent).encode()
    except UnicodeEncodeError:  # a lone surrogate in a completion: UTF-8 cannot hold it, an escape can
        return json.dumps(clean, allow_nan=False, indent=indent).encode()


def plain(value: Any, where: str = "value") -> Any:
    """``value`` as dicts, lists, strings, numbers, booleans and None; non-finite floats become None."""
    if value is None or isinstance(value, (str, bool)):
        return str(value) if isinstance(value, str) else value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(item, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item, f"{where}[{i}]") for i, item in enumerate(value)]
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if hasattr(value, "tolist"):  # numpy scalars and arrays, torch tensors
        return plain(value.tolist(), where)
    raise TypeError(f"{where} must be JSON, got {type(value).__name__}")


class JsonLines:
    """An append-only file of JSON objects, one a line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle: int | None = None

    def append(self, row: Mapping[str, Any]) -> None:
        """Add one line with one write, so that kill -9 between rows loses nothing.

        Raises:
            RunFolderError: no space, or read-only; the file then still ends with a whole line.
        """
        line = json_bytes(row) + b"\n"
        with explained(self.path):
            if self._handle is None:
                self._handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
            size = os.fstat(self._handle).st_size
            try:
                written = os.write(self._handle, line)
                while written < len(line):  # a disk filling up takes a part, and refuses the rest
                    written += os.write(self._handle, line[written:])
            except OSError:
                with contextlib.suppress(OSError):
                    os.ftruncate(self._handle, size)
                raise

    def repair(self) -> int:
        """Cut off what a crash tore: the last line, if it is not a whole JSON object. Returns the bytes dropped.

        Nothing but the end of the file is read: it may hold gigabytes.
        """
        with explained(self.path):
            if not self.path.exists():
                return 0
            with self.path.open("rb") as file:
                size, whole = file.seek(0, os.SEEK_END), _whole_lines(file)
            if whole < size:
                self.close()
                with self.path.open("r+b") as file:
                    file.truncate(whole)
                    os.fsync(file.fileno())
            return size - whole

    def read(self) -> list[dict[str, Any]]:
        """All rows; a torn last line is left out, and a missing file has none.

        Raises:
            RunFolderError: a line before the last is not a JSON object.
        """
        with explained(self.path):
            if not self.path.exists():
                return []
            return [row for _, row in self._lines()]

    def read_ends(self, most_bytes: int) -> tuple[list[dict[str, Any]], int]:
        """An eighth of ``most_bytes`` from the beginning of the file and the rest from its end, as rows, and how many
        rows the whole file has. A row that cannot be read is left out.
        """
        with explained(self.path):
            if not self.path.exists():
                return [], 0
            with self.path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                parts = [file.read(most_bytes if size <= most_bytes else most_bytes // 8)]
                lines = parts[0].count(b"\n")
                if size > most_bytes:
                    parts[0] = parts[0][: parts[0].rfind(b"\n") + 1]
                    tail = size - most_bytes + most_bytes // 8
                    while (left := tail - file.tell()) > 0:
                        lines += file.read(min(left, 2**20)).count(b"\n")
                    parts.append(file.read())
                    lines += parts[1].count(b"\n")
                    parts[1] = parts[1][parts[1].find(b"\n") + 1 :]
        rows = [_parse(line) for part in parts for line in part.split(b"\n") if line]
        return [row for row in rows if row is not None], lines

    def keep(self, wanted: Callable[[dict[str, Any]], bool]) -> None:
        """Drop the rows that are not wanted, atomically; nothing is written if all are. One row is in memory at a time.

        Raises:
            RunFolderError: as ``read``; no space for a copy.
        """
        with explained(self.path):
            if self.path.exists() and not all(wanted(row) for _, row in self._lines()):
                replace_file(self.path, (line for line, row in self._lines() if wanted(row)))
                self.close()  # the handle still points at the old file

    def close(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _lines(self) -> Iterator[tuple[bytes, dict[str, Any]]]:
        """Each line with its row; a torn last one is left out."""
        with self.path.open("rb") as file:
            whole, at = _whole_lines(file), 0
            file.seek(0)
            for number, line in enumerate(file, start=1):
                at += len(line)
                if at > whole:
                    return
                if not line.strip():
                    continue
                row = _parse(line)
                if row is None:
                    raise RunFolderError(f"{self.path}, line {number} is not a JSON object: delete that line")
                yield line, row


def _whole_lines(file: BinaryIO) -> int:
    """Length of the longest prefix that ends with a whole row."""
    end = _after_newline(file, file.seek(0, os.SEEK_END))
    start = _after_newline(file, max(end - 1, 0))
    file.seek(start)
    # After a power cut the last line may be complete in length but hold zeros.
    return end if end == 0 or _parse(file.read(end - start)) is not None else start


def _after_newline(file: BinaryIO, before: int) -> int:
    """The place after the last newline that stands before a place; 0 without one."""
    while before > 0:
        first = max(before - BLOCK, 0)
        file.seek(first)
        if (found := file.read(before - first).rfind(b"\n")) >= 0:
            return first + found + 1
        before = first
    return 0


def _parse(line: bytes) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None
