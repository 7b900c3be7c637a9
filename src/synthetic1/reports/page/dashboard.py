"""Which charts a report has, and what each of them shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from synthetic1.reports import before_after
from synthetic1.reports.before_after import mapping
from synthetic1.reports.page.charts import Band, Line, Marks, bar_chart, line_chart, stacked_chart
from synthetic1.reports.series import Curve, curve, number, smoothed, thinned

Rows = Sequence[Mapping[str, Any]]
SHARE = (0.0, 1.0)
BEFORE_AFTER = (("before", "gray"), ("after", "blue"))
PHASES = (("generate", "blue"), ("score", "orange"), ("train", "green"), ("sync", "purple"), ("other", "gray"))
MOST_BARS = 24
COLORS = ("blue", "orange", "green", "purple", "pink", "gray")
REASON_COLORS = {"correct": "green", "partial": "blue", "wrong_answer": "orange", "no_answer": "gray"}
DROPPED = (("dropped_share", "dropped", "orange"), ("missing_share", "missing in the batch", "pink"))
EXPECTED = (("estimated_pass_rate", "estimated", "blue"), ("pass_at_1", "measured", "green"))
CLIPPED = (
    ("all", "either", "blue"),
    ("low", "below", "orange"),
    ("high", "above", "green"),
    ("capped", "capped", "blue"),
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart with its caption; ``legend`` holds (name, color) pairs."""

    title: str
    about: str
    svg: str
    legend: tuple[tuple[str, str], ...] = ()


def figures(rows: Rows, result: Mapping[str, Any]) -> list[tuple[str, list[Figure]]]:
    """All charts that the data allow, as (section title, figures); a chart without data is left out."""
    sections = {
        "Progress": [
            _reward(rows),
            _pass_at_1(rows),
            *([] if _rewarded(rows) else [_loss(rows)]),
            _token_accuracy(rows),
            _by_level(result),
            _by_thinking(result),
            _levels_in_training(rows),
            *_by_environment(rows),
            _components(rows),
            _thinking(rows),
        ],
        "Parts": _measured(result),
        "Completions": [_length(rows), _length_by_verdict(rows), _cut_off(rows), _reasons(rows)],
        "Tasks": [
            _quantity(rows, "unlocked_level", "Highest level", "Of the tasks that may be drawn.", "blue"),
            _shares(rows, "Dropped", "Share of completions that were generated and taught nothing.", DROPPED),
            _shares(rows, "Expected pass rate", "Of the tasks drawn, as estimated before.", EXPECTED),
            _generated(rows),
        ],
        "Stability": [
            _quantity(rows, "entropy", "Entropy", "Mean over the sampled tokens, in nats.", "green"),
            _no_signal(rows),
            _quantity(rows, "logp_difference", "Log-probability difference", "Sampler against trainer.", "pink"),
            _quantity(rows, "kl", "KL to the reference model", "Per token, in nats.", "purple"),
            _clipped(rows),
            _quantity(rows, "grad_norm", "Gradient norm", "Before clipping.", "gray"),
            *([_loss(rows)] if _rewarded(rows) else []),
            _quantity(rows, "learning_rate", "Learning rate", "As scheduled.", "gray"),
        ],
        "Performance": [
            _phases(rows),
            _quantity(rows, "tokens_per_s", "Speed", "Tokens a second, over the whole step.", "blue"),
            _memory(rows),
        ],
    }
    drawn = {title: [figure for figure in candidates if figure.svg] for title, candidates in sections.items()}
    return [(title, charts) for title, charts in drawn.items() if charts]


def _line(rows: Rows, name: str, color: str, *path: str) -> Line:
    raw = thinned(curve(rows, *path))
    return Line(name, smoothed(raw), color, raw)


def _present(lines: Sequence[Line]) -> list[Line]:
    return [line for line in lines if len(line.curve)]


