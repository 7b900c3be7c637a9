"""The protocol, spoken by our client and by the ``openai`` package to one scripted server."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from synthetic1.inference.client import Client
from synthetic1.inference.engine import Sampling
from synthetic1.inference.server import Server

ASK = [{"role": "user", "content": "How much is one and one?"}]
SCHEMA = {"type": "object", "properties": {"sum": {"type": "integer"}}, "required": ["sum"]}


@dataclass(frozen=True)
class Heard:
    """What a client makes of one choice, and of the request's usage."""

    text: str
    finish_reason: str
    completion_tokens: int


async def ours(url: str, n: int, *, stream: bool = False, schema: Any = None) -> list[Heard]:
    async with Client(Server(url, stream=stream)) as client:
        found = await client.complete(ASK, n, Sampling(64, seed=5), schema=schema)
    return [Heard(c.answer, c.finish_reason, c.usage["completion_tokens"]) for c in found]


async def theirs(url: str, n: int, *, stream: bool = False, schema: Any = None) -> list[Heard]:
    from openai import AsyncOpenAI

    more: dict[str, Any] = {}
    if schema is not None:
        form = {"name": "answer", "schema": schema, "strict": True}
        more["response_format"] = {"type": "json_schema", "json_schema": form}
    async with AsyncOpenAI(base_url=url, api_key="none", max_retries=0) as client:
        asked = {"model": "scripted", "messages": ASK, "n": n, "seed": 5, "max_tokens": 64, **more}
        if not stream:
            whole = await client.chat.completions.create(**asked)
            tokens = whole.usage.completion_tokens
            return [Heard(c.message.content, c.finish_reason, tokens) for c in whole.choices]
        texts, ends, tokens = [""] * n, [""] * n, 0
        asked["stream_options"] = {"include_usage": True}
        async for piece in await client.chat.completions.create(**asked, stream=True):
            tokens = piece.usage.completion_tokens if piece.usage else tokens
            for choice in piece.choices:
                texts[choice.index] += choice.delta.content or ""
                ends[choice.index] = choice.finish_reason or ends[choice.index]
        return [Heard(text, end, tokens) for text, end in zip(texts, ends, strict=True)]


@pytest.fixture(params=[ours, theirs], ids=["ours", "openai"])
def ask(request: pytest.FixtureRequest, require: Any) -> Any:
    if request.param is theirs:
        import importlib.util

        require("openai", importlib.util.find_spec("openai") is not None, "pip install openai")
    return request.param


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("n", [1, 3])
async def test_every_choice_arrives_in_its_place(scripted_server, ask, n, stream):
    async with scripted_server(lambda messages, sample: f"answer {sample} – ünï\n") as server:
        heard = await ask(server.url, n, stream=stream)
        tokens = server.counts["completion_tokens"]
    assert [one.text.strip() for one in heard] == [f"answer {5 + i} – ünï" for i in range(n)]
    assert {one.finish_reason for one in heard} == {"stop"}
    assert {one.completion_tokens for one in heard} == {tokens}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_an_answer_cut_off_says_so(scripted_server, ask, stream):
    async with scripted_server([{"content": "one and", "finish_reason": "length"}]) as server:
        (heard,) = await ask(server.url, 1, stream=stream)
    assert (heard.text, heard.finish_reason) == ("one and", "length")


async def test_a_schema_is_sent_as_the_protocol_says(scripted_server, ask):
    async with scripted_server(['{"sum": 2}']) as server:
        (heard,) = await ask(server.url, 1, schema=SCHEMA)
        sent = server.requests[-1]["response_format"]
    assert json.loads(heard.text) == {"sum": 2}
    assert sent["type"] == "json_schema"
    assert sent["json_schema"]["schema"] == SCHEMA
