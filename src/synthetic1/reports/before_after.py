"""The before/after comparison of ``result.json``, row by row: what the terminal and the report both show."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from synthetic1.reports.series import number


@dataclass(frozen=True, slots=True)
class Score:
    """A pass@1 with its interval, each absent if the result has none."""

    value: float
    low: float | None = None
    high: float | None = None
    n: int | None = None

    def bounds(self, spec: str = ".3f") -> str:
        """`` [0.319, 0.404]`` with a space before it; empty without an interval."""
        if self.low is None or self.high is None:
            return ""
        return f" [{format(self.low, spec)}, {format(self.high, spec)}]"

    def __str__(self) -> str:
        return f"{self.value:.3f}{self.bounds()}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One measure on held-out tasks, before and after training."""

    label: str
    before: Score | None
    after: Score | None

    @property
    def change(self) -> float | None:
        return None if self.before is None or self.after is None else self.after.value - self.before.value


def overall(result: Mapping[str, Any]) -> Comparison:
    """Sampled pass@1 over all held-out tasks."""
    return _compare("pass@1, sampled", mapping(result.get("before")), mapping(result.get("after")))


def greedy(result: Mapping[str, Any]) -> Comparison:
    """Greedy pass@1 over all held-out tasks."""
    before, after = (number(mapping(result.get(when)), "greedy_pass_at_1") for when in ("before", "after"))
    return Comparison("pass@1, greedy", _score_or_none(before), _score_or_none(after))


def by_level(result: Mapping[str, Any]) -> list[Comparison]:
    """One comparison a level, in rising order, labelled with the level."""
    before, after = (mapping(mapping(result.get(when)).get("by_level")) for when in ("before", "after"))
    levels = sorted({*before, *after}, key=level_order)
    return [_compare(str(level), mapping(before.get(level)), mapping(after.get(level))) for level in levels]


def by_thinking(result: Mapping[str, Any]) -> list[Comparison]:
    """Completions that think, and those that answer at once; the labels hold their shares."""
    before, after = (mapping(mapping(result.get(when)).get("by_thinking")) for when in ("before", "after"))
    rows = []
    for key, label in (("thinking", "thinking"), ("not_thinking", "not thinking")):
        if key in before or key in after:
            shares = [number(mapping(side.get(key)), "share") for side in (before, after)]
            shown = " → ".join("-" if share is None else f"{share:.0%}" for share in shares)
            rows.append(_compare(f"{label}, {shown}", mapping(before.get(key)), mapping(after.get(key))))
    return rows


def score(part: Mapping[str, Any]) -> Score | None:
    """The pass@1 of one evaluation, or of a part of one; None if it has no number."""
    value, n = number(part, "pass_at_1"), part.get("n")
    if value is None:
        return None
    bounds = part.get("ci95")
    ends = dict(enumerate(bounds)) if isinstance(bounds, (list, tuple)) else {}
    low, high = (number({"end": ends.get(i)}, "end") for i in (0, 1))
    return Score(value, low, high, n if isinstance(n, int) else None)


def difference_text(result: Mapping[str, Any]) -> str:
    """``difference +0.449 [+0.401, +0.495], p < 0.0001``, as far as the result tells; else empty."""
    difference = score({"pass_at_1": result.get("difference"), "ci95": result.get("difference_ci95")})
    change, p_value = difference.value if difference else overall(result).change, number(result, "p_value")
    if change is None:
        return ""
    bounds = difference.bounds("+.3f") if difference else ""
    significance = "" if p_value is None else ", p < 0.0001" if p_value < 0.0001 else f", p = {p_value:.2g}"
    return f"difference {change:+.3f}{bounds}{significance}"


def mapping(value: Any) -> Mapping[str, Any]:
    """``value`` if it is a mapping, else an empty one: every part of a result may be absent."""
    return value if isinstance(value, Mapping) else {}


def level_order(level: str) -> tuple[float, str]:
    """Sorts "2" before "10", and names after numbers."""
    try:
        return float(level), level
    except ValueError:
        return math.inf, level


def _compare(label: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Comparison:
    return Comparison(label, score(before), score(after))


def _score_or_none(value: float | None) -> Score | None:
    return None if value is None else Score(value)
