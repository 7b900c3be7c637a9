"""What a journal holds, read: rollouts with their latest verdicts, and how far tasks are without their texts."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synthetic1.completion import Completion
from synthetic1.datagen.journal.rollouts import StoredRollout, TaskRollouts
from synthetic1.jobs.program import ProgramError
from synthetic1.rollout import Rollout
from synthetic1.task import Task
from synthetic1.verdict import Verdict

ASKED_AT_ONCE = 500  # SQLite takes at least 999 parameters
READ_AT_ONCE = 64  # tasks with all their rollouts
COUNTED = ("tasks", "rollouts", "verified", "failures")


class JournalError(ProgramError):
    """The journal cannot be used: one line that says which, and why."""


@dataclass(frozen=True, slots=True)
class Status:
    """How far a rollout is, without its texts."""

    part: int
    finish_reason: str | None
    score: float | None
    reason: str | None
    """The latest verdict's; ``None`` while there is none."""

    @property
    def truncated(self) -> bool:
        return self.finish_reason == "length"


class JournalReader:
    """The reading half of a ``Journal``."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        """Use ``Journal.open``."""
        self.path, self._read = path, connection

    def meta(self, name: str) -> str | None:
        with explained(self.path):
            found = self._read.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if found is None else str(found[0])

    def status(self, tasks: Sequence[str]) -> dict[str, dict[int, Status]]:
        """How far the rollouts of tasks are, by the tasks' keys and sample index; cheap, however long their texts."""
        found: dict[str, dict[int, Status]] = {}
        for task, index, *rest in self._rows(_STATUS, tasks):
            found.setdefault(task, {})[index] = Status(*rest)
        return found

    def rollouts(self, tasks: Sequence[str]) -> dict[str, dict[int, StoredRollout]]:
        """What is there of tasks, by their keys and sample index; tasks without any rollout are left out."""
        found: dict[str, dict[int, StoredRollout]] = {}
        for row in self._rows(_ROLLOUTS, tasks):
            _add(found.setdefault(row[0], {}), row)
        return found

    def _rows(self, select: str, tasks: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """What ``select`` finds of tasks, by their keys."""
        with explained(self.path):
            for start in range(0, len(tasks), ASKED_AT_ONCE):
                keys = tasks[start : start + ASKED_AT_ONCE]
                marks = ",".join("?" * len(keys))
                yield from self._read.execute(f"{select} WHERE r.task IN ({marks}) {_ORDER}", keys)

    def rollout(self, task: Task, index: int) -> StoredRollout | None:
        """One rollout of a task, by its sample index."""
        found: dict[int, StoredRollout] = {}
        with explained(self.path):
            for row in self._read.execute(f"{_ROLLOUTS} WHERE r.task = ? AND r.sample = ? {_ORDER}", (task.key, index)):
                _add(found, row)
        return found.get(index)

    def counts(self, of: Sequence[str] = COUNTED) -> dict[str, int]:
        """How many the run has of each so far."""
        with explained(self.path):
            return {name: int(self._read.execute(_COUNTS[name]).fetchone()[0]) for name in of}

    def tokens(self) -> tuple[int, int, int, int]:
        """Answers, those whose tokens are not known, and the tokens of the others: of prompts, of completions."""
        with explained(self.path):
            answers, unknown, asked, said = self._read.execute(_TOKENS).fetchone()
        return int(answers), int(unknown or 0), int(asked or 0), int(said or 0)

    def task_keys(self) -> list[str]:
        """The keys of all tasks of which anything is recorded."""
        with explained(self.path):
            return [str(key) for (key,) in self._read.execute("SELECT key FROM tasks")]

    def failures(self) -> Iterator[tuple[str, int, str, str, int]]:
        """(problem id, sample index, kind, message, times) of every sample that failed, in the order of tasks."""
        sql = (
            "SELECT t.row, f.sample, f.kind, f.message, f.times FROM failures f JOIN tasks t ON t.key = f.task "
            "ORDER BY t.position, f.sample"
        )
        with explained(self.path):
            for row, *rest in self._read.execute(sql):
                yield (str(json.loads(row).get("problem_id")), *rest)

    def groups(self, begins: str = "", *, whole: bool = False) -> Iterator[TaskRollouts]:
        """Every task with its rollouts, in the order of the source and of sample indexes; not those without any.

        Args:
            begins: only tasks whose problem id begins so; of the others, no rollout is read.
            whole: and those of them whose id has no more than that.
        """
        for batch in self._tasks(begins, whole=whole):
            found = self.rollouts([key for key, _ in batch])
            for key, row in batch:
                if key in found:
                    yield TaskRollouts(Task.from_row(row), tuple(stored for _, stored in sorted(found[key].items())))

    def progress(self) -> Iterator[tuple[str, list[Status]]]:
        """The problem id of every task and how far its rollouts are, in the order of ``groups``; reads no texts."""
        for batch in self._tasks():
            found = self.status([key for key, _ in batch])
            for key, row in batch:
                if key in found:
                    yield row["problem_id"], [status for _, status in sorted(found[key].items())]

    def _tasks(self, begins: str = "", *, whole: bool = False) -> Iterator[list[tuple[str, dict[str, Any]]]]:
        """Keys and rows of tasks, some at a time."""
        sql = "SELECT key, row FROM tasks WHERE instr(row, ?) ORDER BY position, key"
        written = json.dumps(begins, ensure_ascii=False)[:-1]  # as it stands in a row, if it does
        with explained(self.path):
            tasks = self._read.cursor().execute(sql, (to_sqlite(written),))
            while batch := tasks.fetchmany(READ_AT_ONCE):
                read = [(key, json.loads(from_sqlite(row))) for key, row in batch]
                yield [
                    (key, row)
                    for key, row in read
                    if row["problem_id"].startswith(begins) and (not whole or row["problem_id"] == begins)
                ]


_COUNTS = {
    "tasks": "SELECT count(*) FROM tasks",
    "answered": "SELECT count(DISTINCT task) FROM rollouts",
    "rollouts": "SELECT count(*) FROM rollouts WHERE part = 0",
    # Of a rollout, the latest verdict on its latest part: with max(), SQLite gives the other columns of that row.
    "verified": "SELECT count(*) FROM (SELECT score, max(part * 1000000 + number) FROM verdicts GROUP BY rollout)"
    " WHERE score = 1.0",
    "failures": "SELECT count(*) FROM failures",
    # Of every rollout, its latest part: no verdict on it, or the latest one tells of a failure of ours.
    "to_judge": "SELECT count(*) FROM (SELECT key, max(part) AS part FROM rollouts GROUP BY task, sample) r LEFT JOIN"
    " (SELECT rollout, part, reason, max(number) FROM verdicts GROUP BY rollout, part) v"
    " ON v.rollout = r.key AND v.part = r.part"
    " WHERE v.reason IS NULL OR v.reason IN ('unscorable_infra', 'unscorable_judge')",
}
_TOKENS = (
    "SELECT count(*), sum(usage IS NULL), sum(json_extract(usage, '$.prompt_tokens')),"
    " sum(json_extract(usage, '$.completion_tokens'))"
    " FROM (SELECT usage, max(part) FROM rollouts GROUP BY task, sample)"
)
_STATUS = (
    "SELECT r.task, r.sample, r.part, r.finish_reason, v.score, v.reason"
    " FROM rollouts r LEFT JOIN verdicts v ON v.rollout = r.key AND v.part = r.part"
)
_ROLLOUTS = (
    "SELECT r.task, r.sample, r.part, r.model, r.sampling, r.raw, r.reasoning, r.answer, r.finish_reason,"
    " r.usage, v.verifier, v.name, v.score, v.reason, v.answer, v.details"
    " FROM rollouts r LEFT JOIN verdicts v ON v.rollout = r.key AND v.part = r.part"
)
_ORDER = "ORDER BY r.task, r.sample, r.part, v.number"


def _add(rollouts: dict[int, StoredRollout], row: Sequence[Any]) -> None:
    """Rows come in rising order of part and verdict: the last one counts."""
    task, index, part, model, sampling, *said, finish, usage, verifier, name, score, reason, extracted, details = row
    raw, reasoning, answer = map(from_sqlite, said)
    completion = Completion(raw, reasoning, answer, finish, json.loads(usage) if usage else None)
    verdict = None
    if reason is not None:
        verdict = Verdict(score, reason, from_sqlite(extracted), json.loads(from_sqlite(details) or "{}"))
    rollout = Rollout(task, completion, model, json.loads(sampling), index)
    rollouts[index] = StoredRollout(rollout, verdict, name, verifier, part)


def to_sqlite(value: str | None) -> str | bytes | None:
    """Text as SQLite holds it; with a lone surrogate, which UTF-8 has no form for, its bytes."""
    if value is None or value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogatepass")
    return value


def from_sqlite(value: str | bytes | None) -> Any:
    return value.decode("utf-8", "surrogatepass") if isinstance(value, bytes) else value


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what SQLite says into one line.

    Raises:
        JournalError: it cannot be read, or is not a journal.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise JournalError(f"{path}: {why(error)}") from error


def why(error: BaseException) -> str:
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
