"""The ledger of work: append-only, signed, each entry holding the digest of the one before.

Whoever has the file and the orchestrator's public key can check that nothing in it was changed, left out or put in
between; only the end can be cut off, which shows against any later digest that somebody has seen. ``Ledger`` is what
the pool asks of it: a chain run by others could stand there.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Protocol, get_args

from synthetic1.keys import canonical_json
from synthetic1.pool.errors import PoolError
from synthetic1.pool.node_key import NodeKey, is_node_id, is_signature, is_signed
from synthetic1.reports.storage import sync_folder

EntryKind = Literal["joined", "work", "withdrawn", "quarantined", "released"]
FIRST = "0" * 64
"""What stands for the digest before the first entry."""
BEGINS = b'{"about":{'
"""How every line begins: keys are sorted."""
_FIELDS = ("number", "at", "kind", "node", "units", "about", "previous")


@dataclass(frozen=True, slots=True)
class NewEntry:
    """What is to be said of a node."""

    kind: EntryKind
    node: str
    """Its public key."""
    units: int = 0
    """Work units that it gains; negative where they are withdrawn."""
    about: Mapping[str, Any] | None = None
    """What it is about, as JSON: keys of rollouts, a reason. No text of a task or a completion, no address."""


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """What was said of a node, and when."""

    number: int
    """From 0."""
    at: str
    """UTC, to the millisecond, e.g. ``2026-11-28T08:30:00.000Z``; never earlier than that of the entry before."""
    kind: EntryKind
    node: str
    units: int
    about: Mapping[str, Any]
    previous: str
    """The digest of the entry before."""
    signature: str
    """Of the orchestrator, over all of the above; 128 hexadecimal digits."""

    @property
    def content(self) -> bytes:
        """What is signed: JSON with sorted keys, without spaces."""
        return canonical_json({name: getattr(self, name) for name in _FIELDS})

    @property
    def digest(self) -> str:
        """SHA-256 of content and signature, in hexadecimal."""
        return hashlib.sha256(self.content + bytes.fromhex(self.signature)).hexdigest()


class Ledger(Protocol):
    """An append-only record of who did what."""

    @property
    def head(self) -> str:
        """The digest of the last entry: whoever keeps it can prove later that nothing before it was changed."""
        ...

    def append(self, entries: Sequence[NewEntry]) -> list[LedgerEntry]:
        """Record entries, all or none; when it returns they are on the disk."""
        ...

    def entries(self) -> Iterator[LedgerEntry]:
        """All of them, in order."""
        ...

    def units(self, node: str) -> int:
        """Work units of a node, those withdrawn taken off."""
        ...


class FileLedger:
    """A ``Ledger`` in a file of JSON lines, written by one process at a time.

    An entry of which a crash has left only a part was never acknowledged: it is cut off when the file is opened.

    Raises:
        PoolError: the file was changed, is another orchestrator's, or is in use; the message says which line.
    """

    def __init__(self, path: Path, key: NodeKey) -> None:
        self._path, self._key = path, key
        self._units: Counter[str] = Counter()
        self._count, self._head, self._at = 0, FIRST, ""
        self._end, self._broken = 0, False
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        try:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise PoolError(f"{path}: another process writes this ledger") from None
            for entry, end in _read(path, key.node_id):
                self._take(entry)
                self._end = end
            self._cut_off_what_a_crash_left()
            sync_folder(path.parent)
        except BaseException:
            os.close(self._file)
            raise

    @property
    def head(self) -> str:
        return self._head

    def __len__(self) -> int:
        return self._count

    def append(self, entries: Sequence[NewEntry]) -> list[LedgerEntry]:
        """As ``Ledger.append``.

        Raises:
            PoolError: an entry that is not one; or the disk does not take it: then nothing of them is recorded.
        """
        if self._broken:
            raise PoolError(
                f"{self._path}: the ledger takes no more: it is closed, or what was cut off could not be removed"
            )
        made: list[LedgerEntry] = []
        at = max(self._at, _now())  # a clock that was set back does not set back the ledger
        head = self._head
        for number, entry in enumerate(entries, self._count):
            _check(entry)
            unsigned = LedgerEntry(number, at, entry.kind, entry.node, entry.units, dict(entry.about or {}), head, "")
            signature = self._key.sign(unsigned.content).hex()
            made.append(LedgerEntry(number, at, entry.kind, entry.node, entry.units, unsigned.about, head, signature))
            head = made[-1].digest
        lines = b"".join(_line(entry) for entry in made)
        before = self._count, self._head, self._at, self._units.copy()
        try:
            left = memoryview(lines)
            while left:
                left = left[os.write(self._file, left) :]
            os.fsync(self._file)
            for done in made:
                self._take(done)
            self._end += len(lines)
        except BaseException as error:  # interrupted, too: what this does not return was not recorded
            self._count, self._head, self._at, self._units = before
            self._roll_back()
            if not isinstance(error, OSError):
                raise
            raise PoolError(f"{self._path}: the ledger takes no more: {error.strerror}") from error
        return made

    def entries(self) -> Iterator[LedgerEntry]:
        """As ``Ledger.entries``, each checked again."""
        for entry, end in _read(self._path, self._key.node_id):
            if end > self._end:
                return
            yield entry

    def units(self, node: str) -> int:
        return self._units[node]

    def close(self) -> None:
        """Let go of the file, for another process; nothing more is taken."""
        if self._file >= 0:
            os.close(self._file)
        self._file, self._broken = -1, True  # the number may be another file's by now

    def _roll_back(self) -> None:
        """Leave nothing of what was not acknowledged; if even that fails, nothing more is taken."""
        self._broken = True  # first: this may be interrupted, too
        with contextlib.suppress(OSError):
            os.ftruncate(self._file, self._end)
            os.fsync(self._file)
            self._broken = False

    def _cut_off_what_a_crash_left(self) -> None:
        """A last line without an end, if it is the beginning of one of ours.

        Raises:
            PoolError: it is something else.
        """
        rest = os.pread(self._file, os.fstat(self._file).st_size - self._end, self._end)
        ours = rest.startswith(BEGINS) or BEGINS.startswith(rest)
        if _is_json(rest):  # it lacks the line break alone: then it is a whole entry, or none
            _parse(self._path, self._count, rest + b"\n")
        elif rest and not (ours and rest.isascii()):
            raise PoolError(
                f"{self._path}:{self._count + 1}: is not an entry of a ledger, nor the part of one that a crash leaves"
            )
        os.ftruncate(self._file, self._end)

    def _take(self, entry: LedgerEntry) -> None:
        self._count, self._head, self._at = entry.number + 1, entry.digest, entry.at
        self._units[entry.node] += entry.units


def verify_ledger(path: Path, orchestrator: str) -> tuple[int, str]:
    """Check a ledger from somewhere else: the number of entries, and the digest of the last one.

    Args:
        orchestrator: its public key.

    Raises:
        PoolError: the first line that does not hold, and why; or the file cannot be read.
    """
    count, head = 0, FIRST
    for entry, _ in _read(path, orchestrator):
        count, head = entry.number + 1, entry.digest
    return count, head


def _read(path: Path, orchestrator: str) -> Iterator[tuple[LedgerEntry, int]]:
    """Entries, each with the place in the file where it ends; a last line without an end is not one."""
    previous, at, end = FIRST, "", 0
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file):
                if not line.endswith(b"\n"):
                    return
                entry = _parse(path, number, line)
                if entry.number != number or entry.previous != previous:
                    raise PoolError(f"{path}:{number + 1}: does not follow the entry before it")
                if entry.at < at:
                    raise PoolError(f"{path}:{number + 1}: is earlier than the entry before")
                if not is_signed(orchestrator, entry.content, bytes.fromhex(entry.signature)):
                    raise PoolError(f"{path}:{number + 1}: is not signed by {orchestrator}, or was changed since")
                previous, at, end = entry.digest, entry.at, end + len(line)
                yield entry, end
    except OSError as error:
        raise PoolError(f"{path}: the ledger cannot be read: {error.strerror}") from error


def _parse(path: Path, number: int, line: bytes) -> LedgerEntry:
    try:
        value = json.loads(line)
        entry = LedgerEntry(**value)
        _check(NewEntry(entry.kind, entry.node, entry.units, entry.about))
        if not (isinstance(entry.at, str) and is_signature(entry.signature)):
            raise ValueError("no time, or no signature")
        if _line(entry) != line:  # the same in other words: then a digest of the file would differ, and ours would not
            raise ValueError("is not written as we write it")
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise PoolError(f"{path}:{number + 1}: is not an entry of a ledger ({error})") from None
    return entry


def _is_json(text: bytes) -> bool:
    """Whether it is whole."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _check(entry: NewEntry) -> None:
    if entry.kind not in get_args(EntryKind):
        raise PoolError(f"ledger: kind is one of {', '.join(get_args(EntryKind))}, got {entry.kind!r:.40}")
    if not isinstance(entry.node, str) or not is_node_id(entry.node):
        raise PoolError(f"ledger: node is a public key, 64 hexadecimal digits, got {entry.node!r:.80}")
    if type(entry.units) is not int or abs(entry.units) >= 1 << 63:
        raise PoolError(f"ledger: units is a whole number of 64 bits, got {entry.units!r:.40}")
    if entry.about is not None and not isinstance(entry.about, Mapping):
        raise PoolError(f"ledger: about is a mapping, got {entry.about!r:.40}")
    try:
        written = canonical_json(dict(entry.about or {}))
        same = canonical_json(json.loads(written)) == written
    except (TypeError, ValueError, RecursionError) as error:
        raise PoolError(f"ledger: `about` is JSON, with finite numbers: {error}") from None
    if not same:  # such as keys that are numbers, which come back as texts: what was signed could not be read again
        raise PoolError("ledger: `about` has keys that are texts, and no others")


def _line(entry: LedgerEntry) -> bytes:
    return canonical_json({name: getattr(entry, name) for name in (*_FIELDS, "signature")}) + b"\n"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
