"""Sources drawn from by weight."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate

from synthetic1.task import Task, TaskError
from synthetic1.tasks.formats.readers import Choose, reader_for
from synthetic1.tasks.sources.concatenation import Concatenation
from synthetic1.tasks.sources.files import open_source
from synthetic1.tasks.sources.source import TaskSource, check_split


class Mixture(Concatenation):
    """Sources drawn from by weight: :meth:`sample` first chooses a source, then a row of it.

    Indices, ids and iteration see the sources end to end, once each: weights say how often a task is drawn, not
    how many there are.

    Args:
        weights: positive numbers by source, or by the spec of one (see ``open_tasks``); only their ratios matter.

    Raises:
        TaskError: a weight that is not a positive number, no source at all, or a source without tasks.
    """

    def __init__(
        self,
        weights: Mapping[str | TaskSource, float],
        *,
        name: str | None = None,
        choose: Choose = reader_for,
        lenient: bool = False,
    ) -> None:
        if not weights:
            raise TaskError("a mixture needs at least one source, as {source: weight}")
        for source, weight in weights.items():
            if not _is_positive_number(weight):
                label = source.name if isinstance(source, TaskSource) else source
                raise TaskError(f"the weight of `{label}` must be a positive number, got {weight!r}")
        sources = [open_source(source, choose, lenient=lenient) for source in weights]
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

    def with_sources(self, sources: Sequence[TaskSource], *, name: str) -> TaskSource:
        return Mixture(dict(zip(sources, self.weights, strict=True)), name=name)


def _mixture_name(sources: Sequence[TaskSource], weights: Sequence[float]) -> str:
    return " + ".join(f"{weight:g} * {source.name}" for source, weight in zip(sources, weights, strict=True))


def _is_positive_number(value: object) -> bool:  # configs hold anything
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value > 0
