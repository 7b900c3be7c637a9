"""Task sources: a sequence of tasks that can be indexed, named, sampled and split."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from synthetic1.task import Task, TaskError

if TYPE_CHECKING:
    from synthetic1.tasks.formats.readers import Choose

SPLITS: Final = ("train", "test")
TEST_SHARE: Final = 0.1
_TEST_BELOW: Final = round(TEST_SHARE * 2**32)


def key_head(task: Task) -> int:
    """The first 32 bits of ``task.key``: what decides the split, and all of the key that a cache holds."""
    return int(task.key[:8], 16)


def split_of(task: Task) -> str:
    """``test`` for a tenth of all contents, ``train`` for the rest: a function of ``task.key`` alone.

    So a task stays on its side when a file is shuffled, extended, converted or mixed with others.
    """
    return "test" if key_head(task) < _TEST_BELOW else "train"


def check_task(task: Task, where: str) -> Task:
    """``task``, unless its metadata hold a number that is none for other programs: NaN, or beyond what 64 bits hold.

    Whoever sorts tasks by such a level, or writes it to a table, would fail for all tasks.

    Raises:
        TaskError: it does; the message begins with ``where``.
    """
    values: list[tuple[str, Any]] = [(str(name), value) for name, value in task.metadata.items()]
    while values:
        name, value = values.pop()
        if isinstance(value, int | float):
            if not -1.7976931348623157e308 <= value <= 1.7976931348623157e308:
                shown = f"a number of {len(str(abs(value)))} digits" if isinstance(value, int) else f"{value}"
                raise TaskError(f"{where}: field `metadata.{name}` must be a number of 64 bits, got {shown}")
        elif isinstance(value, Mapping):
            values += [(f"{name}.{inner}", held) for inner, held in value.items()]
        elif isinstance(value, list | tuple):
            values += [(name, held) for held in value]
    return task


class TaskSource(ABC):
    """A finite sequence of tasks. Every source can be pickled and read from several threads.

    A subclass defines ``name``, ``__len__`` and ``__getitem__`` (with :meth:`_position`). It overrides
    :meth:`rows_of` if it can find an id without looking at every task, :meth:`part` if its parts are not cut by
    ``task.key``, and :meth:`pick` if its tasks are not equally likely.
    """

    name: str
    """What a person would call it, e.g. the path or ``embedded:code_understanding``; it begins every error."""

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def __getitem__(self, index: int) -> Task:
        """The task at ``index``, negative indices counting from the end.

        Raises:
            IndexError: outside the source.
            TaskError: the row is not a task; the message names file, row number and field.
        """

    def __iter__(self) -> Iterator[Task]:
        return (self[index] for index in range(len(self)))

    def rows_of(self, problem_id: str) -> Iterator[int]:
        """The indices of all tasks with this ``problem_id``, in order."""
        return (index for index, task in enumerate(self) if task.problem_id == problem_id)

    def get(self, problem_id: str) -> Task:
        """The first task with this ``problem_id``.

        Raises:
            KeyError: there is none; one line that shows what an id looks like here.
        """
        for index in self.rows_of(problem_id):
            return self[index]
        example = f", the first is `{self[0].problem_id}`" if len(self) else ""
        raise KeyError(f"{self.name} has no task `{problem_id}` ({len(self):,} tasks{example})")

    def pick(self, u: float) -> Task:
        """The task at position ``u`` of the sampling distribution, ``0 <= u < 1``; uniform over rows by default.

        Raises:
            TaskError: the source is empty.
        """
        size = len(self)
        if not size:
            raise TaskError(f"{self.name} holds no tasks to sample from")
        return self[min(int(u * size), size - 1)]

    def sample(self, rng: np.random.Generator) -> Task:
        """A random task. Takes exactly one ``rng.random()``, whatever the source, so streams of draws stay aligned."""
        return self.pick(rng.random())

    def key_heads(self) -> NDArray[np.uint32]:
        """:func:`key_head` of every task, shape ``(len(self),)``. Reads and hashes all tasks."""
        return np.fromiter((key_head(task) for task in self), np.uint32, len(self))

    def part(self, split: str) -> TaskSource:
        """The ``train`` or ``test`` part, by :func:`split_of`. The two are disjoint and together complete.

        Raises:
            ValueError: ``split`` is neither.
            TaskError: a row is not a task (its key cannot be known).
        """
        check_split(split)
        in_test = self.key_heads() < _TEST_BELOW
        return Subset(self, np.flatnonzero(in_test == (split == "test")), name=f"{self.name}[{split}]")

    def validate(self) -> Iterator[TaskError]:
        """One error for every row that is not a task, in order; ``next(source.validate(), None)`` is the first."""
        for index in range(len(self)):
            try:
                _ = self[index].key
            except TaskError as error:
                yield error

    def _position(self, index: int) -> int:
        """``index`` as ``0 <= position < len(self)``, or IndexError."""
        size = len(self)
        if not -size <= index < size:
            raise IndexError(f"index {index} is outside {self.name}, which holds {size:,} tasks")
        return int(index) % size

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}: {len(self):,} tasks>"


class TaskList(TaskSource):
    """Tasks in memory. Of several tasks with one ``problem_id``, :meth:`get` returns the first."""

    def __init__(self, tasks: Iterable[Task], *, name: str = "tasks in memory") -> None:
        self.name = name
        self._tasks = tuple(tasks)
        self._rows: dict[str, list[int]] = {}
        for index, task in enumerate(self._tasks):
            self._rows.setdefault(task.problem_id, []).append(index)

    @classmethod
    def from_rows(
        cls, rows: Iterable[Mapping[str, Any] | Task], *, name: str = "rows in memory", choose: Choose | None = None
    ) -> TaskList:
        """Tasks from rows in any published format that a reader knows; the first row decides which.

        Raises:
            TaskError: a row is not a task; the message counts rows from 1.
        """
        from synthetic1.tasks.formats.readers import (  # readers make tasks, this file only holds them
            RowReader,
            reader_for,
        )

        reader: RowReader | None = None
        tasks = []
        for number, row in enumerate(rows, 1):
            if isinstance(row, Task):
                tasks.append(row)
                continue
            where = f"{name}, row {number}"
            if not isinstance(row, Mapping):
                raise TaskError(f"{where}: a row is a mapping of fields or a Task, got {type(row).__name__}")
            reader = reader or (choose or reader_for)(row, where)
            tasks.append(check_task(reader.read(row, where), where))
        return cls(tasks, name=name)

    def __len__(self) -> int:
        return len(self._tasks)

    def __getitem__(self, index: int) -> Task:
        return self._tasks[self._position(index)]

    def pick(self, u: float) -> Task:
        if not self._tasks:
            return super().pick(u)  # which says so
        return self._tasks[min(int(u * len(self._tasks)), len(self._tasks) - 1)]

    def rows_of(self, problem_id: str) -> Iterator[int]:
        return iter(self._rows.get(problem_id, ()))


class Subset(TaskSource):
    """Some rows of a source, in increasing order.

    Args:
        rows: indices into ``source``, strictly increasing, shape ``(n,)``; 4 bytes a row are kept.

    Raises:
        ValueError: ``rows`` are not increasing or leave the source.
    """

    def __init__(self, source: TaskSource, rows: NDArray[Any] | list[int], *, name: str | None = None) -> None:
        rows = np.asarray(rows)
        if rows.size and (rows[0] < 0 or rows[-1] >= len(source) or not (rows[1:] > rows[:-1]).all()):
            raise ValueError(f"rows of a subset must increase within 0 … {len(source) - 1}")
        self.name = name or f"{source.name}[{len(rows):,} rows]"
        self.source = source
        self._rows = rows.astype(np.uint32 if len(source) < 2**32 else np.uint64)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> Task:
        return self.source[int(self._rows[self._position(index)])]

    def rows_of(self, problem_id: str) -> Iterator[int]:
        for row in self.source.rows_of(problem_id):
            place = int(np.searchsorted(self._rows, self._rows.dtype.type(row)))
            if place < len(self._rows) and self._rows[place] == row:
                yield place

    def key_heads(self) -> NDArray[np.uint32]:
        heads: NDArray[np.uint32] = self.source.key_heads()[self._rows]
        return heads

    @property
    def rows(self) -> NDArray[Any]:
        """The indices into ``source``."""
        return self._rows

    def places_of(self, rows: NDArray[Any]) -> NDArray[Any]:
        """Where those of ``rows``, increasing indices into ``source``, stand in this subset that it has."""
        return np.flatnonzero(np.isin(self._rows, rows, assume_unique=True))


def check_split(split: str) -> None:
    """Raise ValueError unless ``split`` is one of :data:`SPLITS`."""
    if split not in SPLITS:
        raise ValueError(f"split must be `train` or `test`, got {split!r}")
