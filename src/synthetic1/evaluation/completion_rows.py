"""Rows that hold a task and what a model wrote, in the layouts that people store them in."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synthetic1.completion import Completion
from synthetic1.keys import content_key
from synthetic1.task import Task, TaskError
from synthetic1.tasks.formats.readers import Choose, RowReader, reader_for, with_parsed_columns
from synthetic1.tasks.sources.file_rows import SUFFIXES, rows_of_file
from synthetic1.tasks.sources.kinds import DAMAGE, FileKind, is_damage, kind_of, open_unpacked
from synthetic1.tasks.sources.source import TaskSource

TASK_COLUMN = "synthetic1_task"
"""The column in which trainers carry a whole task, as JSON or as an object."""
COMPLETIONS = ("completion", "llm_response", "response", "messages")
"""Columns that may hold what a model wrote, in the order in which they are tried."""
REASONING = ("reasoning", "reasoning_content")
"""Columns, or fields of a message, that may hold a thought which a server returned apart."""
IDS = ("task_id", "problem_id", "id")
"""Columns that may name a task of ``--tasks``, in the order in which they are tried."""


class RowError(ValueError):
    """A row that cannot be scored. The message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class CompletionRow:
    """A row of a file, and what of it is scored."""

    where: str
    fields: Mapping[str, Any]
    task: Task
    completion: Completion

    @property
    def key(self) -> str:
        """Names what is scored, wherever it stands: rows of one key have one verdict."""
        made = self.completion
        return content_key([self.task.key, made.raw, made.answer, made.finish_reason])


@dataclass(frozen=True)
class RowLayout:
    """How a row is read."""

    tasks: TaskSource | None = None
    """Where a row's task is looked up by its id; None: the row has its columns."""
    choose: Choose = reader_for
    """Which format the columns of a task are in."""
    column: str | None = None
    """Where the completion is; None: the first of ``COMPLETIONS`` that is there."""
    thinking_open: bool = False
    """Prompts ended inside ``<think>``, as rendered for the model; a row's own column of this name wins."""

    def read(self, where: str, row: Any) -> CompletionRow:
        """The task and the completion of ``row``.

        Raises:
            RowError: it has none, or the task holds what JSON cannot, such as NaN: nothing would name it.
        """
        if not isinstance(row, Mapping):
            raise RowError(f"a row is an object, got {type(row).__name__}")
        completion = self._completion(row)
        try:
            found = CompletionRow(where, row, self._task(row), completion)
            _ = found.task.key  # once, for whoever scores it
            return found
        except TaskError as error:
            raise RowError(str(error).removeprefix(f"{where}: ").removeprefix("row: ")) from None

    def _task(self, row: Mapping[str, Any]) -> Task:
        whole = row.get(TASK_COLUMN)
        if whole is not None:
            if isinstance(whole, str):
                try:
                    whole = json.loads(whole)
                except (ValueError, RecursionError):
                    raise RowError(f"`{TASK_COLUMN}` must be an object, or one as JSON; got {whole[:60]!r}") from None
            return Task.from_row(whole)
        if self.tasks is None:
            return self._reader(tuple(row)).read(with_parsed_columns(row), "row")
        names = [name for name in IDS if row.get(name) is not None]
        if not names:
            raise RowError(f"no column names its task: one of {', '.join(IDS)}, or {TASK_COLUMN}")
        try:
            return self.tasks.get(str(row[names[0]]))
        except KeyError as error:
            raise RowError(str(error.args[0])) from None

    def _reader(self, columns: tuple[str, ...]) -> RowReader:
        known = _readers.get((self.choose, columns))
        if known is None:
            known = self.choose(columns, "row")
            if len(_readers) < 1_000:
                _readers[self.choose, columns] = known
        return known

    def _completion(self, row: Mapping[str, Any]) -> Completion:
        names = COMPLETIONS if self.column is None else (self.column,)
        name = next((name for name in names if row.get(name) is not None), None)
        reasoning = _first(row, REASONING)
        if name is None and reasoning is None:
            raise RowError(f"no completion: there is none in {', '.join(names)}; --completion names its column")
        text: Any = None if name is None else row[name]
        if isinstance(text, Sequence) and not isinstance(text, str):
            text, apart = _last_message(str(name), text)
            reasoning = apart if apart is not None else reasoning
        for said, value in ((name, text), ("reasoning", reasoning), ("finish_reason", row.get("finish_reason"))):
            if value is not None and not isinstance(value, str):
                raise RowError(f"`{said}` must be a text, got {type(value).__name__}")
        own = row.get("thinking_open")
        is_open = own if isinstance(own, bool) else self.thinking_open
        return Completion.from_parts(reasoning, text, thinking_open=is_open, finish_reason=row.get("finish_reason"))


_readers: dict[tuple[Choose, tuple[str, ...]], RowReader] = {}


def rows_of(path: Path, bad: Callable[[str, str], None]) -> Iterator[tuple[str, Any]]:
    """(where, row) of a file of JSON Lines, also packed, or Parquet, one after another: it may exceed the memory.

    Args:
        bad: called with (where, why) of each line that is not JSON, which is left out.

    Raises:
        ValueError: it is no such file, or damaged; names it.
        OSError: it cannot be opened.
    """
    name = path.name.lower()
    if not name.endswith(SUFFIXES):
        raise ValueError(f"{path} must be a file of rows: {', '.join(SUFFIXES)}")
    if name.endswith(".parquet"):
        yield from rows_of_file(path)
        return
    packing = (kind_of(path.name) or FileKind("lines")).packing
    try:
        unpacked: Any = open_unpacked(path, packing)
        with io.BufferedReader(unpacked) as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    where = f"{path} line {number}"
                    try:
                        row = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
                    except (ValueError, RecursionError) as error:
                        bad(where, f"not JSON: {error}")
                    else:
                        yield where, row
    except DAMAGE as error:
        if not is_damage(error):
            raise
        raise ValueError(f"{path} is damaged, or ends too early: {error}") from None


def _first(row: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((row[name] for name in names if row.get(name) is not None), None)


def _last_message(name: str, messages: Sequence[Any]) -> tuple[Any, Any]:
    """(content, reasoning apart) of the last message, which must be the model's."""
    last = messages[-1] if messages else None
    if not isinstance(last, Mapping) or last.get("role") != "assistant":
        raise RowError(f"`{name}` must be a text, or messages of which the last one is the assistant's")
    content = last.get("content")
    if isinstance(content, Sequence) and not isinstance(content, str):  # parts: [{"type": "text", "text": …}]
        content = "".join(str(part.get("text", "")) for part in content if isinstance(part, Mapping))
    return content if content is not None else "", _first(last, REASONING)
