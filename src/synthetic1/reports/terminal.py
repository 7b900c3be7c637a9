"""What a person sees while a run goes: plain lines in a log, colour where there is a terminal."""

from __future__ import annotations

import dataclasses
import os
import sys
import textwrap
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, TextIO, TypeGuard

from synthetic1.reports import before_after
from synthetic1.reports.before_after import Comparison, Score, mapping
from synthetic1.reports.readable import compare, one_line, visible
from synthetic1.reports.series import number

if TYPE_CHECKING:
    from rich.console import Console

WIDTH = 120
MINOR = 0.05  # a phase below this share of its step may be left out of a full line
PHASES = (("gen", "generate"), ("score", "score"), ("train", "train"), ("sync", "sync"))
ANSWER_WIDTH = WIDTH - 14  # what is left beside the labels of a sample


def show_header(facts: Any, *, title: str = "synthetic1", stream: TextIO | None = None) -> None:
    """What will run, and where: a fact after the other, in the order given; long ones take several lines.

    Args:
        facts: a mapping or a dataclass, e.g. env, model, backend, ``effective_batch``, ``tokens_per_step``,
            ``run_folder``. None is left out; underscores in names become spaces.
    """
    values = dataclasses.asdict(facts) if dataclasses.is_dataclass(facts) and not isinstance(facts, type) else facts
    shown = {str(k).replace("_", " "): _fact(v) for k, v in dict(values).items() if v is not None}
    width = max(map(len, shown), default=0)
    _print(stream, [(title, "bold")])
    for name, value in shown.items():
        room = max(WIDTH - width - 4, WIDTH // 2)
        whole = textwrap.wrap(visible(value, keep=""), room, break_long_words=False, break_on_hyphens=False)
        for label, line in zip_longest([name], whole or [""], fillvalue=""):
            _print(stream, [(f"  {label:<{width}}  ", "dim"), (line, "")])


def step_line(row: Mapping[str, Any], *, seconds_per_step: float | None = None) -> str:
    """One training step in at most 120 columns; what the row lacks, and what does not fit, is left out.

    Args:
        row: a row of ``metrics.jsonl``.
        seconds_per_step: the pace that the remaining time is reckoned with; by default this step's own.
    """
    dropped: set[str] = set()
    line = _step_line(row, seconds_per_step, dropped)
    for name in ("minor phases", "speed", "spread", "think", "zero-std", "phases"):  # the least missed first
        if len(line) <= WIDTH:
            break
        dropped.add(name)
        line = _step_line(row, seconds_per_step, dropped)
    return line


def show_step(row: Mapping[str, Any], *, seconds_per_step: float | None = None, stream: TextIO | None = None) -> None:
    """Print a step's line, or a held-out evaluation's, and below it each warning on a line of its own."""
    if evaluation := mapping(row.get("eval")):
        score = before_after.score(evaluation)
        n = f" (n={score.n})" if score and score.n else ""
        text = f"step {_count(number(row, 'step'))} | held-out pass@1 {score or '-'}{n}"
        _print(stream, [(text, "bold cyan")])
    else:
        _print(stream, [(step_line(row, seconds_per_step=seconds_per_step), "")])
    for warning in row.get("warnings") or ():
        show_warning(str(warning), stream=stream)


def show_warning(text: str, *, stream: TextIO | None = None) -> None:
    """One warning, one line."""
    _print(stream, [(f"  warning: {one_line(text, 1_000)}", "yellow")])


def show_samples(
    best: Mapping[str, Any] | None, worst: Mapping[str, Any] | None, *, stream: TextIO | None = None
) -> None:
    """The best and the worst sample of a step: what was expected, what was answered, and where they differ."""
    for name, style, row in (("best", "green", best), ("worst", "red", worst)):
        if row is not None:
            _show_sample(name, style, row, stream)


def show_before_after(result: Mapping[str, Any], *, stream: TextIO | None = None) -> None:
    """The table of ``result.json``: held-out pass@1 before and after with 95 % intervals, by level, by thinking."""
    sections = [
        [row for row in (before_after.overall(result), before_after.greedy(result)) if row.before or row.after],
        [dataclasses.replace(row, label=f"level {row.label}") for row in before_after.by_level(result)],
        before_after.by_thinking(result),
    ]
    rows = [_cells(row) for section in sections for row in section]
    head = ("held-out tasks", "before", "after", "change")
    widths = [max(len(cells[i]) for cells in [head, *rows]) for i in range(4)]
    n = number(result, "n")
    _print(stream, [])
    _print(stream, [(_aligned(head, widths), "bold")])
    _print(stream, [("─" * (sum(widths) + 6), "dim")])
    for cells in rows:
        _print(stream, [(_aligned(cells, widths), "bold" if cells is rows[0] else "")])
    notes = [f"n = {n:.0f}" if n is not None else "", before_after.difference_text(result)]
    notes += [f"{_thousands(c)} completions" if (c := number(result, "completions")) is not None else ""]
    notes += [f"{duration(t)} in all" if (t := number(result, "seconds", "total")) is not None else ""]
    _print(stream, [("; ".join(["95 % intervals in brackets", *filter(None, notes)]), "dim")])


def duration(seconds: float) -> str:
    """``42s``, ``3m10s``, ``34m``, ``2h05m``, ``3d04h``: two figures at most, seconds for ten minutes only."""
    whole = max(round(seconds), 0)
    if 600 <= whole < 3_570:
        return f"{round(whole / 60)}m"
    if whole >= 3_570:
        whole = 60 * round(whole / 60)
    for unit, below, smaller, name in ((86_400, "h", 3_600, "d"), (3_600, "m", 60, "h"), (60, "s", 1, "m")):
        if whole >= unit:
            return f"{whole // unit}{name}{whole % unit // smaller:02d}{below}"
    return f"{whole}s"


def _step_line(row: Mapping[str, Any], seconds_per_step: float | None, dropped: set[str]) -> str:
    step, steps = number(row, "step"), number(row, "steps")
    parts = [f"step {_count(step):>{len(_count(steps))}}/{_count(steps)}" if steps else f"step {_count(step)}"]
    reward, spread = number(row, "reward"), number(row, "reward_std")
    if reward is not None:
        parts.append(f"reward {_short(reward)}" + (f"±{_short(spread)}" if _shown(spread, "spread", dropped) else ""))
    for label, key in (("pass@1", "pass_at_1"), ("zero-std", "zero_std_share"), ("unscorable", "unscorable_share")):
        value = number(row, key)
        if _shown(value, label, dropped) and (value or label != "unscorable"):
            parts.append(f"{label} {_short(value)}")
    length, clipped = number(row, "length_mean"), number(row, "clip_share")
    if length is not None:
        parts.append(f"len {length:.0f}" + (f" clip {clipped:.0%}" if clipped is not None else ""))
    if _shown(thinking := number(row, "think_share"), "think", dropped):
        parts.append(f"think {_short(thinking)}")
    whole = number(row, "seconds", "step")
    if "phases" in dropped:
        parts += [f"{_pace(whole)} a step"] if whole is not None else []
    elif shown := _phases(row, MINOR * (whole or 0.0) if "minor phases" in dropped else 0.0):
        parts.append(" ".join(shown))
    if _shown(speed := number(row, "tokens_per_s"), "speed", dropped):
        parts.append(f"{_thousands(speed)} tok/s")
    pace = seconds_per_step if seconds_per_step is not None else whole
    if pace is not None and step is not None and steps:
        parts.append(f"ETA {duration(pace * max(steps - step, 0))}")
    return " | ".join(parts)


def _phases(row: Mapping[str, Any], minor: float) -> list[str]:
    """``gen 6.1s`` and so on, without phases of at most ``minor`` seconds and those that a backend does not have."""
    times = [(label, number(row, "seconds", key)) for label, key in PHASES]
    return [
        f"{label} {_pace(t)}" for label, t in times if t is not None and (t > minor or (not minor and label != "sync"))
    ]


def _shown(value: float | None, name: str, dropped: set[str]) -> TypeGuard[float]:
    return value is not None and name not in dropped


def _show_sample(name: str, style: str, row: Mapping[str, Any], stream: TextIO | None) -> None:
    score, advantage = number(row, "score"), number(row, "advantage")
    facts = [f"task {one_line(str(row.get('task_id', '?')), 40)}"]
    if row.get("level") is not None:
        facts.append(f"level {row['level']}")
    facts.append(f"score {'-' if score is None else format(score, '.2f')} ({row.get('reason', '?')})")
    if advantage is not None:
        facts.append(f"advantage {advantage:+.2f}")
    _print(stream, [(f"  {name:<5} ", f"bold {style}"), (", ".join(facts), "")])
    expected, predicted = row.get("expected"), row.get("answer")
    if predicted is None:
        ending = one_line(str(row.get("completion", ""))[-ANSWER_WIDTH:], ANSWER_WIDTH)
        _print(stream, [("    no answer; ends ", "dim"), (ending, "")])
    elif expected is None or expected == predicted:
        _print(stream, [("    answer    ", "dim"), (one_line(str(predicted), ANSWER_WIDTH), "")])
    else:
        _show_diff(str(expected), str(predicted), stream)


def _show_diff(expected: str, predicted: str, stream: TextIO | None) -> None:
    """Both strings above each other, aligned, with ^ under what differs; long ones from the first difference on."""
    above: list[tuple[str, str]] = [("    expected  ", "dim")]
    below: list[tuple[str, str]] = [("    predicted ", "dim")]
    marks, room = " " * 14, ANSWER_WIDTH
    for i, piece in enumerate(compare(expected, predicted)):
        left, right = visible(piece.expected, keep=""), visible(piece.predicted, keep="")
        if piece.same and i == 0 and len(left) > 40:  # the common beginning says little
            left = right = "…" + left[-39:]
        width = min(max(len(left), len(right)), room)
        above.append((_clipped(left, width).ljust(width), "" if piece.same else "green"))
        below.append((_clipped(right, width).ljust(width), "" if piece.same else "red"))
        marks += (" " if piece.same else "^") * width
        room -= width
        if room <= 0:
            break
    for line in (above, below, [(marks.rstrip(), "yellow")]):
        _print(stream, line)


def _clipped(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _cells(row: Comparison) -> tuple[str, str, str, str]:
    change = "-" if row.change is None else f"{row.change:+.3f}"
    return row.label + _sample_size(row.after or row.before), str(row.before or "-"), str(row.after or "-"), change


def _sample_size(score: Score | None) -> str:
    return f" (n={score.n})" if score is not None and score.n is not None else ""


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return "  ".join([first, *rest]).rstrip()


def _fact(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{k}={_fact(v)}" for k, v in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_fact, value))
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _short(value: float, digits: int = 2) -> str:
    """``.41``, ``1.0``, ``-.20``: as short as it can be."""
    text = f"{value:.{digits}f}"
    if text == "1.00":
        return "1.0"
    return text.replace("0.", ".", 1) if text.lstrip("-").startswith("0.") else text


def _pace(seconds: float) -> str:
    if seconds >= 100:
        return duration(seconds)
    return _short(seconds, 1 if seconds >= 0.095 else 2) + "s"


def _thousands(value: float) -> str:
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.1f}{unit}"
    return f"{value:.0f}"


def _count(value: float | None) -> str:
    return "?" if value is None else f"{value:.0f}"


def _print(stream: TextIO | None, pieces: Sequence[tuple[str, str]]) -> None:
    """One line of (text, style) pieces; the styles matter on a terminal only."""
    target = stream if stream is not None else sys.stdout
    encoding = getattr(target, "encoding", None) or "utf-8"  # a run must not die of a ± in an ASCII log
    pieces = [(text.encode(encoding, "replace").decode(encoding), style) for text, style in pieces]
    console = _console(target)
    if console is None:
        print("".join(text for text, _ in pieces).rstrip(), file=target, flush=True)
        return
    from rich.text import Text

    console.print(Text.assemble(*pieces), soft_wrap=True)


def _console(stream: TextIO) -> Console | None:
    """A rich console if ``stream`` is a terminal that knows colour and rich is installed."""
    if not stream.isatty() or os.environ.get("TERM") == "dumb" or "NO_COLOR" in os.environ:
        return None
    try:
        from rich.console import Console
    except ImportError:
        return None
    return Console(file=stream, highlight=False)
