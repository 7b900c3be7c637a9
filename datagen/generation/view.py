"""What a person sees while a run goes on: a live panel on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from typing import Any

from synthetic1.datagen.generation.goal import Progress
from synthetic1.datagen.journal.writer import Journal
from synthetic1.inference.usage import Usage
from synthetic1.reports.terminal import duration

CUT_OFF_MANY = 0.1
TABLE_ROWS = 64  # of the table that trackers show
FIRST_LINE_S, LINE_EVERY_S, PANEL_EVERY_S = 2.0, 10.0, 0.5


class View:
    """Shows ``progress`` until it is closed.

    Args:
        usage: gives the account of the run: what is in flight, errors, cost.
        track: told the numbers of now and then, as (samples so far, ``numbers``), whatever is shown.
    """

    def __init__(
        self,
        progress: Progress,
        usage: Any,
        *,
        title: str,
        track: Callable[[int, Mapping[str, Any]], None] | None = None,
    ) -> None:
        self.progress, self.usage, self.title, self.track = progress, usage, title, track
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> View:
        self._tasks = [asyncio.create_task(self._panel() if sys.stdout.isatty() else self._lines())]
        if self.track is not None:
            self._tasks.append(asyncio.create_task(self._tracked()))
        return self

    async def __aexit__(self, *exc: object) -> None:
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        self._track()
        if not sys.stdout.isatty():
            print(line(self.progress, self.usage()), flush=True)

    async def _lines(self) -> None:
        await asyncio.sleep(FIRST_LINE_S)
        while True:
            print(line(self.progress, self.usage()), flush=True)
            await asyncio.sleep(LINE_EVERY_S)

    async def _tracked(self) -> None:
        while True:
            await asyncio.sleep(LINE_EVERY_S)
            self._track()

    def _track(self) -> None:
        if self.track is not None:
            self.track(samples(self.progress), numbers(self.progress, self.usage()))

    async def _panel(self) -> None:
        from rich.live import Live

        with Live(panel(self.progress, self.usage(), self.title), refresh_per_second=4) as live:
            try:
                while True:
                    await asyncio.sleep(PANEL_EVERY_S)
                    live.update(panel(self.progress, self.usage(), self.title))
            finally:
                live.update(panel(self.progress, self.usage(), self.title))


def samples(progress: Progress) -> int:
    """Those that nothing more is to be done for."""
    return progress.found + progress.arrived + progress.cancelled + sum(progress.failed.values())


def numbers(progress: Progress, usage: Usage) -> dict[str, Any]:
    """The numbers of this session, as trackers show them over the samples, but the cost, which is that of the run; what
    is not known yet is None."""
    p = progress
    scored, seconds = p.verified + p.refuted, max(p.seconds, 1e-9)
    return {
        "generate/verified": p.verified,
        "generate/verified_share": p.verified / scored if scored else None,
        "generate/unscorable": p.unscorable,
        "generate/to_judge": p.waiting,
        "generate/failed": sum(p.failed.values()),
        "generate/tokens": p.tokens,
        "generate/tokens_per_s": p.tokens / seconds,
        "generate/in_flight": usage.in_flight,
        "generate/cost": usage.cost,
        "completions/clipped_ratio": p.truncated / p.arrived if p.arrived else None,
        "completions/mean_length": p.tokens / p.arrived if p.arrived else None,
    }


def sample_rows(journal: Journal) -> Iterator[dict[str, Any]]:
    """The first rollouts of the run as rows of ``samples.jsonl``, for the table that trackers show."""
    stored = ((group.task, one) for group in journal.groups() for one in group.rollouts)
    for task, one in islice(stored, TABLE_ROWS):
        verdict = one.verdict
        yield {
            "phase": "generate",
            "prompt": task.prompt,
            "completion": one.rollout.text,
            "score": one.score,
            "reason": None if verdict is None else verdict.reason,
            "answer": None if verdict is None else verdict.answer,
            "expected": task.gold_standard_solution,
            "task_id": task.problem_id,
            "level": task.level,
        }


def facts(progress: Progress, usage: Usage) -> list[tuple[str, str]]:
    """(label, value) of everything worth showing, the most important first."""
    p = progress
    scored = p.verified + p.refuted
    share = f" ({p.verified / scored:.0%})" if scored else ""
    done = samples(p)
    of = f" of {p.total:,}" if p.total is not None else ""
    seconds = max(p.seconds, 1e-9)
    rows = [("samples", f"{done:,}{of}"), ("verified", f"{p.verified:,}{share}")]
    for name, family in sorted(p.families.items()):
        if len(p.families) > 1:
            rows.append((name, f"{family['verified']:,} of {family['verdicts']:,}"))
    rows += [("tokens/s", f"{p.tokens / seconds:,.0f}"), ("in flight", f"{usage.in_flight} of {usage.window}")]
    if usage.cost is not None:
        rows.append(("cost", f"{usage.cost:,.2f}"))
    if p.waiting:
        rows.append(("to judge", f"{p.waiting:,}"))
    if p.truncated:
        rows.append(("cut off", f"{p.truncated:,}"))
    if p.cancelled:
        rows.append(("not needed", f"{p.cancelled:,}"))
    if p.unscorable:
        rows.append(("not scored", f"{p.unscorable:,}"))
    errors = {kind: n for kind, n in usage.errors.items() if kind != "cancelled"}  # by us: no error
    if errors:
        rows.append(("errors", ", ".join(f"{kind} {n}" for kind, n in sorted(errors.items()))))
    if p.failed:
        rows.append(("given up", ", ".join(f"{kind} {n}" for kind, n in sorted(p.failed.items()))))
    if p.total is not None and done > p.found:
        rows.append(("left", duration((p.total - done) * seconds / (done - p.found))))
    return rows


def cut_off(progress: Progress, max_tokens: int) -> str | None:
    """What to say where so many completions ran into the limit that it is likely to be too low."""
    if progress.truncated <= CUT_OFF_MANY * progress.arrived:
        return None
    return (
        f"{progress.truncated / progress.arrived:.0%} of completions were cut off at sampling.max_tokens={max_tokens}; "
        "a reasoning model wants 8192 to 32768, in a run of another name"
    )


def line(progress: Progress, usage: Usage) -> str:
    return " | ".join(f"{label} {value}" for label, value in facts(progress, usage))


def panel(progress: Progress, usage: Usage, title: str) -> Any:
    from rich.panel import Panel
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    for label, value in facts(progress, usage):
        table.add_row(f"[dim]{label}[/dim]", value)
    return Panel(table, title=title, title_align="left", expand=False)
