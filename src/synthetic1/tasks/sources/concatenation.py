"""Sources end to end."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from synthetic1.task import Task, TaskError
from synthetic1.tasks.sources.source import TaskSource, check_split


class Concatenation(TaskSource):
    """Sources end to end: every row is equally likely, whichever source holds it.

    Of tasks that share a ``problem_id``, :meth:`get` returns the one of the earliest source.
    """

    def __init__(self, sources: Sequence[TaskSource], *, name: str | None = None) -> None:
        self.sources = tuple(sources)
        self.name = name or " + ".join(source.name for source in self.sources)
        self._starts = [0, *accumulate(len(source) for source in self.sources)]

    def __len__(self) -> int:
        return self._starts[-1]

    def __getitem__(self, index: int) -> Task:
        index = self._position(index)
        part = bisect_right(self._starts, index) - 1
        return self.sources[part][index - self._starts[part]]

    def __iter__(self) -> Iterator[Task]:
        return (task for source in self.sources for task in source)

    def rows_of(self, problem_id: str) -> Iterator[int]:
        for start, source in zip(self._starts, self.sources, strict=False):
            yield from (start + row for row in source.rows_of(problem_id))

    def key_heads(self) -> NDArray[np.uint32]:
        parts = [source.key_heads() for source in self.sources]
        return np.concatenate(parts) if parts else np.empty(0, np.uint32)

    def part(self, split: str) -> TaskSource:
        check_split(split)
        return Concatenation([source.part(split) for source in self.sources], name=f"{self.name}[{split}]")

    def validate(self) -> Iterator[TaskError]:
        for source in self.sources:
            yield from source.validate()