def _reward(rows: Rows) -> Figure:
    line = _line(rows, "reward", "blue", "reward")
    svg = line_chart(_present([line]), bounds=_unit(line.raw))
    return Figure("Reward", "Mean over the completions of a step; faint: as measured, bold: smoothed.", svg)


def _pass_at_1(rows: Rows) -> Figure:
    line = _line(rows, "train", "blue", "pass_at_1")
    held_out = [
        (step, score)
        for row in rows
        if (step := number(row, "step")) is not None and (score := before_after.score(mapping(row.get("eval"))))
    ]
    marks = [Marks("held-out", held_out, "orange")] if held_out else []
    legend = (("training tasks", "blue"), ("held-out tasks, 95 % interval", "orange"))
    svg = line_chart(_present([line]), marks=marks, bounds=SHARE)
    return Figure("pass@1", "Share of scorable completions with score 1.", svg, legend if marks else ())


def _by_level(result: Mapping[str, Any]) -> Figure:
    rows = before_after.by_level(result)
    if len(rows) <= 6:  # room for the word
        rows = [replace(row, label=f"level {row.label}") for row in rows]
    return Figure("pass@1 by level", "Held-out tasks, with 95 % intervals.", bar_chart(rows), BEFORE_AFTER)


def _by_thinking(result: Mapping[str, Any]) -> Figure:
    about = "Held-out tasks; in the labels the share of completions, before → after."
    svg = bar_chart(before_after.by_thinking(result))
    return Figure("pass@1 with and without a thought", about, svg, BEFORE_AFTER)


