"""A journal in PostgreSQL, a schema a run: several processes on several machines write it.

A connection that is lost, as when the server is restarted, is made again, and what was being committed is committed
once more: every statement of a journal may be executed twice.
"""

from __future__ import annotations

import contextlib
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from synthetic1.datagen.journal.database import VERSION, Database, JournalError
from synthetic1.extras import not_installed

if TYPE_CHECKING:
    import psycopg

log = logging.getLogger(__name__)
OUTAGE_S = 300.0
"""How long a server that was there is waited for."""
CLOSING_S = 10.0  # and so long by what is to be written when the program ends
CONNECT_S = 5
PAUSES_S = 0.2, 5.0  # between two tries to connect: the first, and the longest
# What a cut cable looks like is nothing at all: ask, and give up after 20 s.
CONNECTION = {
    "connect_timeout": CONNECT_S,
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
    "application_name": "synthetic1",
    # And the server: a process that was stopped, or cut off, with a transaction open must not hold up the others.
    "options": "-c lock_timeout=20s -c idle_in_transaction_session_timeout=20s -c tcp_keepalives_idle=10"
    " -c tcp_keepalives_interval=3 -c tcp_keepalives_count=3",
}
AWAY = re.compile(
    r"08...|57P0[1-5]|55006|40P01|40001"
)  # SQLSTATE: connection errors, a server that stops or starts, deadlocks
SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE tasks (key TEXT COLLATE "C" PRIMARY KEY, position BIGINT NOT NULL, row TEXT NOT NULL);
CREATE INDEX tasks_by_position ON tasks (position, key);
CREATE TABLE rollouts (
  task TEXT COLLATE "C" NOT NULL, sample INTEGER NOT NULL, part INTEGER NOT NULL, key TEXT COLLATE "C" NOT NULL,
  model TEXT NOT NULL, sampling TEXT NOT NULL, finish_reason TEXT, usage TEXT,
  raw TEXT NOT NULL, reasoning TEXT, answer TEXT, PRIMARY KEY (task, sample, part)
);
CREATE TABLE verdicts (
  rollout TEXT COLLATE "C" NOT NULL, part INTEGER NOT NULL, verifier TEXT COLLATE "C" NOT NULL, name TEXT NOT NULL,
  score DOUBLE PRECISION, reason TEXT NOT NULL, answer TEXT, details TEXT NOT NULL, number INTEGER NOT NULL,
  PRIMARY KEY (rollout, part, verifier)
);
CREATE TABLE failures (
  task TEXT COLLATE "C" NOT NULL, sample INTEGER NOT NULL, kind TEXT NOT NULL, message TEXT NOT NULL,
  times INTEGER NOT NULL, PRIMARY KEY (task, sample)
);
CREATE TABLE drivers (
  id TEXT PRIMARY KEY, host TEXT NOT NULL, process TEXT NOT NULL, alone BOOLEAN NOT NULL, until TIMESTAMPTZ NOT NULL
);
CREATE TABLE leases (
  task TEXT COLLATE "C" PRIMARY KEY, driver TEXT NOT NULL REFERENCES drivers (id) ON DELETE CASCADE
);
CREATE INDEX leases_by_driver ON leases (driver);
"""
Result = TypeVar("Result")


class PostgresDatabase(Database):
    """The schema of one run, made where there is none.

    Args:
        path: of the file in the run's folder that says where the journal is.
        url: as libpq takes it; what it leaves out (a password, say) comes from libpq's variables and files.

    Raises:
        JournalError: no such server, no right to write there, no journal to read, or one of a newer version.
    """

    verified = (
        "SELECT count(*) FROM (SELECT DISTINCT ON (rollout) score FROM verdicts"
        " ORDER BY rollout, part DESC, number DESC, score IS NULL) v WHERE score = 1.0"
    )
    to_judge = (
        "SELECT count(*) FROM"
        " (SELECT DISTINCT ON (task, sample) key, part FROM rollouts ORDER BY task, sample, part DESC) r"
        " LEFT JOIN (SELECT DISTINCT ON (rollout, part) rollout, part, reason FROM verdicts"
        " ORDER BY rollout, part, number DESC, score IS NULL) v ON v.rollout = r.key AND v.part = r.part"
        " WHERE v.reason IS NULL OR v.reason IN ('unscorable_infra', 'unscorable_judge')"
    )
    tokens = (
        "SELECT count(*), count(*) - count(usage), sum((usage::json ->> 'prompt_tokens')::bigint),"
        " sum((usage::json ->> 'completion_tokens')::bigint)"
        " FROM (SELECT DISTINCT ON (task, sample) usage FROM rollouts ORDER BY task, sample, part DESC) r"
    )
    containing = "strpos(row, ?) > 0"

    def __init__(self, path: Path, url: str, schema: str, *, readonly: bool) -> None:
        self.path, self.name = path, f"the journal `{schema}` in {url}"
        self.url, self.schema = url, schema
        self._reading: psycopg.Connection | None = None
        self._writing: psycopg.Connection | None = None
        self._away_since: float | None = None
        self._closing = threading.Event()
        self._reading = self.connect()
        try:
            with self._reading.transaction(), self._reading.cursor() as cursor:
                if not readonly:
                    cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (schema,))
                found = cursor.execute("SELECT to_regclass(%s)", (f"{_quoted(schema)}.meta",)).fetchone()
                if found is None or found[0] is None:
                    if readonly:
                        raise JournalError(f"{path}: there is no {self.name}")
                    cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {_quoted(schema)}".encode())
                    cursor.execute(SCHEMA.encode())
                    cursor.execute("INSERT INTO meta VALUES ('version', %s)", (str(VERSION),))
                version = cursor.execute("SELECT value FROM meta WHERE name = 'version'").fetchone()
            self.check_version(version[0] if version else None)
        except BaseException as error:
            self.close()
            if isinstance(error, _errors().Error):
                raise JournalError(f"{self.name}: {self.why(error)}") from error
            raise

    def connect(self) -> psycopg.Connection:
        """A connection to the run's schema, each statement a transaction of its own.

        Raises:
            JournalError: there is none to be had now.
        """
        try:
            return self._connect()
        except _errors().Error as error:
            raise JournalError(f"{self.name}: {self.why(error)}") from error

    def _connect(self) -> psycopg.Connection:
        import psycopg

        logging.getLogger("psycopg").setLevel(logging.ERROR)  # it warns of what we say in our own words
        connection = psycopg.connect(self.url, autocommit=True, **CONNECTION)  # type: ignore[arg-type]
        connection.execute(f"SET search_path TO {_quoted(self.schema)}".encode())
        return connection

    def rows(self, statement: str, parameters: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        yield from self.again(lambda: self._found(statement, parameters))

    def _found(self, statement: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        return self.reading.execute(_marked(statement), parameters).fetchall()

    @property
    def reading(self) -> psycopg.Connection:
        """The connection of the thread that reads, made anew where it was lost."""
        self._reading = self._open(self._reading)
        return self._reading

    def commit(self, rows: Sequence[tuple[str, Sequence[Any]]]) -> None:
        self.again(lambda: self._committed(rows))

    def _committed(self, rows: Sequence[tuple[str, Sequence[Any]]]) -> None:
        self._writing = self._open(self._writing)
        with self._writing.pipeline(), self._writing.transaction(), self._writing.cursor() as cursor:
            for statement, row in rows:
                cursor.execute(_marked(statement), row)

    def _open(self, connection: psycopg.Connection | None) -> psycopg.Connection:
        if connection is not None and not connection.closed:
            return connection
        return self._connect()

    def again(self, act: Callable[[], Result]) -> Result:
        """What ``act`` gives, which is done again while the server cannot be reached.

        Raises:
            JournalError: it was away for ``OUTAGE_S``, or what went wrong is something else.
        """
        pause, longest = PAUSES_S
        since: float | None = None
        while True:
            try:
                result = act()
            except _errors().Error as error:
                since = self._away(error, since, CLOSING_S if self._closing.is_set() else OUTAGE_S)
                time.sleep(pause)
                pause = min(longest, pause * 1.6)
            else:
                if since is not None:
                    log.warning("%s is back", self.name)
                return result

    def answers(self) -> bool:
        try:
            self._found("SELECT 1", ())
        except _errors().Error as error:
            self._away_since = self._away(error, self._away_since, OUTAGE_S)
            return False
        if self._away_since is not None:
            self._away_since = None
            log.warning("%s is back", self.name)
        return True

    def _away(self, error: Exception, since: float | None, longest_s: float) -> float:
        """Since when the server is away, by ``error``, which comes after others since ``since``.

        Raises:
            JournalError: it was away for ``longest_s``, or what went wrong is something else.
        """
        said = f"{self.name}: {self.why(error)}"
        if not is_away(error):
            raise JournalError(said) from error
        now = time.monotonic()
        if since is None:
            log.warning("%s; waiting for it up to %g s", said, OUTAGE_S)
            return now
        if now - since > longest_s:
            raise JournalError(f"{said}; waited {now - since:.0f} s; the same command goes on") from error
        return since

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        lock = "(hashtextextended(?, 1))"
        list(self.rows(f"SELECT pg_advisory_lock{lock}", (self.schema,)))
        try:
            yield
        finally:
            list(self.rows(f"SELECT pg_advisory_unlock{lock}", (self.schema,)))

    def ending(self) -> None:
        self._closing.set()

    def done_writing(self) -> None:
        _close(self._writing)

    def close(self) -> None:
        _close(self._reading)

    @property
    def is_ending(self) -> bool:
        return self._closing.is_set()

    @staticmethod
    def to_text(value: str | None) -> str | None:
        """NUL and lone surrogates, which PostgreSQL's texts cannot hold, by U+E000 and their code."""
        if value is None or not _CANNOT.search(value):
            return value
        return _CANNOT.sub(lambda found: f"{_SIGN}{ord(found[0]):04x}", value)

    @staticmethod
    def from_text(value: Any) -> Any:
        if value is None or _SIGN not in value:
            return value
        return _WRITTEN.sub(lambda found: chr(int(found[1], 16)), value)

    def why(self, error: BaseException) -> str:
        if isinstance(error, JournalError):
            return str(error).removeprefix(f"{self.name}: ")
        state, said = getattr(error, "sqlstate", None), " ".join(str(error).split())
        for sign, meaning in (
            ("53100", "its disk is full; make room and run the same command again"),
            ("42501", "no right to write there"),
            ("password authentication failed", "the password is wrong; libpq reads PGPASSWORD and ~/.pgpass"),
            ("no password supplied", "it wants a password; libpq reads PGPASSWORD and ~/.pgpass"),
            ("does not exist", said.rpartition("FATAL: ")[2].strip()),
        ):
            if sign == state or (state is None and sign in said):
                return meaning
        return said.partition(" This probably means")[0][:300] or type(error).__name__


_SIGN = "\ue000"
_CANNOT = re.compile("[\x00\ud800-\udfff\ue000]")
_WRITTEN = re.compile(f"{_SIGN}([0-9a-f]{{4}})")


def is_away(error: BaseException) -> bool:
    """Whether an error of psycopg's says that the server cannot be reached at the moment."""
    import psycopg

    state = getattr(error, "sqlstate", None)
    if state is not None:
        return AWAY.fullmatch(state) is not None
    said = str(error)
    refused = "authentication failed" in said or "no password" in said or "does not exist" in said
    return isinstance(error, psycopg.OperationalError) and not refused


@lru_cache(maxsize=256)
def _marked(statement: str) -> bytes:
    """With the marks of psycopg for parameters."""
    return statement.replace("%", "%%").replace("?", "%s").encode()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _close(connection: psycopg.Connection | None) -> None:
    if connection is not None:
        with contextlib.suppress(Exception):  # it may be lost already
            connection.close()


def _errors() -> Any:
    """psycopg.

    Raises:
        JournalError: it is not installed.
    """
    try:
        import psycopg
    except ImportError as error:
        raise JournalError(f"journal=postgresql://…: {not_installed(error.name or 'psycopg', 'postgres')}") from None
    return psycopg
