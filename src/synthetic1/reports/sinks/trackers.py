"""All trackers of a run as one: what the run folder hands on to them, and which there are."""

from __future__ import annotations

import importlib
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from synthetic1.reports.sinks import names
from synthetic1.reports.sinks.feed import Feed
from synthetic1.reports.sinks.sink import Ending, Row, Sink, TrackerRun

FINISH_WITHIN_S = 60.0
"""What the end of a run waits for trackers, all together."""
MOST_ROWS = 256  # of a table; samples.jsonl has all of them
MOST_CHARACTERS = 20_000  # of a cell


@dataclass(frozen=True)
class TrackerKind:
    """What a tracker needs, and the module of ours that opens it."""

    packages: tuple[str, ...]
    module: str
    environment: Mapping[str, str]
    """Variables that are set before its package is imported, unless a person has set them: no telemetry, nothing on the
    terminal, no minutes of retries."""


KINDS: Mapping[str, TrackerKind] = {
    "wandb": TrackerKind(
        ("wandb",),
        "synthetic1.reports.sinks.wandb_sink",
        {
            "WANDB_ERROR_REPORTING": "false",
            "WANDB_SILENT": "true",
            # By itself W&B waits at the end of a process for as long as the network is away.
            "WANDB_FINISH_TIMEOUT": "50",
            "WANDB_FINISH_TIMEOUT_RAISES": "true",
        },
    ),
    "trackio": TrackerKind(("trackio",), "synthetic1.reports.sinks.trackio_sink", {}),
    "tensorboard": TrackerKind(("tensorboard",), "synthetic1.reports.sinks.tensorboard_sink", {}),
    "mlflow": TrackerKind(
        ("mlflow", "sqlalchemy", "alembic"),
        "synthetic1.reports.sinks.mlflow_sink",
        # DO_NOT_TRACK=1, which programs set, is not enough: MLflow reads only the word `true`.
        {
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
            "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
        },
    ),
}


def check_installed(chosen: Sequence[str]) -> None:
    """Whether the packages of these trackers are there; nothing is imported.

    Raises:
        ModuleNotFoundError: names the first that is not.
    """
    for name in chosen:
        for package in KINDS[name].packages:
            if find_spec(package) is None:
                raise ModuleNotFoundError(f"No module named {package!r}", name=package)


def prepare_environment(chosen: Sequence[str]) -> None:
    """Set the variables of these trackers: early, since whoever imports their packages first reads them."""
    for name in chosen:
        for variable, value in KINDS[name].environment.items():
            os.environ.setdefault(variable, value)


class Trackers:
    """Fans out what a run folder is told. Nothing here raises for a tracker's sake, and nothing waits but ``finish``.

    Args:
        run: as trackers are to know it.
        sinks: name → what opens it; called on a thread of its own.
        warn: shows a line; called on the run's own thread.
    """

    def __init__(
        self, run: TrackerRun, sinks: Mapping[str, Callable[[], Sink]], warn: Callable[[str], None] | None = None
    ) -> None:
        self.run = run
        self._warn = warn or _to_stderr
        self._feeds = [Feed(name, open_sink) for name, open_sink in sinks.items()]
        self._step = 0
        self._samples: list[Row] = []
        self._warned: set[str] = set()

    @classmethod
    def open(cls, chosen: Sequence[str], run: TrackerRun, warn: Callable[[str], None] | None = None) -> Trackers:
        """Open trackers by name.

        Their packages are imported here, on the thread of the caller: imports on two threads at once can meet half-made
        modules. The trackers themselves are opened on their own threads.

        Raises:
            ModuleNotFoundError: a package is not installed.
        """
        check_installed(chosen)
        prepare_environment(chosen)
        modules = {name: importlib.import_module(KINDS[name].module) for name in chosen}
        for module in modules.values():
            module.prepare()
        return cls(run, {name: partial(module.open_sink, run) for name, module in modules.items()}, warn)

    def metrics(self, row: Row, also: Mapping[str, Any]) -> None:
        """A row of ``metrics.jsonl``; ``also`` as in ``names.of_metrics``."""
        self._flush()
        self._log(int(row.get("step") or 0), names.of_metrics(self.run.program, row, also))

    def numbers(self, step: int, values: Mapping[str, Any]) -> None:
        """Numbers that are in no file, as they are named."""
        self._log(step, dict(names.numbers(values)))

    def sample(self, row: Row) -> None:
        """A row of ``samples.jsonl``; those of a step and a phase are one table."""
        if self._samples and _table_of(self._samples[0]) != _table_of(row):
            self._flush()
        if len(self._samples) < MOST_ROWS:
            self._samples.append(row)

    def result(self, result: Row) -> None:
        """``result.json``."""
        self._flush()
        self._log(self._step, names.of_result(self.run.program, result))

    def artifact(self, path: Path) -> None:
        """A file of the run folder."""
        self._put(lambda sink: sink.artifact(path, path.name))

    def finish(self, ending: Ending) -> None:
        """Let every tracker take what is left, for a minute at most; say what it has not taken."""
        self._flush()
        for feed in self._feeds:
            feed.end(ending)
        until = time.monotonic() + FINISH_WITHIN_S
        for feed in self._feeds:
            whole = feed.join(until)
            self._pass_on(feed)
            if not whole:
                late = f"has not taken all it was told within {FINISH_WITHIN_S:.0f} s"
                self._say(feed, f"{feed.name} {late}; the run folder has it")
            elif feed.lost:
                self._say(feed, f"{feed.name} lacks {feed.lost:,} entries; the run folder has them")

    def _log(self, step: int, metrics: Mapping[str, float]) -> None:
        self._step = max(self._step, step)
        if metrics:
            self._put(lambda sink: sink.log(step, metrics))

    def _flush(self) -> None:
        if not self._samples:
            return
        first, rows = self._samples[0], [_cells(names.of_sample(row)) for row in self._samples]
        self._samples = []
        name = "eval/completions" if first.get("phase") in ("before", "after") else "completions"
        step = int(first.get("step") or self._step)
        self._put(lambda sink: sink.table(name, step, rows))

    def _put(self, entry: Callable[[Sink], None]) -> None:
        for feed in self._feeds:
            feed.put(entry)
            self._pass_on(feed)

    def _pass_on(self, feed: Feed) -> None:
        if (warning := feed.take_warning()) is not None:
            self._say(feed, warning)

    def _say(self, feed: Feed, line: str) -> None:
        """One line a tracker: what else goes wrong with it follows from the first."""
        if feed.name not in self._warned:
            self._warned.add(feed.name)
            self._warn(line)


def _table_of(row: Row) -> tuple[Any, Any]:
    return row.get("phase"), row.get("step")


def _cells(row: Row) -> dict[str, Any]:
    """A row whose strings every store can hold: no lone surrogates, no zero bytes, of a bounded length."""

    def cell(value: Any) -> Any:
        if value is None or isinstance(value, (bool, int, float)):
            return value
        text = str(value).replace("\x00", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
        return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]} …"

    return {name: cell(value) for name, value in row.items()}


def _to_stderr(line: str) -> None:
    print(f"warning: {line}", file=sys.stderr, flush=True)