def _levels_in_training(rows: Rows) -> Figure:
    names = sorted({level for row in rows for level in mapping(row.get("by_level"))}, key=before_after.level_order)
    picked = names if len(names) <= len(COLORS) else [names[i * (len(names) - 1) // 5] for i in range(6)]
    drawn = [_line(rows, f"level {n}", c, "by_level", n, "pass_at_1") for n, c in zip(picked, COLORS, strict=False)]
    lines = [replace(line, raw=None) for line in _present(drawn)]  # the raw points of several levels hide each other
    legend = tuple((line.name, line.color) for line in lines)
    return Figure("pass@1 by level, in training", "Training tasks, smoothed.", line_chart(lines, bounds=SHARE), legend)


def _by_environment(rows: Rows) -> list[Figure]:
    """Of the parts of a mixture; of one environment's families, if there are several."""
    key, what = (
        ("by_part", "part of the mixture") if any(row.get("by_part") for row in rows) else ("by_family", "family")
    )
    names = sorted({name for row in rows for name in mapping(row.get(key))})
    if len(names) < 2:
        return []
    drawn = []
    for value, title in (("reward", "Reward"), ("pass_at_1", "pass@1")):
        lines = [_line(rows, name, color, key, name, value) for name, color in zip(names, COLORS, strict=False)]
        left_out = f"; the first {len(COLORS)} of {len(names)}" if len(names) > len(COLORS) else ""
        bounds = SHARE if value == "pass_at_1" else (None, None)
        drawn.append(_several(lines, f"{title} by {what}", f"Training tasks, smoothed{left_out}.", bounds))
    return drawn


def _components(rows: Rows) -> Figure:
    """What the reward is made of; correctness alone is told by pass@1."""
    names = list(dict.fromkeys(name for row in rows for name in mapping(row.get("rewards"))))
    lines = [_line(rows, name, color, "rewards", name, "mean") for name, color in zip(names, COLORS, strict=False)]
    about = "Mean of each, before its weight; smoothed."
    return _several(lines if len(names) > 1 else [], "Reward components", about, (None, None))


def _several(lines: Sequence[Line], title: str, about: str, bounds: tuple[float | None, float | None]) -> Figure:
    """Smoothed alone: the raw points of several quantities hide each other."""
    present = [replace(line, raw=None) for line in _present(lines)]
    legend = tuple((line.name, line.color) for line in present)
    return Figure(title, about, line_chart(present, bounds=bounds), legend)


def _shares(rows: Rows, title: str, about: str, parts: Sequence[tuple[str, str, str]]) -> Figure:
    """Shares by (key, name, color); drawn if there is the first of them."""
    lines = _present([_line(rows, name, color, key) for key, name, color in parts])
    if not lines or lines[0].name != parts[0][1]:
        return Figure(title, about, "")
    legend = tuple((line.name, line.color) for line in lines)
    return Figure(title, about, line_chart(lines, bounds=SHARE, percent=True), legend)


def _generated(rows: Rows) -> Figure:
    """What was generated against what was learned from, where that is not the same."""
    if not any(number(row, "dropped_share") for row in rows):
        return Figure("", "", "")
    lines = [_line(rows, "generated", "blue", "generated_tokens"), _line(rows, "learned from", "green", "tokens")]
    return _several(lines, "Tokens generated", "A step, smoothed.", (0.0, None))


def _clipped(rows: Rows) -> Figure:
    lines = [_line(rows, name, color, "clip_ratios", key) for key, name, color in CLIPPED]
    drawn = [line for line in _present(lines) if any(line.curve.values)]
    about = "Share of tokens whose probability has left the trusted region, so that they teach nothing."
    legend = tuple((line.name, line.color) for line in drawn) if len(drawn) > 1 else ()
    return Figure("Clipped ratios", about, line_chart(drawn, bounds=(0.0, None), percent=True), legend)


def _length_by_verdict(rows: Rows) -> Figure:
    lines = [_line(rows, "right", "green", "length_right"), _line(rows, "wrong", "orange", "length_wrong")]
    return _several(lines, "Length of right and of wrong", "Mean tokens of a completion, smoothed.", (0.0, None))


def _reasons(rows: Rows) -> Figure:
    """Shares of the verdicts of a step, the most frequent reasons apart."""
    counted = [(number(row, "step"), counts) for row in rows if (counts := _counts(row))]
    totals: dict[str, float] = {}
    for _, counts in counted:
        for name, count in counts.items():
            totals[name] = totals.get(name, 0.0) + count
    known = [name for name in REASON_COLORS if name in totals]
    others = sorted((name for name in totals if name not in REASON_COLORS), key=lambda name: -totals[name])
    named = dict(zip(others, ("purple", "pink"), strict=False))
    colors = {name: REASON_COLORS[name] for name in known} | named
    if len(others) > len(named):
        colors["other"] = "ink"
    shares: list[dict[str, float | None]] = []
    for step, counts in counted:
        whole = sum(counts.values())
        shares.append({"step": step, **{name: count / whole for name, count in counts.items()}})
        shares[-1]["other"] = sum(counts.get(name, 0.0) for name in others[len(named) :]) / whole
    layers = []
    for name, color in colors.items():
        points = smoothed(thinned(curve(shares, name, default=0.0)))
        layers.append(Line(name.replace("_", " "), points, color))
    legend = tuple((layer.name, layer.color) for layer in layers)
    return Figure("Verdicts", "Shares of a step's completions, by reason.", stacked_chart(layers), legend)


def _counts(row: Mapping[str, Any]) -> dict[str, float]:
    reasons = mapping(row.get("reasons"))
    return {str(name): count for name in reasons if (count := number(reasons, name)) is not None and count > 0}


def _memory(rows: Rows) -> Figure:
    lines = [
        _line(rows, "of the GPU", "blue", "memory_gib", "cuda"),
        _line(rows, "resident", "gray", "memory_gib", "resident"),
    ]
    return _several(lines, "Memory", "The most that the process has held so far, in GiB.", (0.0, None))


def _length(rows: Rows) -> Figure:
    low, high = (smoothed(thinned(curve(rows, key))) for key in ("length_p10", "length_p90"))
    line = _line(rows, "mean", "blue", "length_mean")
    bands = [Band(low, high, "blue")] if len(low) and len(high) else []
    lines = [replace(line, raw=None) for line in _present([line])]  # the band shows the spread already
    svg = line_chart(lines, bands=bands, bounds=(0.0, None))
    return Figure("Completion length", "Tokens: mean, and the range from p10 to p90.", svg)


def _thinking(rows: Rows) -> Figure:
    lines = _present([_line(rows, "think", "blue", "think_share")])
    svg = line_chart(lines, bounds=SHARE, percent=True)
    return Figure("Thinking", "Share of completions that think before they answer.", svg)


def _cut_off(rows: Rows) -> Figure:
    lines = _present([_line(rows, "cut off", "orange", "clip_share")])
    svg = line_chart(lines, bounds=(0.0, None), percent=True)
    return Figure("Cut off", "Share of completions that reached the length limit.", svg)


def _no_signal(rows: Rows) -> Figure:
    lines = _present(
        [
            _line(rows, "groups that scored alike", "blue", "zero_std_share"),
            _line(rows, "unscorable", "pink", "unscorable_share"),
        ]
    )
    svg = line_chart(lines, bounds=SHARE, percent=True)
    legend = tuple((line.name, line.color) for line in lines)
    return Figure("Without a signal", "Shares of groups, and of completions.", svg, legend)


def _quantity(rows: Rows, key: str, title: str, about: str, color: str) -> Figure:
    line = _line(rows, title.lower(), color, key)
    lowest = min((line.raw or line.curve).values, default=0.0)
    return Figure(title, about, line_chart(_present([line]), bounds=(None if lowest < 0 else 0.0, None)))


def _measured(result: Mapping[str, Any]) -> list[Figure]:
    """The parts of an evaluation."""
    found = []
    for key, title in (("by_family", "family"), ("by_level", "level"), ("by_thinking", "thought")):
        parts = before_after.mapping(result.get(key))
        names = sorted(parts, key=before_after.level_order)
        scores = [(name, score) for name in names if (score := before_after.score(mapping(parts[name])))]
        if len(scores) > 1 and len(scores) <= MOST_BARS:
            bars = [
                before_after.Comparison(f"level {name}" if title == "level" else name.replace("_", " "), None, score)
                for name, score in scores
            ]
            about = "Held-out tasks, with 95 % intervals."
            found.append(Figure(f"pass@1 by {title}", about, bar_chart(bars)))
    return found


def _rewarded(rows: Rows) -> bool:
    return any(number(row, "reward") is not None for row in rows)


def _loss(rows: Rows) -> Figure:
    rewarded = _rewarded(rows)
    about = "Of the policy gradient; it says little by itself: read the reward." if rewarded else "Mean over tokens."
    return _quantity(rows, "loss", "Loss", about, "gray")


def _token_accuracy(rows: Rows) -> Figure:
    line = _line(rows, "token accuracy", "blue", "token_accuracy")
    about = "Share of completion tokens that the model would have chosen, too."
    return Figure("Token accuracy", about, line_chart(_present([line]), bounds=SHARE))


def _phases(rows: Rows) -> Figure:
    timed = [row for row in rows if any(number(row, "seconds", name) is not None for name, _ in PHASES)]
    layers = []
    for name, color in PHASES:  # a phase that a step lacks took no time: all layers share their steps
        points = smoothed(thinned(curve(timed, "seconds", name, default=0.0)))
        if any(points.values):
            layers.append(Line(name, Curve(points.steps, tuple(max(value, 0.0) for value in points.values)), color))
    legend = tuple((layer.name, layer.color) for layer in layers)
    return Figure("Where the time goes", "Seconds a step, by phase.", stacked_chart(layers), legend)


def _unit(points: Curve | None) -> tuple[float | None, float | None]:
    """0 to 1 for what lies there, else as the data are: rewards may leave [0, 1] with penalties."""
    inside = points is not None and all(0.0 <= value <= 1.0 for value in points.values)
    return SHARE if inside else (None, None)
