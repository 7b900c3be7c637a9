"""Which charts a report has, and what each of them shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from synthetic1.reports import before_after
from synthetic1.reports.before_after import mapping
from synthetic1.reports.charts import Band, Line, Marks, bar_chart, line_chart, stacked_chart
from synthetic1.reports.series import Curve, curve, number, smoothed, thinned

Rows = Sequence[Mapping[str, Any]]
SHARE = (0.0, 1.0)
PHASES = (("generate", "blue"), ("score", "orange"), ("train", "green"), ("sync", "purple"), ("other", "gray"))
LEVEL_COLORS = ("blue", "orange", "green", "purple", "pink", "gray")


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart with its caption; ``legend`` holds (name, color) pairs."""

    title: str
    about: str
    svg: str
    legend: tuple[tuple[str, str], ...] = ()


def figures(rows: Rows, result: Mapping[str, Any]) -> list[tuple[str, list[Figure]]]:
    """All charts that the data allow, as (section title, figures); a chart without data is left out."""
    sections = [
        (
            "Progress",
            [_reward(rows), _pass_at_1(rows), _by_level(result), _by_thinking(result), _levels_in_training(rows)],
        ),
        (
            "Completions",
            [
                _length(rows),
                _shares(
                    rows,
                    "Thinking",
                    "Share of completions that think before they answer.",
                    (("think", "think_share", "blue"),),
                ),
                _shares(
                    rows,
                    "Cut off",
                    "Share of completions that reached the length limit.",
                    (("cut off", "clip_share", "orange"),),
                    fit=True,
                ),
            ],
        ),
        (
            "Stability",
            [
                _quantity(rows, "Entropy", "Mean entropy of the sampled tokens, in nats.", "entropy", "green"),
                _shares(
                    rows,
                    "Groups without a signal",
                    "Share of groups whose completions all scored alike, and of completions that could not be scored.",
                    (("zero-std", "zero_std_share", "blue"), ("unscorable", "unscorable_share", "pink")),
                ),
                _quantity(
                    rows,
                    "Log-probability difference",
                    "Sampler against trainer; a drift means stale weights.",
                    "logp_difference",
                    "pink",
                ),
                _quantity(rows, "KL to the reference model", "Per token, in nats.", "kl", "purple"),
                _quantity(rows, "Gradient norm", "Before clipping.", "grad_norm", "gray"),
                _quantity(
                    rows,
                    "Loss",
                    "GRPO's loss hovers around 0 by design; read the reward instead.",
                    "loss",
                    "gray",
                    floor=None,
                ),
                _quantity(rows, "Learning rate", "As scheduled.", "learning_rate", "gray"),
            ],
        ),
        (
            "Performance",
            [_phases(rows), _quantity(rows, "Speed", "Tokens a second, over the whole step.", "tokens_per_s", "blue")],
        ),
    ]
    return [(title, shown) for title, drawn in sections if (shown := [figure for figure in drawn if figure.svg])]


def _line(rows: Rows, name: str, key: str, color: str) -> Line:
    raw = thinned(curve(rows, key))
    return Line(name, smoothed(raw), color, raw)


def _reward(rows: Rows) -> Figure:
    line = _line(rows, "reward", "reward", "blue")
    svg = line_chart([line] if len(line.curve) else [], bounds=_unit(line.raw))
    return Figure("Reward", "Mean over the completions of a step; faint: as measured, bold: smoothed.", svg)


def _pass_at_1(rows: Rows) -> Figure:
    line = _line(rows, "train", "pass_at_1", "blue")
    held_out = [
        (step, score)
        for row in rows
        if (step := number(row, "step")) is not None and (score := before_after.score(mapping(row.get("eval"))))
    ]
    marks = [Marks("held-out", held_out, "orange")] if held_out else []
    legend = (("training tasks", "blue"), ("held-out tasks, 95 % interval", "orange"))
    svg = line_chart([line] if len(line.curve) else [], marks=marks, bounds=SHARE)
    return Figure("pass@1", "Share of scorable completions with score 1.", svg, legend if marks else ())


