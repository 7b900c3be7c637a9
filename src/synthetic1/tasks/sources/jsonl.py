"""JSON Lines: one row a line, found through an index of 20 bytes a row."""

from __future__ import annotations

import json
import os
import re
import weakref
from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from synthetic1.task import TaskError
from synthetic1.tasks.formats.readers import Choose, RowReader, reader_for
from synthetic1.tasks.sources.index import (
    NO_ID_DIGEST,
    Columns,
    IndexHome,
    changed,
    id_columns,
    id_digest,
    stamp,
)
from synthetic1.tasks.sources.kinds import as_lines
from synthetic1.tasks.sources.stored import StoredTasks, digest_of

BOM = b"\xef\xbb\xbf"
FORMATS_TRIED = 1000  # rows of no known format, after which a file is taken to be in none


class JsonlTasks(StoredTasks):
    """The rows of a file of JSON Lines or of a JSON array, plain or packed, in any format a reader knows.

    Opening finds where rows begin and what their ids are, without keeping or fully parsing them; the result is
    cached beside the file (20 bytes a row, plus 4 once a split was asked for) and memory-mapped. A row is read when
    it is asked for. Blank lines are skipped, CRLF and a byte order mark are fine. What is packed, and an array, is
    written as JSON Lines into the cache folder, once.

    Args:
        lenient: its first row may be bad, and its last one cut off, as any other may be bad.

    Raises:
        TaskError: the file cannot be read, its first row is in no known format, or it ends in the middle of a row;
            ``lenient``: no row of it is in a known format. Any other bad row is reported when it is read, or by
            :meth:`validate`.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        name: str | None = None,
        choose: Choose = reader_for,
        lenient: bool = False,
    ) -> None:
        self.name = name or os.fspath(path)
        self.path = Path(path).absolute()  # a worker process may stand in another folder
        self._choose, self._lenient = choose, lenient
        self._opened: _OpenFile | None = None
        self._content: str | None = None
        self._content = stamp([self._open.path], times=False)

    def __len__(self) -> int:
        return len(self._open.starts) - 1

    def _row(self, index: int) -> Mapping[str, Any]:
        file = self._open
        start, end = int(file.starts[index]), int(file.starts[index + 1])
        line = _read_at(file.descriptor, start, end - start)
        if _state(file.descriptor) != file.state:  # replacing it would do no harm: the old file is still open
            raise changed(self.name)
        try:
            return decode_row(line)
        except TaskError as error:
            raise TaskError(f"{self.where(index)}: {error}") from None

    def raw_row(self, index: int) -> str:
        """The line as it stands in the file; bytes that are not UTF-8 as ``\\xff``."""
        file = self._open
        start, end = int(file.starts[index]), int(file.starts[index + 1])
        return _read_at(file.descriptor, start, end - start).strip().decode("utf-8", "backslashreplace")

    def place(self, index: int) -> tuple[str, int]:
        """Counts lines up to the row, from the last place counted to if that lies before it."""
        file = self._open
        start = int(file.starts[index])
        at, line = file.counted if file.counted[0] <= start else (0, 1)
        while at < start:
            block = _read_at(file.descriptor, at, min(start - at, 1 << 20))
            line += block.count(b"\n")
            at += len(block)
        file.counted = (start, line)
        return self.name, line

    def _ids(self) -> Iterator[object]:
        raise NotImplementedError("the ids of JSON Lines are indexed together with the places of the rows")

    @property
    def id_index(self) -> Columns:  # not cached here: the open file holds it
        return self._open.ids

    @property
    def _open(self) -> _OpenFile:
        # opened anew after unpickling; if two threads do it at once, one file is closed again unused
        if self._opened is None:
            path = as_lines(self.path, self.name)
            if self._content is not None and stamp([path], times=False) != self._content:
                raise TaskError(f"{self.name} is no longer the file that was opened: open its tasks again")
            self._opened = _OpenFile.open(path, self.name, self._choose, self._lenient)
            self.reader, self.home = self._opened.reader, self._opened.home
        return self._opened

    def __getstate__(self) -> dict[str, Any]:  # handles and memory maps stay behind
        return {name: value for name, value in self.__dict__.items() if name not in ("_opened", "reader", "home")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _opened=None)


@dataclass
class _OpenFile:
    """One process's view of a file. Reads say where they read, so threads and forked children can share it."""

    path: Path
    descriptor: int
    state: tuple[int, int]
    """Its size and modification time when it was opened."""
    reader: RowReader
    home: IndexHome
    starts: NDArray[np.uint64]
    """Where each row begins, and where the last one ends: ``n + 1`` byte offsets."""
    ids: Columns
    counted: tuple[int, int] = (0, 1)
    """A byte offset and its line number, from 1: lines up to there need not be counted again."""

    @classmethod
    def open(cls, path: Path, name: str, choose: Choose, lenient: bool) -> _OpenFile:
        before = stamp([path])
        try:
            with open(path, "rb", buffering=1 << 20) as file:
                state = _state(file.fileno())
                reader = (_reader_of_any if lenient else _first_reader)(file, name, choose)
                home = IndexHome((path,), before, path, f"{reader.name}:{reader.id_column}")
                columns = home.columns("rows", lambda: scan(file, reader, name), fits=lambda found: "starts" in found)
                if not lenient:
                    _check_end(file, columns["starts"], name)
                opened = cls(path, os.dup(file.fileno()), state, reader, home, columns["starts"], columns)
        except OSError as error:
            raise TaskError(f"{name}: {error.strerror}") from None
        weakref.finalize(opened, os.close, opened.descriptor)
        return opened


