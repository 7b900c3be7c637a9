"""The journal: what a run has generated and verified, in a database that a crash at any moment leaves whole.

Generation is at least once, the row exactly once: a rollout's key names its task, model, sampling and sample index,
and a key is inserted once. Verdicts are rows of their own, so that verifying anew generates nothing.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from synthetic1.datagen.journal.database import Database
from synthetic1.datagen.journal.group_writer import GroupWriter
from synthetic1.datagen.journal.leases import Leases
from synthetic1.datagen.journal.postgres_database import PostgresDatabase
from synthetic1.datagen.journal.reader import JournalError, JournalReader
from synthetic1.datagen.journal.sqlite_database import SqliteDatabase
from synthetic1.rollout import Rollout
from synthetic1.task import Task
from synthetic1.verdict import Verdict

LEASE_S = 60.0
LEASED_AT_ONCE = 16


class Journal(JournalReader):
    """One run's rollouts and verdicts. ``open`` for writing or reading.

    A journal in a file is written by one process, which holds the folder's lock; one in PostgreSQL by several, which
    share the tasks out by leases.
    """

    def __init__(self, database: Database, *, leases: Leases | None = None, readonly: bool) -> None:
        """Use ``open``."""
        super().__init__(database)
        self._leases = leases
        self._text = database.to_text
        self._sampling: tuple[Mapping[str, Any] | None, str] = None, ""  # the last one, as JSON: a run has but one
        self._failures = leases is not None or bool(self._only("SELECT EXISTS (SELECT 1 FROM failures)")[0])
        self._writer = None if readonly else GroupWriter(database)

    @classmethod
    def open(cls, path: Path, *, readonly: bool = False) -> Journal:
        """Open or (for writing) make the journal in the SQLite file at ``path``.

        Raises:
            JournalError: none to read, no journal, one of a newer version, locked, or a folder that cannot be written.
        """
        return cls(SqliteDatabase(path, readonly=readonly), readonly=readonly)

    @classmethod
    def open_shared(
        cls,
        path: Path,
        url: str,
        schema: str,
        *,
        readonly: bool = False,
        lease_s: float = LEASE_S,
        alone: bool = False,
    ) -> Journal:
        """Open or (for writing) make the journal in a schema of a PostgreSQL database.

        Args:
            path: the file that says so in the run's folder.
            lease_s: seconds after which others take the tasks of a process that gives no sign of life.
            alone: nobody else may write it meanwhile.

        Raises:
            JournalError: none to read, one of a newer version, a server that cannot be used, or others are writing it
                where one is to be alone.
        """
        shared = PostgresDatabase(path, url, schema, readonly=readonly)
        try:
            leases = None if readonly else Leases(shared, lease_s=lease_s, alone=alone)
        except BaseException:
            shared.close()
            raise
        return cls(shared, leases=leases, readonly=readonly)

    # Of tasks, where several processes write

    @property
    def driver(self) -> str | None:
        """The name of this process among those that write; ``None`` where there is but one."""
        return None if self._leases is None else self._leases.driver

    @property
    def leased_at_once(self) -> int | None:
        """How many tasks to lease with one call; ``None``: all of them are this process's."""
        return None if self._leases is None else LEASED_AT_ONCE

    def lease(self, tasks: Sequence[str]) -> set[str]:
        """Those of the tasks (by their keys) that this process may ask; the others are another's at the moment."""
        return set(tasks) if self._leases is None else self._leases.take(tasks)

    @property
    def leases_lost(self) -> int:
        """Rises where leases may have been lost: what is not asked yet under one of before is to be leased anew."""
        return 0 if self._leases is None else self._leases.lost

    def keep_leases(self, tasks: Collection[str]) -> threading.Event:
        """Let go of all leases but those of ``tasks``, once what was put before is on the disk; then it is set. Nothing
        may be leased before that."""
        if self._leases is not None:
            self._put(*self._leases.statement_to_keep_only(tasks))
        return self._written.mark()

    def free(self, tasks: Sequence[str]) -> set[str]:
        """Those of the tasks that no process has a lease of."""
        return set(tasks) if self._leases is None else self._leases.free(tasks)

    def stopping(self) -> None:
        """The run ends: what is still to be written, or read, is not waited for as long as else."""
        self._database.ending()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Within the block, no other process of this run is in such a block."""
        with self._database.turn():
            yield

    def answers(self) -> bool:
        """Whether it can be asked at once; see ``Database.answers``."""
        return self._database.answers()

    # Enqueued here, done by the writer's thread

    def put_task(self, task: Task, position: int) -> None:
        """Record a task; again does nothing."""
        row = _JSON(task.to_row())
        self._put(_INSERT_TASK, (task.key, position, self._text(row)))

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
            self._text(c.finish_reason),
            usage,
        )
        self._put(_INSERT_ROLLOUT, (*row, self._text(c.raw), self._text(c.reasoning), self._text(c.answer)))
        if self._failures:
            self._put("DELETE FROM failures WHERE task = ? AND sample = ?", (rollout.task_key, rollout.sample_index))

    def put_verdict(self, rollout: Rollout, part: int, verifier: str, name: str, verdict: Verdict, number: int) -> None:
        """Record a verdict. Of one verifier, a score stays, and takes the place of a verdict that could not score.

        Where several processes write, another's completion may have been the first of this key: then the verdict, which
        is on another text, is not recorded.

        Args:
            verifier: its key. ``name`` is for people.
            number: rises each time the run is verified anew; the export takes the verdict with the highest.
        """
        details = _JSON_SORTED(dict(verdict.details)) if verdict.details else "{}"
        said = (verdict.score, verdict.reason, self._text(verdict.answer), self._text(details), number)
        row = (rollout.key, part, verifier, name, *said)
        if self._leases is None:
            self._put(_INSERT_VERDICT, row)
        else:
            text = hashlib.md5(str(self._text(rollout.completion.raw)).encode(), usedforsecurity=False).hexdigest()
            self._put(_INSERT_VERDICT_OF_TEXT, (*row, rollout.task_key, rollout.sample_index, part, text))

    def put_failure(self, task: Task, sample: int, kind: str, message: str) -> None:
        """Record that a sample failed."""
        self._failures = True
        self._put(
            "INSERT INTO failures VALUES (?, ?, ?, ?, 1) "
            "ON CONFLICT (task, sample) DO UPDATE SET kind = excluded.kind, message = excluded.message,"
            " times = failures.times + 1",
            (task.key, sample, kind, self._text(message)),
        )

    def set_meta(self, name: str, value: str) -> None:
        self._put(_SET_META, (name, value))

    def put_beside(self, statement: str, row: Sequence[Any]) -> None:
        """Have a statement executed on tables that somebody else keeps in this database, in the order of all puts: what
        is put later is on the disk only if this is. Parameters are ``?``; texts go through ``text``."""
        self._put(statement, row)

    def text(self, value: str | None) -> Any:
        """A text for ``put_beside``, whatever is in it; read back, it goes through ``text_of``."""
        return self._text(value)

    def check(self) -> None:
        """Raise what keeps the journal from being written.

        Raises:
            JournalError: nothing more can be recorded; what was before is whole.
        """
        if self._writer is not None and (error := self._writer.error) is not None:
            said = self._database.why(error)
            raise JournalError(f"{self._database.name}: {said}; what was recorded before is whole") from error

    async def recorded(self) -> None:
        """Wait until all that was put is on the disk, without holding up the event loop.

        Raises:
            JournalError: it cannot be.
        """
        await self._written.recorded()
        self.check()

    def flush(self) -> None:
        """As ``recorded``, for callers without a loop."""
        if not self._written.flush():
            raise JournalError(f"{self._database.name} does not answer; what was recorded before is whole")
        self.check()

    def close(self) -> None:
        """Write what is waiting, and close; may be called twice."""
        self._database.ending()
        if self._writer is not None:
            self._writer.close()
        if self._leases is not None:
            self._leases.close()
            self._leases = None
        self._database.close()

    def _put(self, statement: str, row: Sequence[Any]) -> None:
        self._written.put(statement, row)

    @property
    def _written(self) -> GroupWriter:
        assert self._writer is not None, "a journal opened for reading is not written"
        return self._writer


_JSON = json.JSONEncoder(ensure_ascii=False).encode  # json.dumps would make an encoder a call
_JSON_SORTED = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode
_INSERT_TASK = "INSERT INTO tasks (key, position, row) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
_INSERT_ROLLOUT = (
    "INSERT INTO rollouts (task, sample, part, key, model, sampling, finish_reason, usage, raw, reasoning,"
    " answer) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)
_GIVEN = "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_OF_TEXT = (
    "SELECT ?, ?, ?, ?, CAST(? AS DOUBLE PRECISION), ?, ?, ?, ?"
    " WHERE EXISTS (SELECT 1 FROM rollouts WHERE task = ? AND sample = ? AND part = ? AND md5(raw) = ?)"
)
_KEEPS = "CASE WHEN verdicts.score IS NULL THEN excluded.{0} ELSE verdicts.{0} END"
_INSERTED = (
    "INSERT INTO verdicts (rollout, part, verifier, name, score, reason, answer, details, number)"
    " {} ON CONFLICT (rollout, part, verifier) DO UPDATE SET"
    f" reason = {_KEEPS.format('reason')}, answer = {_KEEPS.format('answer')}, details = {_KEEPS.format('details')},"
    " score = coalesce(verdicts.score, excluded.score),"
    " number = CASE WHEN excluded.number > verdicts.number THEN excluded.number ELSE verdicts.number END"
)
_INSERT_VERDICT, _INSERT_VERDICT_OF_TEXT = _INSERTED.format(_GIVEN), _INSERTED.format(_OF_TEXT)
_SET_META = "INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
