"""Several sources as one: end to end, or drawn from by weight."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
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


class Mixture(Concatenation):
    """Sources drawn from by weight: :meth:`sample` first chooses a source, then a row of it.

    Indices, ids and iteration see the sources end to end, once each: weights say how often a task is drawn, not
    how many there are.

    Args:
        weights: positive numbers by source, or by the spec of one (see ``open_tasks``); only their ratios matter.

    Raises:
        TaskError: a weight that is no positive number, no source at all, or a source without tasks.
    """

    def __init__(self, weights: Mapping[str | TaskSource, float], *, name: str | None = None) -> None:
        from synthetic1.tasks.sources.files import open_tasks  # files opens mixtures too

        if not weights:
            raise TaskError("a mixture needs at least one source, as {source: weight}")
        for source, weight in weights.items():
            if not _is_positive_number(weight):
                label = source.name if isinstance(source, TaskSource) else source
                raise TaskError(f"the weight of `{label}` must be a positive number, got {weight!r}")
        sources = [source if isinstance(source, TaskSource) else open_tasks(source) for source in weights]
        for source in sources:
            if not len(source):
                raise TaskError(f"{source.name} holds no tasks: a mixture cannot draw from it")
        super().__init__(sources, name=name or _mixture_name(sources, list(weights.values())))
        total = math.fsum(weights.values())
        self.weights = tuple(weight / total for weight in weights.values())
        """The share of draws of each source, in the order given; they sum to 1."""
        self._ends = [*list(accumulate(self.weights))[:-1], 1.0]

    def pick(self, u: float) -> Task:
        """One number chooses both: the interval of the source it falls in, and the place within that interval."""
        part = bisect_right(self._ends, u)
        start = self._ends[part - 1] if part else 0.0
        within = (u - start) / (self._ends[part] - start)
        return self.sources[part].pick(min(within, math.nextafter(1.0, 0.0)))

    def part(self, split: str) -> TaskSource:
        """The mixture of the sources' parts, with the same weights."""
        check_split(split)
        parts: dict[str | TaskSource, float] = {}
        for source, weight in zip(self.sources, self.weights, strict=True):
            parts[source.part(split)] = weight
        return Mixture(parts, name=f"{self.name}[{split}]")


def _mixture_name(sources: Sequence[TaskSource], weights: Sequence[float]) -> str:
    return " + ".join(f"{weight:g} * {source.name}" for source, weight in zip(sources, weights, strict=True))


def _is_positive_number(value: object) -> bool:  # configs hold anything
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value > 0
