"""The journal: what a run has generated and judged, in one SQLite file that a crash at any moment leaves whole.

Generation is at least once, the record exactly once: a rollout's key names its task, model, sampling and sample index,
and a key is inserted once. Verdicts are rows of their own, so that judging anew generates nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from synthetic1.completion import Completion
from synthetic1.datagen.group_writer import GroupWriter
from synthetic1.datagen.records import Rollout, TaskRollouts
from synthetic1.program import ProgramError
from synthetic1.task import Task
from synthetic1.verdict import Verdict

VERSION = 1
ASKED_AT_ONCE = 500  # SQLite takes at least 999 parameters
WAIT_S = 5  # for another process that holds it
READ_AT_ONCE = 64  # tasks with all their traces
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


class JournalError(ProgramError):
    """The journal cannot be used: one line that says which, and why."""


@dataclass(slots=True)
class Sample:
    """What the journal holds of one sample of a task."""

    rollout: Rollout
    part: int = 0
    """How often a truncated completion was continued."""
    verifier_key: str | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """How far a sample is, without its texts."""

    part: int
    finish_reason: str | None
    score: float | None
    reason: str | None
    """The latest verdict's; ``None`` while there is none."""

    @property
    def truncated(self) -> bool:
        return self.finish_reason == "length"


@dataclass(slots=True)
class Stored:
    """What the journal holds of a task: samples by index, and how often an index failed."""

    samples: dict[int, Sample] = field(default_factory=dict)


