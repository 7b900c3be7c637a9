"""Raw rows of the input: JSON Lines, JSON arrays and Parquet, packed or not, row by row; a bad row stops nothing."""

from __future__ import annotations

import glob
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synthetic1.jobs.program import ProgramError
from synthetic1.tasks.sources.json_array import lines_of_array
from synthetic1.tasks.sources.kinds import (
    DAMAGE,
    FileKind,
    files_with_rows,
    is_damage,
    is_hidden,
    kind_of,
    open_unpacked,
)

READ = ".jsonl, .json (also .gz, .xz, .bz2, .zst), .parquet, folders and globs of them"
_half = re.compile("[\ud800-\udfff]")
BATCH = 1_000  # rows of Parquet in memory


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row as it is published."""

    where: str
    """``FILE, row N``, from 1; of lines, the number of the line."""
    fields: Mapping[str, Any]
    file: str
    number: int
    mended: bool = False
    """Whether it held halves of characters (``\\ud83d`` alone), which no file can: now signs of replacement."""


@dataclass(frozen=True, slots=True)
class UnreadableRow:
    """What stands where a row should be."""

    where: str
    reason: str
    """A short constant: ``not_json``, ``not_utf8``, ``not_an_object``, ``damaged``."""
    detail: str
    raw: str
    """All of it; bytes that are not UTF-8 as ``\\xff``."""


def input_files(inputs: Sequence[str]) -> list[tuple[Path, str]]:
    """The files that ``input=`` names and what to call them, in order; a folder's sorted by path, hidden ones left out.

    Two files never have one name: those of ``2023/train.jsonl`` and ``2024/train.jsonl`` begin with their folders.

    Raises:
        ProgramError: there is no such file, or nothing in the folder that rows are read from.
    """
    found: list[tuple[Path, str]] = []
    for spec in inputs:
        path = Path(os.path.expanduser(spec))
        if path.is_dir():
            files = files_with_rows(path)
            _tell_of_others(path, spec, files)
            if not files:
                raise ProgramError(f"input={spec} holds nothing that rows are read from: {READ}")
            found += [(file, str(file.relative_to(path.parent))) for file in files]
        elif path.is_file():
            if kind_of(path.name) is None:
                raise ProgramError(f"input={spec}: rows are not read from such a file, but from {READ}")
            found.append((path, path.name))
        else:
            matches = [Path(name) for name in sorted(glob.glob(str(path), recursive=True)) if kind_of(name)]
            if not matches:
                raise ProgramError(f"input={spec}: there is no such file or folder; rows are read from {READ}")
            found += [(file, file.name) for file in matches]
    return names_apart(found)


def names_apart(found: Sequence[tuple[Path, str]]) -> list[tuple[Path, str]]:
    """The files with names of which none stands for two: so many folders before them as tell them apart."""
    named = list(found)
    while True:
        shared: dict[str, set[Path]] = {}
        for path, name in named:
            shared.setdefault(name, set()).add(path.absolute())
        longer = [(path, _longer(path, name) if len(shared[name]) > 1 else name) for path, name in named]
        if longer == named:
            return named
        named = longer


def _longer(path: Path, name: str) -> str:
    """``name`` with one more of the folders it lies in."""
    parts = path.absolute().parts[1:]
    return "/".join(parts[-min(len(parts), name.count("/") + 2) :])


_told: set[str] = set()


def _tell_of_others(folder: Path, spec: str, files: Sequence[Path]) -> None:
    """A folder is read by its best kind of files; that others are passed over is said, once."""
    taken = set(files)
    others = [
        file
        for file in sorted(folder.rglob("*"))
        if kind_of(file.name) and file not in taken and not is_hidden(file, folder) and file.is_file()
    ]
    if others and spec not in _told:
        _told.add(spec)
        print(f"input={spec}: {len(others):,} files beside are not read, such as {others[0].name}: name them, too")


def raw_rows(inputs: Sequence[str]) -> Iterator[RawRow | UnreadableRow]:
    """Every row of every file.

    Raises:
        ProgramError: as ``input_files``, or a file that cannot be opened.
    """
    for path, name in input_files(inputs):
        kind = kind_of(path.name) or FileKind("lines")
        try:
            yield from _parquet(path, name) if kind.rows == "parquet" else _lines(path, name, kind)
        except OSError as error:
            raise ProgramError(f"input: {path} cannot be read: {error.strerror or error}") from error


def _lines(path: Path, name: str, kind: FileKind) -> Iterator[RawRow | UnreadableRow]:
    with open_unpacked(path, kind.packing) as file:
        lines: Iterator[bytes] = iter(file)
        if kind.rows == "array":
            head = file.read(1 << 12).removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
            file.seek(0)
            lines = lines_of_array(file) if head == b"[" else iter(file)
        number = 0
        while True:
            try:
                line = next(lines, None)
            except DAMAGE as error:
                if not is_damage(error):
                    raise
                yield UnreadableRow(f"{name}, row {number + 1}", "damaged", f"the file ends here: {error}", "")
                return
            if line is None:
                return
            number += 1
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            if line.strip():
                yield _row(line, name, number)


def _row(line: bytes, name: str, number: int) -> RawRow | UnreadableRow:
    where = f"{name}, row {number}"
    try:
        text = line.decode("utf-8")  # as bytes, JSON would be guessed to be UTF-16, and halves of characters pass
        fields = json.loads(text)
    except UnicodeDecodeError as error:
        return UnreadableRow(where, "not_utf8", str(error), line.decode("utf-8", "backslashreplace").strip())
    except (ValueError, RecursionError) as error:
        return UnreadableRow(where, "not_json", str(error), text.strip())
    if not isinstance(fields, dict):
        return UnreadableRow(where, "not_an_object", f"a row is an object, got {type(fields).__name__}", text.strip())
    if (b"\\ud" in line or b"\\uD" in line) and not is_encodable(fields):
        return RawRow(where, encodable(fields), name, number, mended=True)
    return RawRow(where, fields, name, number)


def damage_in(text: str, *, mended: bool) -> str | None:
    """What shows that characters of a problem were lost on its way here; None where nothing does.

    Args:
        mended: whether the row was; a sign of replacement that it was published with may be what it is about.
    """
    if "\0" in text:
        return "it holds NUL, which stands for a lost character"
    return "it holds half of a character" if mended and "\ufffd" in text else None


def is_encodable(value: Any) -> bool:
    """Whether all texts in a value of JSON can be written as UTF-8."""
    if isinstance(value, str):
        return value.isascii() or _half.search(value) is None
    if isinstance(value, dict):
        return all(is_encodable(part) for pair in value.items() for part in pair)
    return all(map(is_encodable, value)) if isinstance(value, list) else True


def encodable(value: Any) -> Any:
    """The value of JSON with a sign of replacement for every half of a character."""
    if isinstance(value, str):
        return _half.sub("\ufffd", value)
    if isinstance(value, dict):
        return {encodable(name): encodable(part) for name, part in value.items()}
    return [encodable(part) for part in value] if isinstance(value, list) else value


def _parquet(path: Path, name: str) -> Iterator[RawRow | UnreadableRow]:
    import pyarrow as pa
    import pyarrow.parquet as parquet

    number = 0
    try:
        for batch in parquet.ParquetFile(path).iter_batches(batch_size=BATCH):
            try:
                rows: list[Any] = batch.to_pylist()
            except (ValueError, OverflowError):  # bytes that are no text, dates beyond Python's: of some row
                rows = [_by_column(batch.slice(place, 1)) for place in range(batch.num_rows)]
            for fields in rows:
                number += 1
                where = f"{name}, row {number}"
                yield (
                    UnreadableRow(where, *fields) if isinstance(fields, tuple) else RawRow(where, fields, name, number)
                )
    except (FileNotFoundError, PermissionError):
        raise
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:  # damaged pages
        yield UnreadableRow(f"{name}, row {number + 1}", "damaged", f"the file ends here: {error}", "")


def _by_column(row: Any) -> dict[str, Any] | tuple[str, str, str]:
    """The fields of a batch of one row; where a column cannot be read, reason, detail and the others as JSON."""
    import pyarrow as pa

    fields: dict[str, Any] = {}
    why: tuple[str, str] | None = None
    for column, values in zip(row.schema.names, row.columns, strict=True):
        try:
            (fields[column],) = values.to_pylist()
        except (pa.ArrowException, ValueError, OverflowError) as error:
            reason = "not_utf8" if isinstance(error, UnicodeDecodeError) else "damaged"
            why = why or (reason, f"{column}: {error}")
            as_bytes = {pa.string(): pa.binary(), pa.large_string(): pa.large_binary()}.get(values.type)
            if as_bytes is not None:
                fields[column] = values.view(as_bytes)[0].as_py().decode("utf-8", "backslashreplace")
    return fields if why is None else (*why, json.dumps(fields, default=str))
