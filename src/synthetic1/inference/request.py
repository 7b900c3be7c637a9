"""A request as it is sent: one conversation, in words that the server understands."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from synthetic1.inference.engine import Message, Sampling

_SCHEMA_REFUSED = re.compile(r"response_format|json_schema|schema|grammar|guided|structured", re.IGNORECASE)
_TOO_LONG = re.compile(r"context|too long|\d tokens", re.IGNORECASE)  # may mention a schema among what is too much
_CHOICES_REFUSED = re.compile(r"\bn\b|one completion choice|best_of", re.IGNORECASE)


@dataclass(slots=True)
class Dialect:
    """What a server turned out not to understand: learnt from its refusals, and not said again."""

    one_choice: bool = False
    """It gives one completion a request, whatever ``n`` says."""
    max_completion_tokens: bool = False
    """It wants the length limit by its newer name."""
    schemas_refused: set[str] = field(default_factory=set)
    """Schemas (as JSON) that it cannot hold an answer to: those are asked for without."""

    def learn(self, request: Request, n: int, refusal: str) -> bool:
        """Whether ``refusal``, the server's words, says what to leave out next time."""
        if "max_completion_tokens" in refusal and not self.max_completion_tokens:
            self.max_completion_tokens = True
            return True
        schema, refused = request.schema_json, _SCHEMA_REFUSED.search(refusal) and not _TOO_LONG.search(refusal)
        if refused and schema and schema not in self.schemas_refused:
            self.schemas_refused.add(schema)
            return True
        if n > 1 and not self.one_choice and _CHOICES_REFUSED.search(refusal):
            self.one_choice = True
            return True
        return False


class Request:
    """What does not change from one attempt at a call to the next."""

    def __init__(
        self,
        model: str,
        messages: Sequence[Message],
        sampling: Sampling,
        schema: Mapping[str, Any] | None,
        extra_body: Mapping[str, Any],
    ) -> None:
        self.seed = sampling.seed
        self.greedy = sampling.temperature == 0.0
        self.schema_json = "" if schema is None else json.dumps(schema, sort_keys=True)
        self._schema = schema
        self._limit = sampling.max_tokens
        self._extra = extra_body
        self._fields: dict[str, Any] = {
            "model": model,
            "messages": list(messages),
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,  # always said: servers may have another default from the model's own files
        }
        if sampling.top_k is not None:
            self._fields["top_k"] = sampling.top_k
        if sampling.stop:
            self._fields["stop"] = list(sampling.stop)

    def content(self, first: int) -> list[Any]:
        """What decides the answer of completion ``first``, in our own words, not in a server's dialect."""
        return [self._fields, self._limit, self.seed + first, self.schema_json, self._extra]

    def body(self, dialect: Dialect, *, first: int = 0, n: int = 1, stream: bool = False) -> dict[str, Any]:
        """The fields of a request for completions ``first`` … ``first + n - 1`` of this call."""
        fields = {
            **self._fields,
            "max_completion_tokens" if dialect.max_completion_tokens else "max_tokens": self._limit,
            "seed": self.seed + first,
        }
        if n > 1:
            fields["n"] = n
        if self._schema is not None and self.schema_json not in dialect.schemas_refused:
            wanted = {"name": "answer", "schema": self._schema, "strict": True}
            fields["response_format"] = {"type": "json_schema", "json_schema": wanted}
        if stream:
            fields |= {"stream": True, "stream_options": {"include_usage": True}}
        if self._extra:
            fields |= self._extra
            return {name: value for name, value in fields.items() if value is not None}
        return fields