class Journal:
    """One run's record. ``open`` for writing (one process; its caller holds the run folder's lock) or reading."""

    def __init__(self, path: Path, connection: sqlite3.Connection, *, readonly: bool) -> None:
        """Use ``open``."""
        self.path, self._read = path, connection
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
                    raise JournalError(f"{path} is no journal of a run: it has no table `meta`")
                version = connection.execute("SELECT value FROM meta WHERE name = 'version'").fetchone()
        except sqlite3.Error as error:
            raise JournalError(f"{path}: {_why(error)}") from error
        if version is None or int(version[0]) > VERSION:
            found = version[0] if version else "none"
            connection.close()
            raise JournalError(
                f"{path} was written by a newer synthetic1 (journal version {found}, this one knows {VERSION}); upgrade"
            )
        return cls(path, connection, readonly=readonly)

    # Writing: enqueued here, done by the writer's thread -----------------------------------------------------------

    def put_task(self, task: Task, position: int) -> None:
        """Record a task; again does nothing."""
        row = json.dumps(task.to_row(), ensure_ascii=False)
        self._put("INSERT OR IGNORE INTO tasks (key, position, row) VALUES (?, ?, ?)", (task.key, position, _text(row)))

    def put_rollout(self, task: Task, rollout: Rollout, part: int = 0) -> None:
        """Record a completion. The first of a key stays."""
        c = rollout.completion
        usage = None if c.usage is None else json.dumps(dict(c.usage))
        if rollout.sampling is not self._sampling[0]:
            self._sampling = rollout.sampling, json.dumps(dict(rollout.sampling), sort_keys=True)
        row = (
            task.key,
            rollout.sample_index,
            part,
            rollout.key,
            rollout.model,
            self._sampling[1],
            _text(c.finish_reason),
            usage,
        )
        self._put(_INSERT_ROLLOUT, (*row, _text(c.raw), _text(c.reasoning), _text(c.answer)))
        if self._failures:
            self._put("DELETE FROM failures WHERE task = ? AND sample = ?", (task.key, rollout.sample_index))

    def put_verdict(self, rollout: str, part: int, verifier: str, name: str, verdict: Verdict, number: int) -> None:
        """Record a verdict. Of one verifier, a score stays, and takes the place of a verdict that could not score.

        Args:
            verifier: its key. ``name`` is for people.
            number: rises with every judging of the run; the export takes the verdict with the highest.
        """
        details = json.dumps(dict(verdict.details), ensure_ascii=False, sort_keys=True)
        judged = (verdict.score, verdict.reason, _text(verdict.answer), _text(details), number)
        self._put(_INSERT_VERDICT, (rollout, part, verifier, name, *judged))

    def put_failure(self, task: Task, sample: int, kind: str, message: str) -> None:
        """Record that a sample could not be had."""
        self._failures = True
        self._put(
            "INSERT INTO failures VALUES (?, ?, ?, ?, 1) "
            "ON CONFLICT DO UPDATE SET kind = excluded.kind, message = excluded.message, times = times + 1",
            (task.key, sample, kind, _text(message)),
        )

    def set_meta(self, name: str, value: str) -> None:
        self._put("INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", (name, value))

    def check(self) -> None:
        """Raise what keeps the journal from being written.

        Raises:
            JournalError: nothing more can be recorded; what was before is whole.
        """
        if self._writer is not None and (error := self._writer.error) is not None:
            raise JournalError(f"{self.path}: {_why(error)}; what was recorded before is whole") from error

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

    # Reading -------------------------------------------------------------------------------------------------------

    def meta(self, name: str) -> str | None:
        with explained(self.path):
            found = self._read.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if found is None else str(found[0])

    def status(self, tasks: Sequence[str]) -> dict[str, dict[int, Status]]:
        """How far the samples of tasks are, by the tasks' keys and sample index; cheap, however long the traces."""
        found: dict[str, dict[int, Status]] = {}
        with explained(self.path):
            for start in range(0, len(tasks), ASKED_AT_ONCE):
                keys = tasks[start : start + ASKED_AT_ONCE]
                marks = ",".join("?" * len(keys))
                for task, sample, *rest in self._read.execute(f"{_STATUS} WHERE r.task IN ({marks}) {_ORDER}", keys):
                    found.setdefault(task, {})[sample] = Status(*rest)
        return found

    def stored(self, tasks: Sequence[str]) -> dict[str, Stored]:
        """What is there of tasks, by their keys; tasks without any sample are left out."""
        found: dict[str, Stored] = {}
        with explained(self.path):
            for start in range(0, len(tasks), ASKED_AT_ONCE):
                keys = tasks[start : start + ASKED_AT_ONCE]
                marks = ",".join("?" * len(keys))
                for row in self._read.execute(f"{_SAMPLES} WHERE r.task IN ({marks}) {_ORDER}", keys):
                    _add(found.setdefault(row[0], Stored()), row)
        return found

    def sample(self, task: Task, index: int) -> Sample | None:
        """One sample of a task, texts and all."""
        found = Stored()
        with explained(self.path):
            for row in self._read.execute(f"{_SAMPLES} WHERE r.task = ? AND r.sample = ? {_ORDER}", (task.key, index)):
                _add(found, row)
        return found.samples.get(index)

    def counts(self, of: Sequence[str] = ("tasks", "rollouts", "verified", "failures")) -> dict[str, int]:
        """How many the run has of each so far."""
        with explained(self.path):
            return {name: int(self._read.execute(_COUNTS[name]).fetchone()[0]) for name in of}

    def failures(self) -> Iterator[tuple[str, int, str, str, int]]:
        """(problem id, sample, kind, message, times) of every sample that could not be had, in the order of tasks."""
        sql = (
            "SELECT t.row, f.sample, f.kind, f.message, f.times FROM failures f JOIN tasks t ON t.key = f.task "
            "ORDER BY t.position, f.sample"
        )
        with explained(self.path):
            for row, *rest in self._read.execute(sql):
                yield (str(json.loads(row).get("problem_id")), *rest)

    def groups(self, begins: str = "", *, whole: bool = False) -> Iterator[TaskRollouts]:
        """Every task with its rollouts and latest verdicts, in the order of the source and of sample indexes.

        Args:
            begins: only tasks whose problem id begins so; of the others, no trace is read.
            whole: and those of them whose id has no more than that.
        """
        for batch in self._tasks(begins, whole=whole):
            stored = self.stored(list(batch))
            for key, task in batch.items():
                if key in stored:
                    samples = sorted(stored[key].samples.items())
                    yield TaskRollouts(task, tuple(s.rollout for _, s in samples))

    def progress(self) -> Iterator[tuple[str, list[Status]]]:
        """The problem id of every task and how far its samples are, in the order of ``groups``; reads no traces."""
        for batch in self._tasks():
            found = self.status(list(batch))
            for key, task in batch.items():
                if key in found:
                    yield task.problem_id, [status for _, status in sorted(found[key].items())]

    def _tasks(self, begins: str = "", *, whole: bool = False) -> Iterator[dict[str, Task]]:
        """Tasks by their keys, some at a time."""
        sql = "SELECT key, row FROM tasks WHERE instr(row, ?) ORDER BY position, key"
        written = json.dumps(begins, ensure_ascii=False)[:-1]  # as it stands in a row, if it does
        with explained(self.path):
            tasks = self._read.cursor().execute(sql, (_text(written),))
            while batch := tasks.fetchmany(READ_AT_ONCE):
                read = ((key, Task.from_row(json.loads(row))) for key, row in batch)
                wanted = ((key, task) for key, task in read if task.problem_id.startswith(begins))
                yield {key: task for key, task in wanted if not whole or task.problem_id == begins}


