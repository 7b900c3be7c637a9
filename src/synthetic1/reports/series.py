"""Curves out of metrics rows: finite points only, thinned so that 20,000 steps still draw quickly."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MAX_POINTS = 400  # about what a chart has pixels for
LARGEST = 1e100  # beyond it, and below its inverse, sums and ratios leave the range of floats; no measure does


@dataclass(frozen=True, slots=True)
class Curve:
    """Points of one quantity over training steps, in step order."""

    steps: tuple[float, ...]
    values: tuple[float, ...]

    def __len__(self) -> int:
        return len(self.steps)


def number(row: Mapping[str, Any], *path: str) -> float | None:
    """The finite number at ``path``, e.g. ``number(row, "seconds", "train")``; else None."""
    value: Any = row
    for part in path:
        if type(value) is not dict and not isinstance(
            value, Mapping
        ):  # the first of both is quick, and nearly always so
            return None
        value = value.get(part)
    if type(value) is not float and (isinstance(value, bool) or not isinstance(value, (int, float))):
        return None
    if not abs(value) <= LARGEST:  # also NaN
        return None
    return float(value) if abs(value) >= 1 / LARGEST else 0.0


def curve(rows: Iterable[Mapping[str, Any]], *path: str, default: float | None = None) -> Curve:
    """The quantity at ``path``; ``default`` where a row lacks it. A step written twice counts as last written."""
    points: dict[float, float] = {}
    for row in rows:
        value = number(row, *path)
        value = default if value is None else value
        if value is not None and (step := number(row, "step")) is not None:
            points[step] = value
    ordered = sorted(points.items())
    return Curve(tuple(step for step, _ in ordered), tuple(value for _, value in ordered))


def thinned(points: Curve, limit: int = MAX_POINTS) -> Curve:
    """At most ``limit`` points: means over runs of neighbours, of both step and value."""
    n = len(points)
    if n <= limit:
        return points
    edges = [i * n // limit for i in range(limit + 1)]
    return Curve(_bucket_means(points.steps, edges), _bucket_means(points.values, edges))


def smoothed(points: Curve) -> Curve:
    """A moving mean over a twentieth of the curve, centred but for its ends; under 20 points it stays as it is."""
    if len(points) < 20:
        return points
    reach = max(len(points) // 40, 1)
    sums = [0.0]
    for value in points.values:
        sums.append(sums[-1] + value)
    means = []
    for i in range(len(points)):
        start, end = max(i - reach, 0), min(i + reach + 1, len(points))
        means.append((sums[end] - sums[start]) / (end - start))
    return Curve(points.steps, tuple(means))


def _bucket_means(values: Sequence[float], edges: Sequence[int]) -> tuple[float, ...]:
    pairs = itertools.pairwise(edges)
    return tuple(math.fsum(values[start:end]) / (end - start) for start, end in pairs)