def _by_level(result: Mapping[str, Any]) -> Figure:
    about = "Held-out tasks, with 95 % intervals."
    return Figure(
        "pass@1 by level", about, bar_chart(before_after.by_level(result)), (("before", "gray"), ("after", "blue"))
    )


def _by_thinking(result: Mapping[str, Any]) -> Figure:
    about = "Held-out tasks, with 95 % intervals; beside each label its share of completions, before → after."
    legend = (("before", "gray"), ("after", "blue"))
    return Figure("pass@1 with and without a thought", about, bar_chart(before_after.by_thinking(result)), legend)


def _levels_in_training(rows: Rows) -> Figure:
    names = sorted({level for row in rows for level in mapping(row.get("by_level"))}, key=before_after.level_order)
    picked = names if len(names) <= len(LEVEL_COLORS) else [names[i * (len(names) - 1) // 5] for i in range(6)]
    # Level names may hold dots, so the levels are not read through a dotted key.
    lines = []
    for name, color in zip(picked, LEVEL_COLORS, strict=False):
        flat = [
            {"step": row.get("step"), "value": mapping(mapping(row.get("by_level")).get(name)).get("pass_at_1")}
            for row in rows
        ]
        line = _line(flat, f"level {name}", "value", color)
        lines += [Line(line.name, line.curve, color)] if len(line.curve) else []
    legend = tuple((line.name, line.color) for line in lines)
    return Figure("pass@1 by level, in training", "Training tasks, smoothed.", line_chart(lines, bounds=SHARE), legend)


def _length(rows: Rows) -> Figure:
    low, high = (smoothed(thinned(curve(rows, key))) for key in ("length_p10", "length_p90"))
    line = _line(rows, "mean", "length_mean", "blue")
    bands = [Band(low, high, "blue")] if len(low) and len(high) else []
    svg = line_chart([Line("mean", line.curve, "blue")] if len(line.curve) else [], bands=bands, bounds=(0.0, None))
    return Figure("Completion length", "Tokens: mean, and the range from p10 to p90.", svg)


def _shares(rows: Rows, title: str, about: str, parts: Sequence[tuple[str, str, str]], *, fit: bool = False) -> Figure:
    lines = [line for name, key, color in parts if len((line := _line(rows, name, key, color)).curve)]
    legend = tuple((line.name, line.color) for line in lines) if len(parts) > 1 else ()
    return Figure(title, about, line_chart(lines, bounds=(0.0, None) if fit else SHARE, percent=True), legend)


def _quantity(rows: Rows, title: str, about: str, key: str, color: str, *, floor: float | None = 0.0) -> Figure:
    line = _line(rows, title.lower(), key, color)
    if not len(line.curve):
        return Figure(title, about, "")
    lowest = min((line.raw or line.curve).values)
    return Figure(title, about, line_chart([line], bounds=(None if lowest < 0 else floor, None)))


def _phases(rows: Rows) -> Figure:
    timed = [row for row in rows if any(number(row, f"seconds.{name}") is not None for name, _ in PHASES)]
    layers = []
    for name, color in PHASES:  # a phase that a step lacks took no time: all layers share their steps
        flat = [{"step": row.get("step"), "value": number(row, f"seconds.{name}") or 0.0} for row in timed]
        points = thinned(curve(flat, "value"))
        if any(points.values):
            layers.append(Line(name, Curve(points.steps, tuple(max(v, 0.0) for v in points.values)), color))
    legend = tuple((layer.name, layer.color) for layer in layers)
    return Figure("Where the time goes", "Seconds a step, by phase.", stacked_chart(layers), legend)


def _unit(points: Curve | None) -> tuple[float | None, float | None]:
    """0 to 1 for what lies there, else as the data are: rewards may leave [0, 1] with penalties."""
    inside = points is not None and all(0.0 <= value <= 1.0 for value in points.values)
    return SHARE if inside else (None, None)
