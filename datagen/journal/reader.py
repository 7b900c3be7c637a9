"""What a journal holds, read: rollouts with their latest verdicts, and how far tasks are without their texts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from synthetic1.completion import Completion
from synthetic1.datagen.journal.database import Database, JournalError
from synthetic1.datagen.journal.rollouts import StoredRollout, TaskRollouts
from synthetic1.rollout import Rollout
from synthetic1.task import Task
from synthetic1.verdict import Verdict

ASKED_AT_ONCE = 500  # SQLite takes at least 999 parameters
READ_AT_ONCE = 64  # tasks with all their rollouts
__all__ = ["JournalError", "JournalReader", "Status"]
COUNTED = ("tasks", "rollouts", "verified", "failures")


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

    def __init__(self, database: Database) -> None:
        """Use ``Journal.open``."""
        self._database = database
        self.path = database.path

    def meta(self, name: str) -> str | None:
        found = self._database.one("SELECT value FROM meta WHERE name = ?", (name,))
        return None if found is None else str(found[0])

    def beside(self, statement: str, parameters: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """What a statement finds in tables that somebody else keeps in this database; see ``Journal.put_beside``."""
        return self._database.rows(statement, parameters)

    def text_of(self, value: Any) -> Any:
        """A text of such a table."""
        return self._database.from_text(value)

    def metas(self, begins: str) -> dict[str, str]:
        """What is kept under names that begin so."""
        found = self._database.rows("SELECT name, value FROM meta WHERE substr(name, 1, ?) = ?", (len(begins), begins))
        return {str(name): str(value) for name, value in found}

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
            self._add(found.setdefault(row[0], {}), row)
        return found

    def _rows(self, select: str, tasks: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """What ``select`` finds of tasks, by their keys."""
        for start in range(0, len(tasks), ASKED_AT_ONCE):
            keys = tasks[start : start + ASKED_AT_ONCE]
            marks = ",".join("?" * len(keys))
            yield from self._database.rows(f"{select} WHERE r.task IN ({marks}) {_ORDER}", keys)

    def rollout(self, task: Task, index: int) -> StoredRollout | None:
        """One rollout of a task, by its sample index."""
        found: dict[int, StoredRollout] = {}
        for row in self._database.rows(f"{_ROLLOUTS} WHERE r.task = ? AND r.sample = ? {_ORDER}", (task.key, index)):
            self._add(found, row)
        return found.get(index)

    def counts(self, of: Sequence[str] = COUNTED) -> dict[str, int]:
        """How many the run has of each so far."""
        of_its_own = {"verified": self._database.verified, "to_judge": self._database.to_judge}
        return {name: int(self._only(of_its_own.get(name) or _COUNTS[name])[0]) for name in of}

    def tokens(self) -> tuple[int, int, int, int]:
        """Answers, those whose tokens are not known, and the tokens of the others: of prompts, of completions."""
        answers, unknown, asked, said = self._only(self._database.tokens)
        return int(answers), int(unknown or 0), int(asked or 0), int(said or 0)

    def _only(self, select: str) -> tuple[Any, ...]:
        return next(self._database.rows(select))

    def task_keys(self) -> list[str]:
        """The keys of all tasks of which anything is recorded."""
        return [str(key) for (key,) in self._database.rows("SELECT key FROM tasks")]

    def tasks(self, keys: Sequence[str]) -> dict[str, Task]:
        """Tasks by their keys, of those that are recorded."""
        found = {}
        for start in range(0, len(keys), ASKED_AT_ONCE):
            part = keys[start : start + ASKED_AT_ONCE]
            marks = ",".join("?" * len(part))
            for key, row in self._database.rows(f"SELECT key, row FROM tasks WHERE key IN ({marks})", part):
                found[str(key)] = Task.from_row(json.loads(self._database.from_text(row)))
        return found

    def failures(self) -> Iterator[tuple[str, int, str, str, int]]:
        """(problem id, sample index, kind, message, times) of every sample that failed, in the order of tasks."""
        sql = (
            "SELECT t.row, f.sample, f.kind, f.message, f.times FROM failures f JOIN tasks t ON t.key = f.task "
            "ORDER BY t.position, t.key, f.sample"
        )
        read = self._database.from_text
        for row, index, kind, message, times in self._database.rows(sql):
            yield str(json.loads(read(row)).get("problem_id")), index, kind, read(message), times

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
        """Keys and rows of tasks, some at a time, each time those after the last one."""
        database, after = self._database, (-1, "")
        sql = (
            f"SELECT position, key, row FROM tasks WHERE (position, key) > (?, ?) AND {database.containing}"
            f" ORDER BY position, key LIMIT {READ_AT_ONCE}"
        )
        written = database.to_text(json.dumps(begins, ensure_ascii=False)[:-1])  # as it stands in a row, if it does
        while batch := list(database.rows(sql, (*after, written))):
            after = batch[-1][:2]
            read = [(key, json.loads(database.from_text(row))) for _, key, row in batch]
            yield [
                (key, row)
                for key, row in read
                if row["problem_id"].startswith(begins) and (not whole or row["problem_id"] == begins)
            ]

    def _add(self, rollouts: dict[int, StoredRollout], row: Sequence[Any]) -> None:
        """Rows come in rising order of part and verdict: the last one counts."""
        read = self._database.from_text
        task, index, part, model, sampling, *said, finish, usage, verifier, name, score, reason, extracted, details = (
            row
        )
        raw, reasoning, answer = map(read, said)
        completion = Completion(raw, reasoning, answer, read(finish), json.loads(usage) if usage else None)
        verdict = None
        if reason is not None:
            verdict = Verdict(score, reason, read(extracted), json.loads(read(details) or "{}"))
        rollout = Rollout(task, completion, model, json.loads(sampling), index)
        rollouts[index] = StoredRollout(rollout, verdict, name, verifier, part)


_COUNTS = {
    "tasks": "SELECT count(*) FROM tasks",
    "answered": "SELECT count(DISTINCT task) FROM rollouts",
    "rollouts": "SELECT count(*) FROM rollouts WHERE part = 0",
    "failures": "SELECT count(*) FROM failures",
}
_STATUS = (
    "SELECT r.task, r.sample, r.part, r.finish_reason, v.score, v.reason"
    " FROM rollouts r LEFT JOIN verdicts v ON v.rollout = r.key AND v.part = r.part"
)
_ROLLOUTS = (
    "SELECT r.task, r.sample, r.part, r.model, r.sampling, r.raw, r.reasoning, r.answer, r.finish_reason,"
    " r.usage, v.verifier, v.name, v.score, v.reason, v.answer, v.details"
    " FROM rollouts r LEFT JOIN verdicts v ON v.rollout = r.key AND v.part = r.part"
)
# Of two verifiers that judged in one run, as before and after an upgrade, one that could score counts.
_ORDER = "ORDER BY r.task, r.sample, r.part, v.number, v.score IS NOT NULL"
