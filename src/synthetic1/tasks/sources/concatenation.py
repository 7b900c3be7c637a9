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

    def with_sources(self, sources: Sequence[TaskSource], *, name: str) -> TaskSource:
        """The same with other sources, one in the place of each."""
        return Concatenation(sources, name=name)

    def validate(self) -> Iterator[TaskError]:
        for source in self.sources:
            yield from source.validate()


class SplitFolder(Concatenation):
    """A folder whose files say which split they are: train and test are what it calls so, and not cut by ``task.key``.

    Args:
        splits: of each source, ``train``, ``test`` or, of what is neither, None; in the order of the sources.
    """

    def __init__(self, sources: Sequence[TaskSource], splits: Sequence[str | None], *, name: str) -> None:
        super().__init__(sources, name=name)
        self.splits = tuple(splits)

    def part(self, split: str) -> TaskSource:
        """The files of this split."""
        check_split(split)
        parts = [part for part, its in zip(self.sources, self.splits, strict=True) if its == split]
        return PartOfFolder(parts, self, name=f"{self.name}[{split}]")

    def with_sources(self, sources: Sequence[TaskSource], *, name: str) -> TaskSource:
        return SplitFolder(sources, self.splits, name=name)


class PartOfFolder(Concatenation):
    """The files of one split of a folder; ``behind`` is all of it, whose bad rows are told with either part."""

    def __init__(self, sources: Sequence[TaskSource], whole: SplitFolder, *, name: str) -> None:
        super().__init__(sources, name=name)
        self.behind = whole.sources
