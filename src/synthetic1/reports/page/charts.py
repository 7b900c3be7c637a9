"""Charts as inline SVG: curves with bands, stacked areas, bars with intervals. Colours come from the page's CSS."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from synthetic1.reports.before_after import Comparison, Score
from synthetic1.reports.series import Curve

WIDTH, HEIGHT = 520, 210
LEFT, RIGHT, TOP, BOTTOM = 46, 12, 10, 24
INNER_WIDTH, INNER_HEIGHT = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM


@dataclass(frozen=True, slots=True)
class Line:
    """A drawn curve. ``color`` names a CSS class: ``blue``, ``orange``, ``gray`` …"""

    name: str
    curve: Curve
    color: str
    raw: Curve | None = None
    """The unsmoothed points, drawn faintly behind."""


@dataclass(frozen=True, slots=True)
class Band:
    """The area between two quantities, e.g. p10 and p90; steps that lack one of them are skipped."""

    low: Curve
    high: Curve
    color: str


@dataclass(frozen=True, slots=True)
class Marks:
    """Single measurements with intervals, e.g. held-out evaluations: (step, score)."""

    name: str
    points: Sequence[tuple[float, Score]]
    color: str


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps data to pixels, linearly."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def line_chart(
    lines: Sequence[Line],
    *,
    bands: Sequence[Band] = (),
    marks: Sequence[Marks] = (),
    bounds: tuple[float | None, float | None] = (None, None),
    percent: bool = False,
) -> str:
    """Curves over training steps; empty without a single point.

    Args:
        bounds: where the value axis starts and ends; None fits the data.
        percent: label the value axis in percent; the data are shares.
    """
    curves = [line.raw or line.curve for line in lines] + [c for band in bands for c in (band.low, band.high)]
    scores = [(step, score) for mark in marks for step, score in mark.points]
    steps = [step for c in curves for step in c.steps] + [step for step, _ in scores]
    values = [value for c in curves for value in c.values]
    values += [v for _, s in scores for v in (s.value, s.low, s.high) if v is not None]
    if not steps:
        return ""
    x, (y, ticks) = _step_scale(steps), _value_scale(values, bounds)
    parts = [_axes(x, y, ticks, percent)]
    parts += [_area(band, x, y) for band in bands]
    for line in lines:
        if line.raw is not None and line.raw != line.curve:
            parts.append(_path(line.raw, x, y, f"raw {line.color}"))
        parts.append(_path(line.curve, x, y, f"line {line.color}"))
    for mark in marks:
        parts += [
            _whisker(x(step), score, y, mark.color) + _dot(x(step), y(score.value), mark.color)
            for step, score in mark.points
        ]
    hover = [(line.name, line.color, line.curve) for line in lines]
    hover += [
        (m.name, m.color, Curve(tuple(s for s, _ in m.points), tuple(v.value for _, v in m.points))) for m in marks
    ]
    return _svg("".join(parts), hover, x, percent)


def stacked_chart(layers: Sequence[Line]) -> str:
    """Quantities that add up, e.g. seconds a phase, as areas on top of each other; all on the same steps."""
    layers = [layer for layer in layers if len(layer.curve)]
    if not layers:
        return ""
    steps = layers[0].curve.steps
    totals = [math.fsum(values) for values in zip(*(layer.curve.values for layer in layers), strict=True)]
    x, (y, ticks) = _step_scale(steps), _value_scale([0.0, *totals], (0.0, None))
    parts, floor = [_axes(x, y, ticks, False)], [0.0] * len(steps)
    for layer in layers:
        top = [a + b for a, b in zip(floor, layer.curve.values, strict=True)]
        parts.append(_bars(steps, floor, top, x, y, layer.color) if len(steps) == 1 else "")
        parts.append(_area(Band(Curve(steps, tuple(floor)), Curve(steps, tuple(top)), f"solid {layer.color}"), x, y))
        floor = top
    return _svg("".join(parts), [(layer.name, layer.color, layer.curve) for layer in layers], x, False)


def bar_chart(rows: Sequence[Comparison]) -> str:
    """Before and after side by side, one pair a row, with 95 % intervals, on an axis from 0 to 1."""
    if not rows:
        return ""
    y, ticks = Scale(0.0, 1.0, TOP + INNER_HEIGHT, TOP), [0.0, 0.25, 0.5, 0.75, 1.0]
    slot = INNER_WIDTH / len(rows)
    width = min(slot * 0.34, 38.0)
    parts = [_grid(y, ticks, percent=False)]
    for i, row in enumerate(rows):
        middle = LEFT + slot * (i + 0.5)
        for score, color, left in ((row.before, "gray", middle - width - 1), (row.after, "blue", middle + 1)):
            if score is not None:
                top = y(score.value)
                name = "before" if color == "gray" else "after"
                parts.append(
                    f'<g><title>{escape(row.label)}, {name}: {score}</title><rect class="bar {color}" x="{left:.1f}"'
                    f' y="{top:.1f}" width="{width:.1f}" height="{max(TOP + INNER_HEIGHT - top, 0.5):.1f}" rx="2"/>'
                    f"{_whisker(left + width / 2, score, y, 'ink')}</g>"
                )
        parts.append(_text(middle, HEIGHT - 8, row.label, "middle"))
    return _svg("".join(parts))


def interval_chart(rows: Sequence[tuple[str, Score, str]]) -> str:
    """Scores with intervals on one horizontal axis from 0 to 1: (label, score, color) from top to bottom."""
    height, x = 26 * len(rows) + 22, Scale(0.0, 1.0, 56, WIDTH - 14)
    bottom = height - 20
    parts = [
        f'<line class="grid" x1="{x(t):.1f}" y1="4" x2="{x(t):.1f}" y2="{bottom}"/>'
        + _text(x(t), height - 5, f"{t:g}", "middle")
        for t in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    for i, (label, score, color) in enumerate(rows):
        y = 18 + 26 * i
        parts.append(_text(48, y + 4, label, "end"))
        if score.low is not None and score.high is not None:
            parts.append(
                f'<line class="wide {color}" x1="{x(score.low):.1f}" y1="{y}" x2="{x(score.high):.1f}" y2="{y}"/>'
            )
        parts.append(f'<circle class="dot {color}" cx="{x(score.value):.1f}" cy="{y}" r="6"/>')
    return f'<svg viewBox="0 0 {WIDTH} {height}">{"".join(parts)}</svg>'


def _svg(body: str, hover: Sequence[tuple[str, str, Curve]] = (), x: Scale | None = None, percent: bool = False) -> str:
    data = ""
    if x is not None:
        series = [{"n": n, "c": c, "x": _rounded(v.steps), "y": _rounded(v.values)} for n, c, v in hover if len(v)]
        about = {"x": [x.low, x.high, x.start, x.end], "y": [TOP, TOP + INNER_HEIGHT], "percent": percent, "s": series}
        data = f' data-hover="{escape(json.dumps(about, separators=(",", ":")))}"'
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}"{data}>{body}</svg>'


def _step_scale(steps: Sequence[float]) -> Scale:
    low, high = min(steps), max(steps)
    if not high - low > 1e-9 * max(abs(low), abs(high)):  # one step
        room = max(1.0, 1e-9 * abs(high))
        low, high = low - room, high + room
    return Scale(low, high, LEFT, LEFT + INNER_WIDTH)


def _value_scale(values: Sequence[float], bounds: tuple[float | None, float | None]) -> tuple[Scale, list[float]]:
    """A scale that starts and ends at ticks (or at the given bounds), and the ticks."""
    low = min(values) if bounds[0] is None else bounds[0]
    high = max(values) if bounds[1] is None else bounds[1]
    if not high - low > 1e-9 * max(abs(low), abs(high)):  # one value, or bounds that leave no room
        low, high = (
            (low, low + 1.0) if bounds[0] is not None else (low - 0.5 * abs(low) - 0.5, high + 0.5 * abs(high) + 0.5)
        )
    width = _tick_width(high - low, 4)
    first = math.floor(low / width + 1e-9) if bounds[0] is None else math.ceil(low / width - 1e-9)
    last = math.ceil(high / width - 1e-9) if bounds[1] is None else math.floor(high / width + 1e-9)
    ticks = [i * width for i in range(first, last + 1)]
    scale_low = ticks[0] if bounds[0] is None else low
    scale_high = ticks[-1] if bounds[1] is None else high
    return Scale(scale_low, scale_high, TOP + INNER_HEIGHT, TOP), ticks


def _tick_width(span: float, count: int) -> float:
    power = 10.0 ** math.floor(math.log10(span / count))
    return next(power * m for m in (1, 2, 2.5, 5, 10) if power * m * count >= span * 0.999)


def _axes(x: Scale, y: Scale, ticks: Sequence[float], percent: bool) -> str:
    width = max(_tick_width(x.high - x.low, 6), 1.0)
    first = math.ceil(x.low / width - 1e-9)
    steps = [i * width for i in range(first, math.floor(x.high / width + 1e-9) + 1)]
    labels = "".join(_text(x(step), HEIGHT - 8, f"{step:,.0f}", "middle") for step in steps)
    return _grid(y, ticks, percent) + labels


def _grid(y: Scale, ticks: Sequence[float], percent: bool) -> str:
    parts = []
    for tick, label in zip(ticks, _tick_labels(ticks, percent), strict=True):
        parts.append(f'<line class="grid" x1="{LEFT}" y1="{y(tick):.1f}" x2="{WIDTH - RIGHT}" y2="{y(tick):.1f}"/>')
        parts.append(_text(LEFT - 6, y(tick) + 4, label, "end"))
    return "".join(parts)


def _tick_labels(ticks: Sequence[float], percent: bool) -> list[str]:
    """The fewest decimals that still tell every tick exactly; beyond four, and for the huge, powers of ten."""
    values = [100 * tick for tick in ticks] if percent else list(ticks)
    largest, unit = max(map(abs, values), default=0.0), "%" if percent else ""
    for digits in range(5):
        if largest < 1e6 and all(abs(round(v, digits) - v) <= 1e-9 * largest for v in values):
            return [f"{v:,.{digits}f}{unit}" for v in values]
    return [f"{v:.3g}{unit}" for v in values]


def _path(points: Curve, x: Scale, y: Scale, classes: str) -> str:
    if len(points) == 1:
        return _dot(x(points.steps[0]), y(points.values[0]), classes)
    if not len(points):
        return ""
    return f'<polyline class="{classes}" points="{_pixels(points, x, y)}"/>'


def _area(band: Band, x: Scale, y: Scale) -> str:
    low, high = (
        dict(zip(band.low.steps, band.low.values, strict=True)),
        dict(zip(band.high.steps, band.high.values, strict=True)),
    )
    shared = tuple(step for step in band.low.steps if step in high)
    if len(shared) < 2:
        return ""
    upper, lower = (
        Curve(shared, tuple(high[s] for s in shared)),
        Curve(shared[::-1], tuple(low[s] for s in shared[::-1])),
    )
    return f'<polygon class="area {band.color}" points="{_pixels(upper, x, y)} {_pixels(lower, x, y)}"/>'


def _bars(steps: Sequence[float], low: Sequence[float], high: Sequence[float], x: Scale, y: Scale, color: str) -> str:
    return "".join(
        f'<rect class="bar {color}" x="{x(s) - 20:.1f}" y="{y(b):.1f}" width="40" height="{y(a) - y(b):.1f}"/>'
        for s, a, b in zip(steps, low, high, strict=True)
    )


def _whisker(x: float, score: Score, y: Scale, color: str) -> str:
    if score.low is None or score.high is None:
        return ""
    low, high = y(score.low), y(score.high)
    stroke = f"M{x:.1f} {low:.1f}V{high:.1f}M{x - 4:.1f} {low:.1f}h8M{x - 4:.1f} {high:.1f}h8"
    return f'<path class="whisker {color}" d="{stroke}"/>'


def _dot(x: float, y: float, color: str) -> str:
    return f'<circle class="dot {color}" cx="{x:.1f}" cy="{y:.1f}" r="4"/>'


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _pixels(points: Curve, x: Scale, y: Scale) -> str:
    return " ".join(f"{x(s):.1f},{y(v):.1f}" for s, v in zip(points.steps, points.values, strict=True))


def _rounded(values: Sequence[float]) -> list[float]:
    return [float(f"{value:.5g}") for value in values]
