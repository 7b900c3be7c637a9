"""Row indexes: columns of numbers about a file, kept beside it, checked against it and memory-mapped."""

from __future__ import annotations

import hashlib
import json
import logging
import mmap
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from synthetic1.keys import content_key
from synthetic1.task import TaskError

log = logging.getLogger("synthetic1.tasks")

Columns = dict[str, NDArray[Any]]

FORMAT: Final = "synthetic1 index 1"  # raise it when a column changes its meaning
KEEP_FROM_BYTES: Final = 1 << 20  # a smaller file is indexed in milliseconds: nothing is left beside it
SAY_FROM_BYTES: Final = 100_000_000  # a bigger one takes so long that a person is told
NO_ID: Final = 0xFFFF_FFFF_FFFF_FFFF  # stands for the id of a row that has none
_BLOCK: Final = 4096


def stamp(paths: Sequence[Path], *, times: bool = True) -> str:
    """Changes when a file changes: size, modification time, and the bytes at its head, middle and tail.

    Without ``times`` it is a statement about content alone, the same for a copy on another machine.

    Raises:
        TaskError: a file cannot be read.
    """
    facts: list[list[Any]] = []
    for path in paths:
        try:
            with open(path, "rb", buffering=0) as file:
                status = os.fstat(file.fileno())
                size = status.st_size
                blocks = [os.pread(file.fileno(), _BLOCK, max(0, at)) for at in (0, size // 2, size - _BLOCK)]
        except OSError as error:
            raise FileFault(f"{path}: {error.strerror}") from None
        digest = hashlib.blake2b(b"".join(blocks), digest_size=16).hexdigest()
        facts.append([path.name, size, status.st_mtime_ns if times else 0, digest])
    return content_key(facts)


class FileFault(TaskError):
    """What is wrong is the file and not one row of it: nothing that it holds can be counted on."""


def changed(name: str) -> FileFault:
    """What is said of a file that is no longer as it was."""
    return FileFault(f"{name} has changed since it was opened: open it again when its writer is done")


@dataclass(frozen=True)
class IndexHome:
    """Where the columns about some files are kept: beside them, else in the cache folder, else only in memory."""

    files: tuple[Path, ...]
    """The files that the columns describe."""
    stamp: str
    """What :func:`stamp` said of the files when they were opened."""
    beside: Path | None
    """The file or folder whose hidden sibling ``.NAME.KIND`` holds the columns of a kind."""
    identity: str = ""
    """What else the columns depend on: the row format, a dataset's fingerprint."""

    def columns(self, kind: str, build: Callable[[], Columns], *, fits: Callable[[Columns], bool]) -> Columns:
        """The columns of a kind: read from where they are kept, or built and kept.

        Processes that build at once each write their own file and rename it into place: all are whole.

        Args:
            fits: says whether columns found on disk still suit their reader; if not, they are built anew.

        Raises:
            TaskError: the files have changed since they were opened.
        """
        self._check_unchanged()
        state = f"{self.stamp} {self.identity}"
        size = sum(path.stat().st_size for path in self.files)
        keep = size >= KEEP_FROM_BYTES
        places = list(self._places(kind)) if keep else []
        for place in places:
            found = _load(place, state)
            if found is not None and fits(found):
                return found
        if size >= SAY_FROM_BYTES:
            where = self.beside or self.files[0]
            log.warning("%s: reading %s MB for an index, once; minutes for gigabytes", where, f"{size / 1e6:,.0f}")
        columns = build()
        self._check_unchanged()
        failure = None
        for place in places:
            try:
                _save(place, state, columns)
            except OSError as error:
                failure = failure or error
                continue
            if failure:
                log.warning("cannot keep an index at %s (%s); it is in %s", places[0], failure.strerror, place)
            return _load(place, state) or columns
        if failure:
            log.warning("cannot keep an index at %s (%s); it will be built each time", places[0], failure.strerror)
        return columns

    def _check_unchanged(self) -> None:
        if stamp(self.files) != self.stamp:
            raise changed(str(self.beside or self.files[0]))

    def _places(self, kind: str) -> Iterator[Path]:
        if self.beside is not None:
            yield self.beside.parent / f".{self.beside.name}.{kind}"
        label = content_key([os.path.realpath(self.beside) if self.beside else "", self.identity])
        for folder in cache_folders():
            yield folder / f"{label}.{kind}"


def cache_folders() -> Iterator[Path]:
    """Where copies and indexes go that cannot lie beside their file: the user's cache, else a temporary folder."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    yield Path(home) / "synthetic1" / "tasks"
    yield Path(tempfile.gettempdir()) / f"synthetic1-{os.getuid()}" / "tasks"


def write_whole(path: Path, chunks: Iterable[bytes]) -> None:
    """Write a file so that every reader sees all of it or none: a temporary sibling, synced and renamed.

    Raises:
        OSError: the folder cannot be written.
    """
    if not path.parent.is_dir():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=".synthetic1-", suffix=".tmp", dir=path.parent)
    try:
        with open(descriptor, "wb") as file:
            os.fchmod(descriptor, 0o644)  # mkstemp gives 0600; others who read the data may use its index
            file.writelines(chunks)
            file.flush()
            os.fsync(descriptor)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def _save(path: Path, state: str, columns: Columns) -> None:
    # one line of JSON that says what follows, then the columns as they are, widest first: all stay aligned
    ordered = dict(sorted(columns.items(), key=lambda item: -item[1].itemsize))
    shape = {name: [column.dtype.str, len(column)] for name, column in ordered.items()}
    head = json.dumps({"format": FORMAT, "stamp": state, "columns": shape}).encode()
    head += b" " * (-(len(head) + 1) % 64) + b"\n"
    write_whole(path, [head, *(column.tobytes() for column in ordered.values())])


def _load(path: Path, state: str) -> Columns | None:
    """The columns kept at ``path``, memory-mapped; ``None`` if there are none, or they are stale or damaged."""
    try:
        with open(path, "rb") as file:
            head = file.readline(1 << 16)
            facts = json.loads(head)
            if facts["format"] != FORMAT or facts["stamp"] != state:
                return None
            shape = [(name, np.dtype(dtype), int(length)) for name, (dtype, length) in facts["columns"].items()]
            size = os.fstat(file.fileno()).st_size
            if size != len(head) + sum(dtype.itemsize * length for _, dtype, length in shape):
                return None
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        columns: Columns = {}
        at = len(head)
        for name, dtype, length in shape:
            columns[name] = np.frombuffer(mapped, dtype, length, at)
            at += dtype.itemsize * length
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # built by nobody, by another version, or half: none of them is an error
    return columns


def id_digest(problem_id: bytes) -> bytes:
    """8 bytes for the UTF-8 of a ``problem_id``."""
    return hashlib.blake2b(problem_id, digest_size=8).digest()


NO_ID_DIGEST: Final = NO_ID.to_bytes(8, "little")


def id_columns(digests: bytes | bytearray, name: str) -> Columns:
    """Columns that find rows by id: hashes in increasing order, and the row of each (12 bytes a row).

    Args:
        digests: :func:`id_digest` of every row, joined in row order, or ``NO_ID_DIGEST``.
        name: the source, for the warning about repeated ids.
    """
    hashes = np.frombuffer(digests, "<u8")
    if len(hashes) >= 2**32:
        raise TaskError(f"{name} holds {len(hashes):,} rows; one source may hold {2**32 - 1:,}: split it into files")
    order = np.argsort(hashes, kind="stable").astype("<u4")  # stable: of equal ids the first row comes first
    hashes = hashes[order]
    repeats = int(np.count_nonzero((hashes[1:] == hashes[:-1]) & (hashes[1:] != np.uint64(NO_ID))))
    if repeats:
        log.warning("%s: %s rows repeat a problem_id; get() returns the first of each", name, f"{repeats:,}")
    return {"ids": hashes, "order": order}


def rows_with_id(columns: Mapping[str, NDArray[Any]], problem_id: str) -> Iterator[int]:
    """Rows whose id hashes like ``problem_id``, in order: binary search, so a few pages of the index are touched.

    The hash has 64 bits: whoever reads the row compares its id.
    """
    digest = id_digest(problem_id.encode("utf-8", "surrogatepass"))
    ids, order = columns["ids"], columns["order"]
    wanted = np.frombuffer(digest, "<u8")[0]
    place = int(np.searchsorted(ids, wanted))
    while place < len(ids) and ids[place] == wanted:
        yield int(order[place])
        place += 1
