"""The journal: what a run has generated and verified, in one SQLite file that a crash at any moment leaves whole.

Generation is at least once, the row exactly once: a rollout's key names its task, model, sampling and sample index,
and a key is inserted once. Verdicts are rows of their own, so that verifying anew generates nothing.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from synthetic1.datagen.journal.group_writer import GroupWriter
from synthetic1.datagen.journal.reader import JournalError, JournalReader, explained, to_sqlite, why
from synthetic1.rollout import Rollout
from synthetic1.task import Task
from synthetic1.verdict import Verdict

VERSION = 1
WAIT_S = 5  # for another process that holds it
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


class Journal(JournalReader):
    """One run's rollouts and verdicts. ``open`` for writing (one process, which holds the folder's lock) or reading."""

    def __init__(self, path: Path, connection: sqlite3.Connection, *, readonly: bool) -> None:
        """Use ``open``."""
        super().__init__(path, connection)
        self._sampling: tuple[Mapping[str, Any] | None, str] = None, ""  # the last one, as JSON: a run has but one
        with explained(path):
            self._failures = bool(connection.execute("SELECT EXISTS (SELECT 1 FROM failures)").fetchone()[0])
        self._writer = None if readonly else GroupWriter(path)

    @classmethod
    def open(cls, path: Path, *, readonly: bool = False) -> Journal:
        """Open or (for writing) make the journal.

        Raises:
            JournalError: none to read, no journal, one of a newer version, locked, or a folder that cannot be written.
        """
        if readonly and not path.is_file():
            raise JournalError(f"{path}: there is no journal")
        try:
            mode = "rwc" if not readonly else "ro&immutable=1" if _cannot_change(path) else "ro"
            connection = sqlite3.connect(
                f"file:{_quoted(path)}?mode={mode}", uri=True, check_same_thread=False, timeout=WAIT_S
            )
            with explained(path):
                made = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'meta'").fetchone()[0]
                if not made and not readonly:
                    connection.execute("PRAGMA journal_mode=WAL")
                    with connection:
                        connection.executescript(f"BEGIN IMMEDIATE; {SCHEMA}")
                        connection.execute("INSERT INTO meta VALUES ('version', ?)", (str(VERSION),))
                elif not made:
                    raise JournalError(f"{path} is not a journal of a run: it has no table `meta`")
                version = connection.execute("SELECT value FROM meta WHERE name = 'version'").fetchone()
        except sqlite3.Error as error:
            raise JournalError(f"{path}: {why(error)}") from error
        if version is None or int(version[0]) > VERSION:
            found = version[0] if version else "none"
            connection.close()
            raise JournalError(
                f"{path} was written by a newer synthetic1 (journal version {found}, this one knows {VERSION}); upgrade"
            )
        return cls(path, connection, readonly=readonly)

    # Enqueued here, done by the writer's thread

    def put_task(self, task: Task, position: int) -> None:
        """Record a task; again does nothing."""
        row = json.dumps(task.to_row(), ensure_ascii=False)
        self._put(
            "INSERT OR IGNORE INTO tasks (key, position, row) VALUES (?, ?, ?)", (task.key, position, to_sqlite(row))
        )

    def put_rollout(self, rollout: Rollout, part: int = 0) -> None:
        """Record a rollout. The first of a key stays."""
        c = rollout.completion
        usage = None if c.usage is None else json.dumps(dict(c.usage))
        if rollout.sampling is not self._sampling[0]:
            self._sampling = rollout.sampling, json.dumps(dict(rollout.sampling), sort_keys=True)
        row = (
            rollout.task_key,
            rollout.sample_index,
            part,
            rollout.key,
            rollout.model,
            self._sampling[1],
            to_sqlite(c.finish_reason),
            usage,
        )
        self._put(_INSERT_ROLLOUT, (*row, to_sqlite(c.raw), to_sqlite(c.reasoning), to_sqlite(c.answer)))
        if self._failures:
            self._put("DELETE FROM failures WHERE task = ? AND sample = ?", (rollout.task_key, rollout.sample_index))

    def put_verdict(self, rollout: str, part: int, verifier: str, name: str, verdict: Verdict, number: int) -> None:
        """Record a verdict. Of one verifier, a score stays, and takes the place of a verdict that could not score.

        Args:
            rollout: its key.
            verifier: its key. ``name`` is for people.
            number: rises each time the run is verified anew; the export takes the verdict with the highest.
        """
        details = json.dumps(dict(verdict.details), ensure_ascii=False, sort_keys=True)
        said = (verdict.score, verdict.reason, to_sqlite(verdict.answer), to_sqlite(details), number)
        self._put(_INSERT_VERDICT, (rollout, part, verifier, name, *said))

    def put_failure(self, task: Task, sample: int, kind: str, message: str) -> None:
        """Record that a sample failed."""
        self._failures = True
        self._put(
            "INSERT INTO failures VALUES (?, ?, ?, ?, 1) "
            "ON CONFLICT DO UPDATE SET kind = excluded.kind, message = excluded.message, times = times + 1",
            (task.key, sample, kind, to_sqlite(message)),
        )

    def set_meta(self, name: str, value: str) -> None:
        self._put("INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", (name, value))

    def check(self) -> None:
        """Raise what keeps the journal from being written.

        Raises:
            JournalError: nothing more can be recorded; what was before is whole.
        """
        if self._writer is not None and (error := self._writer.error) is not None:
            raise JournalError(f"{self.path}: {why(error)}; what was recorded before is whole") from error

    async def recorded(self) -> None:
        """Wait until all that was put is on the disk, without holding up the event loop.

        Raises:
            JournalError: it cannot be.
        """
        await self._written.recorded()
        self.check()

    def flush(self) -> None:
        """As ``recorded``, for callers without a loop."""
        self._written.flush()
        self.check()

    def close(self) -> None:
        """Write what is waiting, and close; may be called twice."""
        if self._writer is not None:
            self._writer.close()
        self._read.close()

    def _put(self, statement: str, row: Sequence[Any]) -> None:
        self._written.put(statement, row)

    @property
    def _written(self) -> GroupWriter:
        assert self._writer is not None, "a journal opened for reading is not written"
        return self._writer


_INSERT_ROLLOUT = (
    "INSERT OR IGNORE INTO rollouts (task, sample, part, key, model, sampling, finish_reason, usage, raw, reasoning,"
    " answer) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_INSERT_VERDICT = (
    "INSERT INTO verdicts (rollout, part, verifier, name, score, reason, answer, details, number)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
    " reason = iif(score IS NULL, excluded.reason, reason), answer = iif(score IS NULL, excluded.answer, answer),"
    " details = iif(score IS NULL, excluded.details, details), score = coalesce(score, excluded.score),"
    " number = max(number, excluded.number)"
)


def _quoted(path: Path) -> str:
    from urllib.parse import quote

    return quote(str(path.absolute()))


def _cannot_change(path: Path) -> bool:
    """Whether a journal lies on a read-only disk with nothing outside its file: SQLite wants to be told that."""
    wal = path.with_name(f"{path.name}-wal")
    return not os.access(path.parent, os.W_OK) and not (wal.is_file() and wal.stat().st_size)
