"""What has been done of a curation: one SQLite file, so that a stopped run goes on where it was."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from synthetic1.datagen.curation.draft import Draft, LeftOut
from synthetic1.jobs.program import ProgramError
from synthetic1.task import Task

FORMAT = 1
BATCH = 256  # outcomes of a transaction: as many are done again after a crash
_SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE gone (number INTEGER PRIMARY KEY, place TEXT, outcome TEXT, step TEXT, reason TEXT, detail TEXT, raw TEXT);
CREATE TABLE merged (number INTEGER PRIMARY KEY, draft TEXT);
CREATE TABLE done (number INTEGER PRIMARY KEY, tasks TEXT);
"""


class GoneRow(NamedTuple):
    """A row that has left the pipeline."""

    number: int
    place: str
    outcome: str
    step: str
    reason: str
    detail: str
    raw: str | None
    """All of it, of quarantined rows only: dropped ones stay in the input."""


class WorkStore:
    """The outcomes of rows, by their numbers. One process at a time.

    Raises:
        ProgramError: the file is not one of ours, or cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._rows = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
            self._rows.execute("PRAGMA journal_mode=WAL")
            self._rows.execute("PRAGMA synchronous=NORMAL")
            (version,) = self._rows.execute("PRAGMA user_version").fetchone()
            if version == 0:
                self._rows.executescript(f"BEGIN;{_SCHEMA}PRAGMA user_version={FORMAT};COMMIT;")
            elif version != FORMAT:
                raise ProgramError(f"{path} has format {version}, not {FORMAT}: choose another run_name=")
        except sqlite3.Error as error:
            raise ProgramError(f"{path} cannot be used: {error}; choose another run_name=") from error
        self._waiting = 0

    def meta(self, name: str) -> Any:
        row = self._rows.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if row is None else json.loads(row[0])

    def set_meta(self, name: str, value: Any) -> None:
        self._write("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, json.dumps(value, sort_keys=True)))
        self.commit()

    def leave(self, number: int, place: str, error: LeftOut, raw: str | None = None) -> None:
        kept = raw if error.outcome == "quarantined" else None
        row = (number, place, error.outcome, error.step, error.reason, error.detail, kept)
        self._write("INSERT OR REPLACE INTO gone VALUES (?, ?, ?, ?, ?, ?, ?)", tuple(map(_storable, row)))

    def merge(self, draft: Draft) -> None:
        self._write("INSERT OR REPLACE INTO merged VALUES (?, ?)", (draft.number, draft.to_line()))

    def finish(self, number: int, tasks: list[Task]) -> None:
        rows = json.dumps([task.to_dict() for task in tasks])
        self._write("INSERT OR REPLACE INTO done VALUES (?, ?)", (number, rows))

    def unfinish(self, number: int) -> None:
        self._write("DELETE FROM done WHERE number = ?", (number,))

    def merged(self, number: int) -> Draft | None:
        row = self._rows.execute("SELECT draft FROM merged WHERE number = ?", (number,)).fetchone()
        return None if row is None else Draft.from_line(row[0])

    def has_outcome(self, number: int) -> bool:
        """Whether the row is done, or gone."""
        for table in ("gone", "done"):
            if self._rows.execute(f"SELECT 1 FROM {table} WHERE number = ?", (number,)).fetchone():
                return True
        return False

    def gone_rows(self) -> Iterator[GoneRow]:
        """In order."""
        for row in self._rows.execute("SELECT * FROM gone ORDER BY number"):
            yield GoneRow(*row)

    def gone_counts(self) -> Iterator[tuple[str, str, str, int]]:
        """(outcome, step, reason, rows)."""
        yield from self._rows.execute(
            "SELECT outcome, step, reason, count(*) FROM gone GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
        )

    def tasks(self) -> Iterator[tuple[int, list[Task]]]:
        """The tasks of every row that is done, in order."""
        for number, rows in self._rows.execute("SELECT number, tasks FROM done ORDER BY number"):
            yield number, [Task.from_row(row) for row in json.loads(rows)]

    def clear(self, *tables: str) -> None:
        """Forget all that a pass has written which is done again."""
        for table in tables:
            self._write(f"DELETE FROM {table}", ())
        self.commit()

    def forget(self) -> None:
        """Forget all that was done."""
        for table in ("gone", "merged", "done", "meta"):
            self._write(f"DELETE FROM {table}", ())
        self.commit()

    def clear_reasons(self, reasons: tuple[str, ...], steps: tuple[str, ...]) -> None:
        """Forget the rows that left in these steps for these reasons: they are done again."""
        both = (", ".join("?" * len(some)) for some in (reasons, steps))
        self._write("DELETE FROM gone WHERE reason IN ({}) AND step IN ({})".format(*both), (*reasons, *steps))
        self.commit()

    def numbers_gone(self, reasons: tuple[str, ...], steps: tuple[str, ...]) -> set[int]:
        """The rows that ``clear_reasons`` would forget."""
        both = (", ".join("?" * len(some)) for some in (reasons, steps))
        asked = "SELECT number FROM gone WHERE reason IN ({}) AND step IN ({})".format(*both)
        return {number for (number,) in self._rows.execute(asked, (*reasons, *steps))}

    def clear_steps(self, steps: tuple[str, ...]) -> None:
        """Forget the rows that left in these steps."""
        self._write(f"DELETE FROM gone WHERE step IN ({', '.join('?' * len(steps))})", steps)
        self.commit()

    def commit(self) -> None:
        if self._rows.in_transaction:
            self._rows.execute("COMMIT")
        self._waiting = 0

    def close(self) -> None:
        self.commit()
        self._rows.close()

    def _write(self, statement: str, values: tuple[Any, ...]) -> None:
        if not self._rows.in_transaction:
            self._rows.execute("BEGIN IMMEDIATE")
        self._rows.execute(statement, values)
        self._waiting += 1
        if self._waiting >= BATCH:
            self.commit()


def _storable(value: Any) -> Any:
    """SQLite holds UTF-8: a lone surrogate is kept as its escape."""
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