_COUNTS = {
    "tasks": "SELECT count(*) FROM tasks",
    "answered": "SELECT count(DISTINCT task) FROM rollouts",
    "rollouts": "SELECT count(*) FROM rollouts WHERE part = 0",
    # Of a rollout, the latest verdict on its latest part: with max(), SQLite gives the other columns of that row.
    "verified": "SELECT count(*) FROM (SELECT score, max(part * 1000000 + number) FROM verdicts GROUP BY rollout)"
    " WHERE score = 1.0",
    "failures": "SELECT count(*) FROM failures",
}
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
_STATUS = (
    "SELECT r.task, r.sample, r.part, r.finish_reason, v.score, v.reason"
    " FROM rollouts r LEFT JOIN verdicts v ON v.rollout = r.key AND v.part = r.part"
)
_SAMPLES = (
    "SELECT r.task, r.sample, r.part, r.key, r.model, r.sampling, r.raw, r.reasoning, r.answer, r.finish_reason,"
    " r.usage, v.verifier, v.name, v.score, v.reason, v.answer, v.details"
    " FROM rollouts r LEFT JOIN verdicts v ON v.rollout = r.key AND v.part = r.part"
)
_ORDER = "ORDER BY r.task, r.sample, r.part, v.number"


def _add(stored: Stored, row: Sequence[Any]) -> None:
    """Rows come in rising order of part and verdict: the last one counts."""
    _, sample, part, key, model, sampling, raw, reasoning, answer, finish, usage, *judged = row
    verifier, name, score, reason, extracted, details = judged
    completion = Completion(_back(raw), _back(reasoning), _back(answer), finish, json.loads(usage) if usage else None)
    verdict = None if reason is None else Verdict(score, reason, _back(extracted), json.loads(_back(details) or "{}"))
    rollout = Rollout(key, sample, completion, model, json.loads(sampling), verdict, name)
    stored.samples[sample] = Sample(rollout, part, verifier)


def _text(value: str | None) -> str | bytes | None:
    """Text as SQLite holds it; with a lone surrogate, which UTF-8 has no form for, its bytes."""
    if value is None or value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogatepass")
    return value


def _back(value: str | bytes | None) -> Any:
    return value.decode("utf-8", "surrogatepass") if isinstance(value, bytes) else value


def _quoted(path: Path) -> str:
    from urllib.parse import quote

    return quote(str(path.absolute()))


def _cannot_change(path: Path) -> bool:
    """Whether a journal lies on a read-only disk with nothing outside its file: SQLite wants to be told that."""
    wal = path.with_name(f"{path.name}-wal")
    return not os.access(path.parent, os.W_OK) and not (wal.is_file() and wal.stat().st_size)


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what SQLite says into one line.

    Raises:
        JournalError: it cannot be read, or is no journal.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise JournalError(f"{path}: {_why(error)}") from error


def _why(error: BaseException) -> str:
    said = str(error)
    for part, meaning in (
        ("disk is full", "the disk is full; make room and run the same command again"),
        ("disk I/O", "the disk does not take what is written (full, or failing); the same command goes on"),
        ("readonly", "it cannot be written: a read-only file or folder"),
        ("unable to open", "it cannot be opened: no such folder, or no right to write there"),
        ("locked", "another process is writing it; wait for that, or choose another run_name="),
        ("not a database", "it is no journal of a run"),
        ("malformed", "it is damaged"),
    ):
        if part in said:
            return meaning
    return said or type(error).__name__
