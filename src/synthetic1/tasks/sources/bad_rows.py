"""Sources without their bad rows, which are counted, named and kept."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from synthetic1.keys import content_key
from synthetic1.task import Task, TaskError
from synthetic1.tasks.formats.readers import Choose, RowReader, reader_for
from synthetic1.tasks.sources.concatenation import Concatenation
from synthetic1.tasks.sources.index import FileFault, log, write_whole
from synthetic1.tasks.sources.mixture import Mixture
from synthetic1.tasks.sources.source import Subset, TaskList, TaskSource, check_task
from synthetic1.tasks.sources.stored import StoredTasks

BadRows = Literal["quarantine", "error"]
"""What becomes of a row that is not a task: it is left out and kept aside, or it is an error where it is read."""
Verifiable = Callable[[str], object]
"""Raises a LookupError, whose message is one line, for a task type that no verifier is known for."""
FILE: Final = "bad_rows.jsonl"
"""In a run's folder."""
SHOWN: Final = 3
_field = re.compile(r"field `([^`]+)`")


@dataclass(frozen=True)
class BadRow:
    """A row that is not a task: where it stands, what is wrong with it, and all of it."""

    file: str
    row: int
    """From 1: the line of a file of lines, else the number of the row."""
    field: str | None
    """None where it is not one field that is wrong."""
    reason: str
    raw: str
    """The row as it stands there; bytes that are not UTF-8 as ``\\xff``."""

    def __str__(self) -> str:
        return f"{self.file}, row {self.row}: {self.reason}"


class SoundTasks(Subset):
    """A source in files without its bad rows: those that are not tasks, and those that no verifier is known for.

    Args:
        rows: the other rows, increasing.
        bad: row → what is wrong with it, or None: that its reader says.
    """

    def __init__(self, source: StoredTasks, rows: NDArray[Any], bad: Mapping[int, str | None]) -> None:
        super().__init__(source, rows, name=source.name)
        self.stored, self.bad = source, bad

    def key_heads(self) -> NDArray[np.uint32]:
        heads: NDArray[np.uint32] = self.stored.checked()["key_heads"][self._rows]
        return heads

    def rows_of(self, problem_id: str) -> Iterator[int]:
        for row in self.stored.rows_like(problem_id):
            place = int(np.searchsorted(self._rows, self._rows.dtype.type(row)))
            if place < len(self._rows) and self._rows[place] == row and self[place].problem_id == problem_id:
                yield place

    def bad_rows(self) -> Iterator[BadRow]:
        """Every bad row, in order; read anew."""
        for row, why in self.bad.items():
            file, number = self.stored.place(row)
            where = f"{file}, row {number}"
            field, reason = ("task_type", why) if why is not None else _fault(lambda row=row: self.stored[row], where)  # type: ignore[misc]
            yield BadRow(file, number, field, reason, self.stored.raw_row(row))


class SoundRows(TaskList):
    """Tasks in memory, and the rows beside them that were bad."""

    def __init__(self, tasks: Sequence[Task], bad: Sequence[BadRow], *, name: str) -> None:
        super().__init__(tasks, name=name)
        self.bad = tuple(bad)

    def bad_rows(self) -> Iterator[BadRow]:
        return iter(self.bad)


def check_bad_rows(value: str) -> None:
    """Raise ValueError unless ``value`` is one of :data:`BadRows`."""
    if value not in get_args(BadRows):
        raise ValueError(f"bad_rows must be `quarantine` or `error`, got {value!r:.60}")


def sound(source: TaskSource, verifiable: Verifiable | None = None) -> TaskSource:
    """``source`` without its bad rows; itself where it has none. Splits, weights and the order of rows stay.

    Of files all rows are read and hashed once, as for a split, whose cache is used. Generated tasks and sources of
    other kinds are not looked at.

    Raises:
        TaskError: all rows of it, or of a part of a mixture, are bad; or a file cannot be read at all.
    """
    found = _sound(source, verifiable)
    if len(source) and not len(found):
        raise _all_bad(found)
    return found


def _sound(source: TaskSource, verifiable: Verifiable | None) -> TaskSource:
    if isinstance(source, StoredTasks):
        return _sound_stored(source, verifiable)
    if isinstance(source, Concatenation):
        parts = [_sound(part, verifiable) for part in source.sources]
        if all(found is part for found, part in zip(parts, source.sources, strict=True)):
            return source
        if isinstance(source, Mixture) and not all(map(len, parts)):
            raise _all_bad(next(part for part in parts if not len(part)))
        return source.with_sources(parts, name=source.name)
    if type(source) is Subset:  # not one that is sound already
        inner = _sound(source.source, verifiable)
        if inner is source.source:
            return source
        assert isinstance(inner, Subset)
        return Subset(inner, inner.places_of(source.rows), name=source.name)
    return source


def _sound_stored(source: StoredTasks, verifiable: Verifiable | None) -> TaskSource:
    columns = source.checked()
    bad: dict[int, str | None] = dict.fromkeys(map(int, columns["bad"]))
    for number, name in enumerate(json.loads(columns["names"].tobytes())) if verifiable else ():
        try:
            verifiable(name)  # type: ignore[misc]
        except LookupError as error:
            rows = np.flatnonzero(columns["types"] == number)
            # 0 is what a row without a type has, too
            bad |= {row: str(error) for row in map(int, rows) if row not in bad}
    if not bad:
        return source
    rows = np.delete(np.arange(len(source)), list(bad))
    return SoundTasks(source, rows, dict(sorted(bad.items())))


