"""The endpoints that score: from the bytes of a request to those of its response."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from synthetic1.completion import Completion
from synthetic1.serving.exposition import Exposition
from synthetic1.serving.guard import Answer, Refusal
from synthetic1.serving.service import RewardService, UnknownTask, UnreadableTask
from synthetic1.serving.wire import BatchOnWire, BatchVerdicts, CompletionOnWire, PairOnWire, VerdictOnWire
from synthetic1.task import Task
from synthetic1.verdict import Verdict

M = TypeVar("M", bound=BaseModel)
Pair = tuple[Task | UnreadableTask, Completion]
WHY_CAP = 300  # characters of what is wrong with a request
BRANCHES = {"string_type": "str", "list_type": "list[any]"}
"""Faults of what comes first in a union, and what pydantic calls it."""
NOT_THE_TYPE = (*BRANCHES, "dict_type", "model_type")
"""Faults of all that is not of a type; others are of what is."""


@dataclass(frozen=True)
class Endpoint(Generic[M]):
    """A path that scores, and what it takes and gives: the OpenAPI document is made of it."""

    path: str
    takes: type[M]
    gives: type[BaseModel]
    answer: Answer
    summary: str
    refusals: tuple[int, ...] = ()
    """Statuses of its own, beside those that all have."""


def read_body(model: type[M], body: bytes) -> M:
    """The body of a request.

    Raises:
        Refusal: 400 if it is not JSON, 422 if it has another shape; one line.
    """
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        kind, why, place = _first_fault(error)
        if kind == "json_invalid":
            raise Refusal(400, f"the body is not JSON: {why}") from None
        where = ".".join(str(part) for part in place)
        raise Refusal(422, f"{where}: {why}" if where else why) from None


def _first_fault(error: ValidationError) -> tuple[str, str, tuple[int | str, ...]]:
    """Kind, reason and place of the first fault; of a field that takes several types, that of the type it came in."""
    errors = error.errors(include_url=False, include_input=False)
    first = errors[0]
    place = first["loc"]
    if first["type"] in BRANCHES and place[-1] == BRANCHES[first["type"]]:
        *around, _ = place
        several = [one for one in errors if one["loc"][: len(around)] == tuple(around)]
        within = [one for one in several if one["type"] not in NOT_THE_TYPE or len(one["loc"]) > len(place)]
        first = (within or several)[0]
        place = (*around, *first["loc"][len(place) :])  # without the name of the type
    return first["type"], " ".join(str(first["msg"]).split())[:WHY_CAP], place


def write_json(value: Any) -> bytes:
    """JSON that every reader takes: ASCII, and no NaN, which verifiers of others may put into details."""
    try:
        return json.dumps(value, allow_nan=False).encode()
    except (TypeError, ValueError):
        return json.dumps(_plain(value)).encode()


def completion_of(wire: str | CompletionOnWire) -> Completion:
    """The completion, split once."""
    if isinstance(wire, str):
        return Completion.parse(wire)
    if wire.split:
        raw = "".join(part for part in (wire.reasoning, wire.content) if part is not None)
        return Completion(raw, wire.reasoning, wire.content, wire.finish_reason)
    return Completion.from_parts(
        wire.reasoning, wire.content, thinking_open=wire.thinking_open, finish_reason=wire.finish_reason
    )


class ScoreEndpoints:
    """``/v1/score`` and ``/v1/score_batch``."""

    def __init__(self, service: RewardService, exposition: Exposition) -> None:
        self._service, self._exposition = service, exposition

    def endpoints(self) -> list[Endpoint[Any]]:
        return [
            Endpoint("/v1/score", PairOnWire, VerdictOnWire, self.one, "Score a completion", (404,)),
            Endpoint("/v1/score_batch", BatchOnWire, BatchVerdicts, self.many, "Score many completions", (404,)),
        ]

    async def one(self, body: bytes) -> bytes:
        """The verdict of a pair."""
        [verdict] = await self._score([read_body(PairOnWire, body)], lambda _: "")
        return write_json(verdict)

    async def many(self, body: bytes) -> bytes:
        """The verdicts of pairs, in order."""
        pairs = read_body(BatchOnWire, body).pairs
        most = self._service.settings.max_pairs
        if len(pairs) > most:
            raise Refusal(413, f"{len(pairs):,} pairs; the server takes {most:,} at once, its --max-pairs")
        return write_json({"verdicts": await self._score(pairs, lambda place: f"pairs.{place}.task: ")})

    async def _score(self, wire: list[PairOnWire], where: Callable[[int], str]) -> list[dict[str, Any]]:
        pairs: list[Pair] = []
        for place, pair in enumerate(wire):
            try:
                task = self._service.read_task(pair.task)
            except UnknownTask as error:
                raise Refusal(404, f"{where(place)}{error}") from None
            pairs.append((task, completion_of(pair.completion)))
        verdicts = await self._service.score(pairs)
        return [self._written(task, verdict) for (task, _), verdict in zip(pairs, verdicts, strict=True)]

    def _written(self, task: Task | UnreadableTask, verdict: Verdict) -> dict[str, Any]:
        self._exposition.decided(task.task_type, verdict.reason)
        return {**verdict.to_dict(), "verifier": self._service.described(task.task_type)}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, (str, int, bool)) else str(value)
