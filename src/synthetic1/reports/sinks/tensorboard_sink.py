"""TensorBoard: event files in the run folder, written by TensorBoard's own package, without torch.

``tensorboard --logdir runs`` shows every run below a folder.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from synthetic1.reports.sinks.sink import Ending, Row, TrackerRun, flat

MOST_TEXT_ROWS = 16  # the page shows texts at full length


def prepare() -> None:
    """Import what opening needs."""
    import tensorboard.compat.proto.event_pb2
    import tensorboard.summary.writer.event_file_writer  # noqa: F401


def open_sink(run: TrackerRun) -> TensorboardSink:
    """A new event file in ``tracking/tensorboard``, beside those of earlier sessions."""
    folder = run.folder / "tensorboard"
    sink = TensorboardSink(folder, going_on=any(folder.glob("events.*")))
    if not sink.going_on:
        rows = "\n".join(f"| `{name}` | `{value}` |" for name, value in flat(run.config).items())
        sink.text("config", 0, f"| setting | value |\n|---|---|\n{rows}")
    return sink


class TensorboardSink:
    """Writes scalars and Markdown.

    Args:
        going_on: the folder holds earlier sessions of the run; what they say of the steps that this one does again is
            then to be forgotten.
    """

    def __init__(self, folder: Path, *, going_on: bool) -> None:
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        self.going_on = going_on
        self._purged = not going_on
        self._writer = EventFileWriter(str(folder), flush_secs=10)

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        from tensorboard.compat.proto.summary_pb2 import Summary

        values = [Summary.Value(tag=name, simple_value=value) for name, value in metrics.items()]
        self._add(step, summary=Summary(value=values))

    def table(self, name: str, step: int, rows: Sequence[Row]) -> None:
        shown = "\n\n---\n\n".join(map(_markdown, rows[:MOST_TEXT_ROWS]))
        self.text(name, step, shown)

    def text(self, name: str, step: int, markdown: str) -> None:
        """A text of the page's Text tab."""
        from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
        from tensorboard.compat.proto.tensor_pb2 import TensorProto
        from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto

        plugin = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="text"))
        shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=1)])
        tensor = TensorProto(dtype="DT_STRING", string_val=[markdown.encode()], tensor_shape=shape)
        value = Summary.Value(tag=f"{name}/text_summary", metadata=plugin, tensor=tensor)
        self._add(step, summary=Summary(value=[value]))

    def artifact(self, path: Path, name: str) -> None:
        """TensorBoard keeps no files; the run folder has them beside the events."""

    def finish(self, ending: Ending) -> None:
        self._writer.close()

    def _add(self, step: int, **fields: Any) -> None:
        from tensorboard.compat.proto.event_pb2 import Event, SessionLog

        if not self._purged:  # readers drop what earlier files say of this step and of later ones
            self._purged = True
            again = Event(wall_time=time.time(), step=step, session_log=SessionLog(status=SessionLog.START))
            self._writer.add_event(again)
        self._writer.add_event(Event(wall_time=time.time(), step=step, **fields))


def _markdown(row: Row) -> str:
    """A row as facts and blocks of text that is not read as Markdown."""
    texts = {name: value for name, value in row.items() if isinstance(value, str)}
    facts = " · ".join(f"{name} {value:g}" for name, value in row.items() if isinstance(value, (int, float)))
    blocks = "\n\n".join(f"{name}\n\n{_indented(text)}" for name, text in texts.items())
    return f"{facts}\n\n{blocks}"


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())
