"""The task: what is asked, and what a verifier needs to score the answer."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any

from synthetic1.keys import content_key


class TaskError(ValueError):
    """A row that is not a task. The message is one line: where, which field, what would be right."""

    user_error = True  # programs print the message alone


@dataclass(frozen=True)
class Task:
    """One problem, wire-compatible with the rows of GENESYS and SYNTHETIC-1.

    ``prompt`` is final: the exact user message. ``verification_info`` and ``metadata`` are mappings in memory and
    JSON strings on disk; treat them as read-only. Tasks are equal exactly if their keys are; one without a key
    equals itself only.

    Raises:
        TaskError: a field has the wrong type, or ``problem_id``, ``task_type`` or ``prompt`` is empty.
    """

    problem_id: str
    """Names the problem within its source; the id that ``reset(options={"task_id": …})`` takes."""
    task_type: str
    """Selects the verifier, e.g. ``code_output_prediction``."""
    prompt: str
    verification_info: Mapping[str, Any] = field(default_factory=dict)
    """What the verifier needs, by task type, e.g. ``{"ground_truth": "abc"}``. Never shown to the model."""
    gold_standard_solution: str | None = None
    source: str = ""
    in_source_id: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    other_solutions: tuple[str, ...] = field(default=(), repr=False)
    """Further golds that were published with the row, for `synthetic1 audit`. Never shown to the model, and no content:
    neither hashed nor stored nor pickled, so that a row has the key it had before anybody read them."""

    def __post_init__(self) -> None:
        for name in ("problem_id", "task_type", "prompt"):
            value = getattr(self, name)
            if not isinstance(value, str) or not value:
                raise TaskError(f"field `{name}` must be a non-empty string, got {_shown(value)}")
        for name in ("gold_standard_solution", "in_source_id"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, str):
                raise TaskError(f"field `{name}` must be a string or null, got {_shown(value)}")
        if not isinstance(self.source, str):
            raise TaskError(f"field `source` must be a string, got {_shown(self.source)}")
        for name in ("verification_info", "metadata"):
            value = getattr(self, name)
            if not isinstance(value, Mapping):
                raise TaskError(f"field `{name}` must be a mapping, got {_shown(value)}")

    @cached_property
    def key(self) -> str:
        """32 hexadecimal digits: the hash of the task's whole content.

        Raises:
            TaskError: a mapping holds something JSON cannot.
        """
        try:
            return content_key(self.to_dict())
        except (TypeError, ValueError, RecursionError) as error:
            raise self._no_json_form(error) from error

    @property
    def level(self) -> int | None:
        """How hard its source says it is, as an integer in ``metadata``; ``None`` where it does not say so."""
        level = self.metadata.get("level")
        return level if isinstance(level, int) else None

    @property
    def language(self) -> str | None:
        """The programming language that the task is about, where it has one."""
        for values in (self.verification_info, self.metadata):
            if isinstance(name := values.get("language"), str):
                return name
        return None

    def __eq__(self, other: object) -> bool:
        # by key, not by field: Python takes 1, 1.0 and True for equal, which hash and verdict do not
        if not isinstance(other, Task):
            return NotImplemented
        try:
            return self is other or self.key == other.key
        except TaskError:
            return False

    def __hash__(self) -> int:
        return hash(self.key)

    def to_dict(self) -> dict[str, Any]:
        """All fields that are content as plain values, mappings as dicts."""
        row = {name: getattr(self, name) for name in TASK_FIELDS}
        row["verification_info"] = dict(self.verification_info)
        row["metadata"] = dict(self.metadata)
        return row

    def to_row(self) -> dict[str, str | None]:
        """The row as it is stored, the two mappings as JSON strings; ``from_row`` gives the same task back.

        Raises:
            TaskError: a mapping holds something JSON cannot.
        """
        row = self.to_dict()
        try:
            for name in ("verification_info", "metadata"):
                row[name] = json.dumps(row[name], ensure_ascii=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise self._no_json_form(error) from error
        return row

    @classmethod
    def from_row(cls, row: Mapping[str, Any], *, where: str = "row") -> Task:
        """Read a GENESYS or SYNTHETIC-1 row as it is published.

        ``verification_info`` and ``metadata`` may be mappings, JSON or Python-literal strings (the published rows),
        or null. Columns that are not fields of a task (``llm_response``, ``score`` …) are ignored.

        Args:
            where: put in front of every error, e.g. ``tasks.jsonl, row 12``.

        Raises:
            TaskError: a missing or mistyped field.
        """
        if not isinstance(row, Mapping):
            raise TaskError(f"{where}: a task is an object with the fields {', '.join(REQUIRED)}; got {_shown(row)}")
        missing = [name for name in REQUIRED if row.get(name) is None]
        if missing:
            raise TaskError(f"{where}: field `{missing[0]}` is missing; a task needs {', '.join(REQUIRED)}")
        values = {name: row[name] for name in TASK_FIELDS if name in row}
        for name in ("verification_info", "metadata"):
            if name in values:
                values[name] = _read_mapping(values[name], name, where)
        for name in ("source", "gold_standard_solution", "in_source_id"):  # tables write NaN where nothing is
            if values.get(name) is None or values[name] != values[name]:
                values.pop(name, None)
        for name in ("problem_id", "in_source_id"):  # published rows hold integers here now and then
            if isinstance(values.get(name), int) and not isinstance(values[name], bool):
                values[name] = str(values[name])
        try:
            return cls(**values)
        except TaskError as error:
            raise TaskError(f"{where}: {error}") from None

    def with_metadata(self, **values: Any) -> Task:
        """A copy whose metadata has ``values`` added."""
        return replace(self, metadata={**self.metadata, **values})

    def _no_json_form(self, error: Exception) -> TaskError:
        return TaskError(f"task `{self.problem_id}` has no JSON form: {error}")

    def __getstate__(self) -> dict[str, Any]:  # the cached key stays behind, and further golds: content only
        return {name: getattr(self, name) for name in TASK_FIELDS}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)


TASK_FIELDS = tuple(f.name for f in fields(Task) if f.name != "other_solutions")
"""The fields that are content: hashed, stored, read from columns of their names."""
REQUIRED = ("problem_id", "task_type", "prompt")


def _read_mapping(value: Any, name: str, where: str) -> dict[str, Any]:
    """A mapping from a mapping, null, or a string of JSON or of a Python literal (never evaluated)."""
    if value is None or value == "":
        return {}
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            try:
                value = ast.literal_eval(value)
            except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
                raise TaskError(
                    f"{where}: field `{name}` is neither JSON nor a Python literal: {_shown(value)}"
                ) from None
    if not isinstance(value, Mapping):
        raise TaskError(f"{where}: field `{name}` must hold a mapping, got {_shown(value)}")
    return dict(value)


def _shown(value: Any) -> str:
    try:
        text = repr(value)
    except Exception:  # nested too deeply, too many digits, or a class of the caller's
        return type(value).__name__
    return f"{type(value).__name__} {text if len(text) <= 60 else text[:57] + '…'}"
