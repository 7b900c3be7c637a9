"""Who asks what, where several drivers share a run: a task is leased by one of them at a time.

A driver is a process that writes the run. It has a row that it renews; who has not renewed it for ``lease_s``, by the
server's clock, is dead, and its row takes its leases along. So is a process of this machine that has ended. A lease
keeps work from being done twice, no more: that a rollout is recorded once is for the rollouts' own keys.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from synthetic1.datagen.journal.database import JournalError
from synthetic1.datagen.journal.postgres_database import CONNECT_S, PostgresDatabase

if TYPE_CHECKING:
    import psycopg

log = logging.getLogger(__name__)
BEATS = 4  # in the time after which a driver counts as dead


class Leases:
    """The leases of this process, which is a driver from now on until ``close``.

    Args:
        lease_s: how long it may give no sign of life.
        alone: nobody else may write meanwhile.

    Raises:
        JournalError: others are at work, and it or one of them is to be alone.
    """

    def __init__(self, database: PostgresDatabase, *, lease_s: float, alone: bool) -> None:
        self._database, self._lease_s, self._alone = database, lease_s, alone
        self.driver = uuid.uuid4().hex[:12]
        self._lost = 0
        self._renewed = _now()
        self._ended = threading.Event()
        self._connection: psycopg.Connection | None = database.connect()
        self._register(self._connection)
        self._beating = threading.Thread(target=self._beat, name="synthetic1-leases", daemon=True)
        self._beating.start()

    @property
    def lost(self) -> int:
        """How often all leases of this process were lost, or may have been: it gave no sign of life for too long."""
        return self._lost + (_now() - self._renewed > self._lease_s)

    def take(self, tasks: Sequence[str]) -> set[str]:
        """Those of ``tasks`` that are this driver's now, and were nobody's.

        Raises:
            JournalError: the journal cannot be reached.
        """
        return self._database.again(lambda: self._taken(tasks))

    def _taken(self, tasks: Sequence[str]) -> set[str]:
        import psycopg

        for _ in range(2):
            try:
                found = self._database.reading.execute(_TAKE, (list(tasks), self.driver)).fetchall()
                return {str(key) for (key,) in found}
            except psycopg.errors.ForeignKeyViolation:  # taken for dead, or the database was restored
                self._register_again(self._database.reading)
        return set()

    def free(self, tasks: Sequence[str]) -> set[str]:
        """Those of ``tasks`` that nobody has a lease of."""
        leased = self._database.rows("SELECT task FROM leases WHERE task = ANY(?)", (list(tasks),))
        return set(tasks) - {str(key) for (key,) in leased}

    def statement_to_keep_only(self, tasks: Collection[str]) -> tuple[str, tuple[object, ...]]:
        """What lets go of all leases of this driver but those of ``tasks``."""
        return "DELETE FROM leases WHERE driver = ? AND NOT task = ANY(?)", (self.driver, list(tasks))

    def close(self) -> None:
        """Let go of all of them; nothing if the server cannot be reached, where they end by themselves."""
        self._ended.set()
        self._beating.join(CONNECT_S)  # it may hang at a server that does not answer
        if self._beating.is_alive():
            return
        with contextlib.suppress(Exception):
            if self._connection is not None:
                self._connection.close()
        with contextlib.suppress(Exception), self._database.connect() as connection:  # the other may be lost
            connection.execute("DELETE FROM drivers WHERE id = %s", (self.driver,))

    def _register(self, connection: psycopg.Connection) -> None:
        with connection.transaction():
            connection.execute("LOCK TABLE drivers IN SHARE ROW EXCLUSIVE MODE")
            _bury(connection)
            others = connection.execute(
                "SELECT host, process, alone FROM drivers WHERE id <> %s", (self.driver,)
            ).fetchall()
            if others and (self._alone or any(alone for _, _, alone in others)):
                host, process, _ = others[0]
                raise JournalError(
                    f"{self._database.name} is being written by {len(others)} other process(es), process "
                    f"{process.split()[0]} on {host.split()[0]} among them: wait for it, or stop it"
                )
            self._renewed = _now()
            connection.execute(_REGISTER, (self.driver, _host(), _process(), self._alone, self._lease_s))

    def _register_again(self, connection: psycopg.Connection) -> None:
        log.warning(
            "%s: this process gave no sign of life for %g s, and others may have taken its tasks; what both ask is "
            "recorded once",
            self._database.name,
            self._lease_s,
        )
        self._lost += 1  # first: who looks meanwhile must not take them for held
        self._register(connection)

    def _beat(self) -> None:
        import psycopg

        while not self._ended.wait(self._lease_s / BEATS):
            try:
                if self._connection is None or self._connection.closed:
                    self._connection = self._database.connect()
                before = _now()
                if not self._connection.execute(_RENEW, (self._lease_s, self.driver)).rowcount:
                    self._register_again(self._connection)
                self._renewed = before
                _bury(self._connection)
                with contextlib.suppress(OSError):
                    os.utime(self._database.path)  # for who lists runs by when they were last written
            except (psycopg.Error, JournalError):  # once more at the next beat; who asks or writes says so
                continue


_TAKE = "INSERT INTO leases SELECT unnest(%s::text[]), %s ON CONFLICT DO NOTHING RETURNING task"
_REGISTER = (
    "INSERT INTO drivers VALUES (%s, %s, %s, %s, clock_timestamp() + make_interval(secs => %s))"
    " ON CONFLICT (id) DO UPDATE SET until = excluded.until"
)
_RENEW = "UPDATE drivers SET until = clock_timestamp() + make_interval(secs => %s) WHERE id = %s"
# Who is renewing its row at this moment is not dead, and who is being buried by another need not be twice.
_BURY = (
    "DELETE FROM drivers WHERE id IN (SELECT id FROM drivers WHERE until < clock_timestamp() OR id = ANY(%s)"
    " FOR UPDATE SKIP LOCKED)"
)


def _bury(connection: psycopg.Connection) -> None:
    """Take leave of drivers that are dead, and have their tasks be anybody's."""
    here = connection.execute("SELECT id, process FROM drivers WHERE host = %s", (_host(),)).fetchall()
    connection.execute(_BURY, ([name for name, process in here if not _is_alive(process)],))


def _now() -> float:
    """Seconds, those that the machine was suspended among them."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _host() -> str:
    """This machine since it was started, and whom a process number names here: containers have numbers of their own."""
    with contextlib.suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{socket.gethostname()} {boot} {os.readlink('/proc/self/ns/pid')}"
    return f"{socket.gethostname()} {uuid.getnode()} {os.getpid()}"


def _process() -> str:
    """This process: its number, and when it was started, as numbers are given again."""
    return f"{os.getpid()} {_started(os.getpid())}"


def _is_alive(process: str) -> bool:
    number, _, started = process.partition(" ")
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is there, and another's
        return True
    return not started or _started(int(number)) in (started, "")


def _started(number: int) -> str:
    """In the kernel's ticks since the machine was started; ``ended``; or empty, where nobody says."""
    try:
        after_name = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "ended" if after_name[0] in "ZX" else after_name[19]