def _first_reader(file: BinaryIO, name: str, choose: Choose) -> RowReader:
    for number, line in enumerate(file, 1):
        text = line.removeprefix(BOM) if number == 1 else line
        if text and not text.isspace():
            where = f"{name}, row {number}"
            try:
                return choose(decode_row(text), where)
            except TaskError as error:
                message = str(error)
                raise TaskError(message if message.startswith(where) else f"{where}: {message}") from None
    raise TaskError(f"{name} holds no rows")


def _reader_of_any(file: BinaryIO, name: str, choose: Choose) -> RowReader:
    """The reader of the first row that has one, whatever stands before it.

    Raises:
        TaskError: no row has one; says what is wrong with the first.
    """
    first: TaskError | None = None
    unknown = 0
    for number, line in enumerate(file, 1):
        text = line.removeprefix(BOM) if number == 1 else line
        if text and not text.isspace():
            where = f"{name}, row {number}"
            try:
                row = decode_row(text)
            except TaskError as error:
                first = first or TaskError(f"{where}: {error}")
                continue
            try:
                return choose(row, where)
            except TaskError as error:
                first, unknown = first or error, unknown + 1
                if unknown == FORMATS_TRIED:
                    break
    if first is None:
        raise TaskError(f"{name} holds no rows")
    raise TaskError(f"{name}: all rows are bad, or in no known format; the first: {first}")


def _check_end(file: BinaryIO, starts: NDArray[np.uint64], name: str) -> None:
    """Raise TaskError if the last row has no end."""
    start = int(starts[-2])
    line = _read_at(file.fileno(), start, int(starts[-1]) - start)
    if b"\n" not in line:
        try:
            decode_row(line)
        except TaskError as error:
            raise TaskError(f"{name}: the last row is cut off or no row at all ({error})") from None


def scan(file: BinaryIO, reader: RowReader, name: str) -> Columns:
    """Find every row and its id: 20 bytes a row, one pass, one line of the file in memory at a time."""
    starts, digests = array("Q"), bytearray()
    find_id = id_finder(reader)
    file.seek(0)
    end, line = 0, b""
    for line in file:
        start, end = end, end + len(line)
        if start == 0 and line.startswith(BOM):
            start, line = len(BOM), line[len(BOM) :]
        if line.isspace() or not line:
            continue
        starts.append(start)
        digests += find_id(line)
    starts.append(end)
    return {"starts": np.frombuffer(starts, "<u8"), **id_columns(digests, name)}


def id_finder(reader: RowReader) -> Callable[[bytes], bytes]:
    """A function from a line to the digest of its ``problem_id``, parsing the line only if it has to.

    A quoted column name with only one ``{`` before it, or only one ``}`` after its value, is a key of the outermost
    object (a key further inside lies between two of each), so the string after it is the id, if the name does not
    come again. Anything less plain goes through the JSON parser.
    """
    column = reader.id_column

    def parsed(line: bytes) -> bytes:
        try:
            row = decode_row(line)
            return digest_of(reader.read(row, "row").problem_id if column is None else row.get(column))
        except Exception:
            return NO_ID_DIGEST  # a bad row is reported when it is read, whatever its reader made of it

    if column is None:
        return parsed
    key = json.dumps(column).encode()
    plain_id = re.compile(re.escape(key) + rb'[ \t]*:[ \t]*"([^"\\]+)"').match

    def found(line: bytes) -> bytes:
        at = line.find(key)
        # a backslash before it: the name is part of a string; once more: of a repeated key the parser takes the last
        if at > 0 and line[at - 1] != 0x5C and line.find(key, at + 1) < 0:
            match = plain_id(line, at)
            if match is not None and (line.count(b"{", 0, at) == 1 or line.count(b"}", match.end()) == 1):
                return id_digest(match[1])
        return parsed(line)

    return found


def decode_row(line: bytes) -> Mapping[str, Any]:
    """The object on one line.

    Raises:
        TaskError: no UTF-8, no JSON (``NaN`` is none), or no object. It does not say where.
    """
    try:
        # surrogatepass: json.loads takes lone surrogates from bytes too, and a row must not depend on how it is read
        row = _decoder.decode(line.strip().decode("utf-8", "surrogatepass"))
    except UnicodeDecodeError as error:
        raise TaskError(f"no UTF-8 (byte {error.start}): {error.reason}") from None
    except (ValueError, RecursionError) as error:
        raise TaskError(f"no JSON: {error}") from None
    if not isinstance(row, dict):
        raise TaskError(f"a row is a JSON object, got {type(row).__name__}")
    return row


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


_decoder = json.JSONDecoder(parse_constant=_no_constant)


def _state(descriptor: int) -> tuple[int, int]:
    status = os.fstat(descriptor)
    return status.st_size, status.st_mtime_ns


def _read_at(descriptor: int, start: int, size: int) -> bytes:
    data = os.pread(descriptor, size, start)
    while 0 < len(data) < size and (more := os.pread(descriptor, size - len(data), start + len(data))):
        data += more  # one read returns at most 2 GiB
    return data