def sound_rows(
    rows: Sequence[Mapping[str, Any] | Task],
    verifiable: Verifiable | None = None,
    *,
    name: str = "rows in memory",
    choose: Choose = reader_for,
) -> TaskList:
    """As ``TaskList.from_rows``, without the bad rows.

    Raises:
        TaskError: all rows are bad.
    """
    reader: RowReader | None = None
    tasks: list[Task] = []
    bad: list[BadRow] = []

    def read(row: Any, where: str) -> Task:
        nonlocal reader
        if isinstance(row, Task):
            return row
        if not isinstance(row, Mapping):
            raise TaskError(f"{where}: a row is a mapping of fields or a Task, got {type(row).__name__}")
        chosen = reader or choose(row, where)
        task = check_task(chosen.read(row, where), where)
        reader = chosen
        return task

    for number, row in enumerate(rows, 1):
        where = f"{name}, row {number}"
        try:
            task = read(row, where)
            _ = task.key
            if verifiable is not None:
                verifiable(task.task_type)
        except Exception as error:
            known = isinstance(error, LookupError) and str(error)
            field, reason = ("task_type", str(error)) if known else _fault(lambda row=row: read(row, where), where)  # type: ignore[misc] # noqa: B023
            held = row.to_dict() if isinstance(row, Task) else row
            bad.append(BadRow(name, number, field, reason, json.dumps(held, default=str, ensure_ascii=False)))
        else:
            tasks.append(task)
    found = SoundRows(tasks, bad, name=name)
    if bad and not tasks:
        raise _all_bad(found)
    return found


def _fault(read: Callable[[], Task], where: str) -> tuple[str | None, str]:
    """The field and the reason why a row is not a task."""
    try:
        task = read()
    except FileFault:
        raise
    except Exception as error:
        reason = str(error) if isinstance(error, TaskError) else f"{type(error).__name__}: {error}"
        reason = " ".join(reason.removeprefix(f"{where}: ").split())
        found = _field.search(reason)
        return (found[1] if found else None), reason
    for field in ("metadata", "verification_info"):
        try:
            content_key(dict(getattr(task, field)))
        except (TypeError, ValueError, RecursionError) as error:
            return field, f"field `{field}` has no JSON form: {error}"
    return None, "the row has changed since it was found to be bad"


def _all_bad(source: TaskSource) -> TaskError:
    many = count_bad_rows(source)
    first = next(bad_rows_of(source), None)
    return TaskError(f"{source.name}: all {many:,} rows are bad; the first: {first}")


# What is told of them -------------------------------------------------------------------------------------------------


def _holders(source: TaskSource) -> list[SoundTasks | SoundRows]:
    """The parts of ``source`` that have left rows out, each once."""
    found: dict[int, SoundTasks | SoundRows] = {}
    todo: list[Any] = [source]
    while todo:
        part = todo.pop()
        if isinstance(part, SoundTasks | SoundRows):
            found.setdefault(id(part), part)
        elif isinstance(part, TaskSource):
            inside = getattr(part, "behind", None) or getattr(part, "sources", None) or [getattr(part, "source", None)]
            todo += reversed(list(inside))
    return list(found.values())


def bad_rows_of(source: TaskSource) -> Iterator[BadRow]:
    """Every row that was left out of the files behind ``source``, whichever part of them it is."""
    return (row for part in _holders(source) for row in part.bad_rows())


def count_bad_rows(source: TaskSource) -> int:
    return sum(len(part.bad) for part in _holders(source))


def summary_of(source: TaskSource) -> str | None:
    """How many rows were left out, and the first of them; None if none was."""
    many = count_bad_rows(source)
    if not many:
        return None
    shown = "; ".join(map(str, islice(bad_rows_of(source), SHOWN)))
    more = f"; and {many - SHOWN:,} more" if many > SHOWN else ""
    return f"{many:,} bad {'row is' if many == 1 else 'rows are'} left out: {shown}{more}"


def keep_bad_rows(source: TaskSource, folder: Path) -> int:
    """Write every row that was left out of ``source`` to ``bad_rows.jsonl``, whole, or take an older one away.

    Returns:
        How many there are.

    Raises:
        OSError: the folder cannot be written.
    """
    path = folder / FILE
    many = count_bad_rows(source)
    if many:
        lines = (json.dumps(asdict(row), ensure_ascii=False) + "\n" for row in bad_rows_of(source))
        write_whole(path, (line.encode("utf-8", "backslashreplace") for line in lines))
    else:
        path.unlink(missing_ok=True)
    return many


_told: set[str] = set()


def tell(source: TaskSource) -> None:
    """Warn of the rows that were left out, once in a process: environments open a file for each of their splits."""
    said = summary_of(source)
    if said is not None and said not in _told:
        _told.add(said)
        log.warning("%s: %s", source.name, said)
