"""A journal in one SQLite file: one process writes, any may read, and a crash at any moment leaves it whole."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from synthetic1.datagen.journal.database import VERSION, Database, JournalError

OPEN_WAIT_S = 5  # for another process that holds it
WRITE_WAIT_S = 30  # for another process that writes it
CACHE_KIB = 32 * 1024
PAGE_BYTES = 8192  # of a new file: of SQLite's own 4096, a long rollout takes twice as many writes
CHECKPOINT_PAGES = 4096  # 32 MiB: long rollouts would fill SQLite's own 4 MiB with every few groups
# Long texts come last in their row, so that the rest is read without them, and rows lie in the order of arrival:
# with keys, which are random, for places, every insert would be somewhere else in the file.
SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE tasks (key TEXT NOT NULL UNIQUE, position INTEGER NOT NULL, row TEXT NOT NULL);
CREATE INDEX tasks_by_position ON tasks (position);
CREATE TABLE rollouts (
  task TEXT NOT NULL, sample INTEGER NOT NULL, part INTEGER NOT NULL, key TEXT NOT NULL,
  model TEXT NOT NULL, sampling TEXT NOT NULL, finish_reason TEXT, usage TEXT,
  raw TEXT NOT NULL, reasoning TEXT, answer TEXT, UNIQUE (task, sample, part)
);
CREATE TABLE verdicts (
  rollout TEXT NOT NULL, part INTEGER NOT NULL, verifier TEXT NOT NULL, name TEXT NOT NULL, score REAL,
  reason TEXT NOT NULL, answer TEXT, details TEXT NOT NULL, number INTEGER NOT NULL,
  PRIMARY KEY (rollout, part, verifier)
) WITHOUT ROWID;
CREATE TABLE failures (
  task TEXT NOT NULL, sample INTEGER NOT NULL, kind TEXT NOT NULL, message TEXT NOT NULL, times INTEGER NOT NULL,
  PRIMARY KEY (task, sample)
) WITHOUT ROWID;
"""


