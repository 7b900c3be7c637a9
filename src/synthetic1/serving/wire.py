"""What travels: the bodies of requests and responses of ``/v1``, as pydantic reads them and OpenAPI shows them."""

from __future__ import annotations

from types import NoneType
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from synthetic1.task import REQUIRED
from synthetic1.verdict import REASONS

_MAPPING = {"type": ["object", "string", "null"], "description": "A mapping, or the JSON text of one."}
_TEXT = {"type": ["string", "null"]}
_ID = {"anyOf": [{"type": "string", "minLength": 1}, {"type": "integer"}]}
ROW_SCHEMA: dict[str, Any] = {
    "title": "TaskRow",
    "type": "object",
    "description": "A task as SYNTHETIC-1 publishes it: the columns of its row. Further columns are ignored.",
    "properties": {
        "problem_id": _ID,
        "task_type": {"type": "string", "minLength": 1, "examples": ["verifiable_math"]},
        "prompt": {"type": "string", "minLength": 1},
        "verification_info": _MAPPING,
        "gold_standard_solution": _TEXT,
        "source": _TEXT,
        "in_source_id": {"type": ["string", "integer", "null"]},
        "metadata": _MAPPING,
    },
    "required": list(REQUIRED),
}
NAMED_SCHEMA: dict[str, Any] = {
    "title": "TaskName",
    "type": "object",
    "description": "A task of the server's own, which was started with --tasks.",
    "properties": {"task_id": {"type": "string", "minLength": 1}},
    "required": ["task_id"],
    "additionalProperties": False,
}
_KINDS: dict[str, tuple[type, ...]] = {
    "problem_id": (str, int),
    "task_type": (str,),
    "prompt": (str,),
    "verification_info": (dict, str, NoneType),
    "gold_standard_solution": (str, NoneType),
    "source": (str, NoneType),
    "in_source_id": (str, int, NoneType),
    "metadata": (dict, str, NoneType),
}


def check_row(row: dict[str, Any]) -> dict[str, Any]:
    """``row``, if it has the shape that the schemas say.

    Raises:
        PydanticCustomError: which column is wrong.
    """
    if row.keys() == {"task_id"}:
        if not isinstance(row["task_id"], str) or not row["task_id"]:
            raise PydanticCustomError("task_row", "task_id must be a string that is not empty")
        return row
    for name in REQUIRED:
        if name not in row or row[name] == "":
            raise PydanticCustomError(
                "task_row", f"a task needs {', '.join(REQUIRED)}, or only task_id; {name} is missing"
            )
    for name, kinds in _KINDS.items():
        value = row.get(name)
        if name in row and (isinstance(value, bool) or not isinstance(value, kinds)):
            said = " or ".join("null" if kind is NoneType else _SAID[kind] for kind in kinds)
            raise PydanticCustomError("task_row", f"{name} must be {said}")
    return row


_SAID = {str: "a string", int: "an integer", dict: "an object"}
TaskOnWire = Annotated[dict[str, Any], AfterValidator(check_row), WithJsonSchema({"anyOf": [ROW_SCHEMA, NAMED_SCHEMA]})]


class WireModel(BaseModel):
    """Unknown fields are errors: a misspelt one would be lost in silence."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)


class CompletionOnWire(WireModel):
    """A completion in parts, as an inference server returns it."""

    content: str | None = None
    """What the model wrote; with ``reasoning`` apart, what followed it."""
    reasoning: str | None = None
    """The thought, where the server has taken it out of ``content``."""
    finish_reason: str | None = None
    """``stop``, ``length`` …"""
    thinking_open: bool = False
    """The prompt ended inside of ``<think>``."""
    split: bool = False
    """The client has split it: ``content`` is the answer, null if there is none, and neither is searched for tags."""


class PairOnWire(WireModel):
    """A task, and what a model wrote for it."""

    task: TaskOnWire
    """The columns of a task's row, or ``{"task_id": …}``."""
    completion: str | CompletionOnWire
    """All that the model wrote, or its parts."""


class BatchOnWire(WireModel):
    """Pairs to score together; verdicts come in their order."""

    pairs: list[PairOnWire]


class VerifierOnWire(WireModel):
    """Which verifier decided; equal keys give equal verdicts."""

    task_type: str
    version: int
    key: str
    """32 hexadecimal digits, of type, version and settings."""


class VerdictOnWire(WireModel):
    """A verdict."""

    score: float | None = Field(ge=0, le=1)
    """In [0, 1]; null exactly when the reason is ``unscorable_*``: a failure that is not the completion's."""
    reason: str = Field(json_schema_extra={"enum": [*sorted(REASONS)]})
    answer: str | None
    """What was extracted from the completion, capped at 2,000 characters."""
    details: dict[str, Any]
    """Tests passed, who decided, why."""
    verifier: VerifierOnWire | None
    """Null where no verifier is known for the task's type."""


class BatchVerdicts(WireModel):
    """The verdicts of a batch, in its order."""

    verdicts: list[VerdictOnWire]


class FamilyOnWire(WireModel):
    """A kind of task, and whether its verifier works here."""

    family: str
    task_type: str
    version: int
    key: str
    works: bool | None
    """Null while it has not been tried."""
    promised: bool
    """``/readyz`` waits for it."""
    why: str
    """What is missing, or what it could not be tried on."""


class FamiliesOnWire(WireModel):
    """All that this server scores."""

    families: list[FamilyOnWire]
    tasks: int
    """How many tasks may be named by id."""


class Health(WireModel):
    """The state of the server."""

    status: str
    why: str = ""


class Fault(WireModel):
    """What a request was refused for."""

    error: str
    """One line."""


class RewardsWanted(BaseModel):
    """What OpenRLHF's trainer posts to ``--reward.remote_url``; further fields are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, use_attribute_docstrings=True)
    query: list[str]
    """Prompt and completion as one text each, special tokens included."""
    prompts: list[str]
    """The prompts, as the dataset has them after the chat template."""
    labels: list[str | TaskOnWire]
    """Of each its task: a row, the JSON text of one, or a task's id."""


class Rewards(WireModel):
    """As OpenRLHF's own reward server answers."""

    rewards: list[float]
    scores: list[float]
    extra_logs: dict[str, list[float]]
    """``scorable``: 1, or 0 where the reward stands for a missing score (``--unscorable``)."""


class ProgramOnWire(BaseModel):
    """What open-instruct's code verifier posts; further fields are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, use_attribute_docstrings=True)
    program: str
    """A Python program, without a fence."""
    tests: list[Any] | str
    """The tests; or their JSON text; or open-instruct's own encoding (base64 of zlib of pickle, plain values only)."""
    max_execution_time: float = Field(default=1.0, gt=0, le=600)
    """CPU seconds of each test."""


class ProgramResults(WireModel):
    """By test."""

    results: list[int]
    """1: passed."""
    runtimes: list[float]
    """CPU seconds; -1 of a test that was not passed."""
