"""Two clients, ours and the ``openai`` package, that ask the same and tell what they heard in the same words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from synthetic1.completion import Completion
from synthetic1.inference.client import Client
from synthetic1.inference.engine import Sampling
from synthetic1.inference.errors import InferenceError
from synthetic1.inference.server import Server

OPEN, CLOSE = "<think>", "</think>"


@dataclass(frozen=True)
class Heard:
    """One choice, and its request's usage."""

    text: str
    """Thought and answer, rejoined where the server sends them apart."""
    finish_reason: str | None
    tokens: tuple[int, int]
    """Of the prompt and of all choices."""

    @classmethod
    def of(cls, message: Mapping[str, Any], finish_reason: str | None, usage: Mapping[str, Any]) -> Heard:
        """From the protocol's own words."""
        thought, content = message.get("reasoning"), message.get("content") or ""
        if thought:
            content = thought + (CLOSE + content if content else "")
            content = content if thought.startswith(OPEN) else OPEN + content
        return cls(content, finish_reason, (usage["prompt_tokens"], usage["completion_tokens"]))


async def ours(
    url: str, messages: Any, n: int, sampling: Sampling, *, model: str = "embedded", stream: bool, schema: Any = None
) -> list[Heard]:
    async with Client(Server(url, model=model, stream=stream, retries=0)) as client:
        found = await client.complete(messages, n, sampling, schema=schema)
        assert client.usage.requests == client.usage.completed == 1
        return [_heard(completion) for completion in found]


def _heard(completion: Completion) -> Heard:
    usage = completion.usage
    assert usage is not None
    return Heard(completion.raw, completion.finish_reason, (usage["prompt_tokens"], usage["completion_tokens"]))


async def theirs(
    url: str, messages: Any, n: int, sampling: Sampling, *, model: str = "embedded", stream: bool, schema: Any = None
) -> list[Heard]:
    from openai import AsyncOpenAI, BadRequestError, NotFoundError

    asked: dict[str, Any] = {"model": model, "messages": messages, "n": n, **protocol(sampling, schema)}
    async with AsyncOpenAI(base_url=url, api_key="none", max_retries=0) as client:
        try:
            if stream:
                return await _streamed(client, n, asked)
            whole = await client.chat.completions.create(**asked)
        except NotFoundError as error:
            raise InferenceError("wrong_model", str(error)) from None
        except BadRequestError as error:
            raise InferenceError("bad_request", str(error)) from None
    usage = whole.usage.model_dump()
    return [Heard.of(choice.message.model_dump(), choice.finish_reason, usage) for choice in whole.choices]


async def _streamed(client: Any, n: int, asked: Any) -> list[Heard]:
    said: list[dict[str, str]] = [{"reasoning": "", "content": ""} for _ in range(n)]
    ends, usage = [""] * n, None
    async for piece in await client.chat.completions.create(
        **asked, stream=True, stream_options={"include_usage": True}
    ):
        usage = piece.usage or usage
        for choice in piece.choices:
            for name, value in choice.delta.model_dump().items():
                if name in ("reasoning", "content"):
                    said[choice.index][name] += value or ""
            ends[choice.index] = choice.finish_reason or ends[choice.index]
    return [Heard.of(one, end, usage.model_dump()) for one, end in zip(said, ends, strict=True)]


def protocol(sampling: Sampling, schema: Any = None) -> dict[str, Any]:
    """The protocol's fields, written down a second time."""
    fields: dict[str, Any] = {"max_tokens": sampling.max_tokens, "temperature": sampling.temperature}
    fields |= {"top_p": sampling.top_p, "seed": sampling.seed}
    if sampling.stop:
        fields["stop"] = list(sampling.stop)
    if schema is not None:
        form = {"name": "answer", "schema": schema, "strict": True}
        fields["response_format"] = {"type": "json_schema", "json_schema": form}
    return fields
