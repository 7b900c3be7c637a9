"""A request as it is sent: one conversation, in words that the server understands."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from synthetic1.inference.dialect import Dialect
from synthetic1.inference.engine import Message, Sampling


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
        if dialect.no_system:
            fields["messages"] = said_by_the_user(fields["messages"])
        if n > 1:
            fields["n"] = n
        if self._schema is not None and self.schema_json not in dialect.schemas_refused:
            wanted = {"name": "answer", "schema": self._schema, "strict": True}
            fields["response_format"] = {"type": "json_schema", "json_schema": wanted}
        if stream:
            fields |= {"stream": True, "stream_options": {"include_usage": True}}
        for name in dialect.left_out:
            fields.pop(name, None)
        if self._extra:
            fields |= self._extra
            return {name: value for name, value in fields.items() if value is not None}
        return fields


def said_by_the_user(messages: Sequence[Message]) -> list[Message]:
    """The conversation without system messages: what they say stands before what the user says next."""
    made: list[Message] = []
    said: list[str] = []
    for message in messages:
        if message["role"] == "system":
            said.append(message["content"])
            continue
        if said and message["role"] == "user":
            message, said = {**message, "content": "\n\n".join([*said, message["content"]])}, []
        made.append(message)
    return [*made, {"role": "user", "content": "\n\n".join(said)}] if said else made