class SqliteDatabase(Database):
    """The file at ``path``, made where there is none.

    Raises:
        JournalError: none to read, no journal, one of a newer version, locked, or a folder that cannot be written.
    """

    # Of a rollout, the verdict that counts on its latest part: with max(), SQLite gives the other columns of that row.
    verified = (
        "SELECT count(*) FROM (SELECT score, max(part * 4000000 + number * 2 + (score IS NOT NULL)) FROM verdicts"
        " GROUP BY rollout) WHERE score = 1.0"
    )
    # Of every rollout, its latest part: no verdict on it, or the one that counts tells of a failure of ours.
    to_judge = (
        "SELECT count(*) FROM (SELECT key, max(part) AS part FROM rollouts GROUP BY task, sample) r"
        " LEFT JOIN (SELECT rollout, part, reason, max(number * 2 + (score IS NOT NULL)) FROM verdicts"
        " GROUP BY rollout, part) v ON v.rollout = r.key AND v.part = r.part"
        " WHERE v.reason IS NULL OR v.reason IN ('unscorable_infra', 'unscorable_judge')"
    )
    tokens = (
        "SELECT count(*), sum(usage IS NULL), sum(json_extract(usage, '$.prompt_tokens')),"
        " sum(json_extract(usage, '$.completion_tokens'))"
        " FROM (SELECT usage, max(part) FROM rollouts GROUP BY task, sample)"
    )
    containing = "instr(row, ?)"

    def __init__(self, path: Path, *, readonly: bool) -> None:
        self.path, self.name = path, str(path)
        self._writing: sqlite3.Connection | None = None
        if readonly and not path.is_file():
            raise JournalError(f"{path}: there is no journal")
        try:
            mode = "rwc" if not readonly else "ro&immutable=1" if _cannot_change(path) else "ro"
            self._reading = sqlite3.connect(
                f"file:{quote(str(path.absolute()))}?mode={mode}",
                uri=True,
                check_same_thread=False,
                timeout=OPEN_WAIT_S,
            )
            made = self._reading.execute("SELECT count(*) FROM sqlite_master WHERE name = 'meta'").fetchone()[0]
            if not made and not readonly:
                self._reading.execute(f"PRAGMA page_size={PAGE_BYTES}")
                self._reading.execute("PRAGMA journal_mode=WAL")
                with self._reading:
                    self._reading.executescript(f"BEGIN IMMEDIATE; {SCHEMA}")
                    self._reading.execute("INSERT INTO meta VALUES ('version', ?)", (str(VERSION),))
            elif not made:
                raise JournalError(f"{path} is not a journal of a run: it has no table `meta`")
            version = self._reading.execute("SELECT value FROM meta WHERE name = 'version'").fetchone()
        except sqlite3.Error as error:
            raise JournalError(f"{path}: {self.why(error)}") from error
        try:
            self.check_version(version[0] if version else None)
        except JournalError:
            self.close()
            raise

    def rows(self, statement: str, parameters: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        try:
            yield from _executed(self._reading.cursor(), statement, parameters)
        except sqlite3.Error as error:
            raise JournalError(f"{self.name}: {self.why(error)}") from error

    def commit(self, rows: Sequence[tuple[str, Sequence[Any]]]) -> None:
        """WAL, ``synchronous=FULL``."""
        connection = self._writing = self._writing or self._connect()
        connection.execute("BEGIN IMMEDIATE")
        try:
            cursor = connection.cursor()
            for statement, row in rows:
                _executed(cursor, statement, row)
            connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):  # many errors have rolled back already
                connection.execute("ROLLBACK")
            raise

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, timeout=WRITE_WAIT_S)
        for pragma in ("synchronous=FULL", f"cache_size=-{CACHE_KIB}", f"wal_autocheckpoint={CHECKPOINT_PAGES}"):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    def done_writing(self) -> None:
        if self._writing is not None:
            with contextlib.suppress(sqlite3.Error):
                self._writing.close()

    def close(self) -> None:
        self._reading.close()

    @staticmethod
    def to_text(value: str | None) -> str | None:
        """Itself: with a lone surrogate, which UTF-8 has no form for, its bytes are written, see ``_executed``."""
        return value

    @staticmethod
    def from_text(value: Any) -> Any:
        return value.decode("utf-8", "surrogatepass") if isinstance(value, bytes) else value

    def why(self, error: BaseException) -> str:
        said = str(error)
        for part, meaning in (
            ("disk is full", "the disk is full; make room and run the same command again"),
            ("disk I/O", "the disk does not take what is written (full, or failing); the same command goes on"),
            ("readonly", "it cannot be written: a read-only file or folder"),
            ("unable to open", "it cannot be opened: no such folder, or no right to write there"),
            ("locked", "another process is writing it; wait for that, or choose another run_name="),
            ("not a database", "it is not a journal of a run"),
            ("malformed", "it is damaged"),
        ):
            if part in said:
                return meaning
        return said or type(error).__name__


def _executed(cursor: sqlite3.Cursor, statement: str, row: Sequence[Any]) -> sqlite3.Cursor:
    """Execute a statement. To look at every text before it is handed over would be to encode all of them twice."""
    try:
        return cursor.execute(statement, row)
    except UnicodeEncodeError:  # nothing was done
        return cursor.execute(statement, [_bytes_of(value) for value in row])


def _bytes_of(value: Any) -> Any:
    """Of a text with a lone surrogate, its bytes; else the value itself."""
    if not isinstance(value, str):
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogatepass")
    return value


def _cannot_change(path: Path) -> bool:
    """Whether a journal lies on a read-only disk with nothing outside its file: SQLite wants to be told that."""
    wal = path.with_name(f"{path.name}-wal")
    return not os.access(path.parent, os.W_OK) and not (wal.is_file() and wal.stat().st_size)
