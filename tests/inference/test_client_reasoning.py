"""Thoughts, however a server sends them, and answers held to a schema by servers that cannot."""

from __future__ import annotations

import json

import pytest

from synthetic1.completion import Completion
from synthetic1.inference.client import Client
from synthetic1.inference.engine import Sampling
from synthetic1.inference.server import Server

ASK = [{"role": "user", "content": "How much is one and one?"}]
THOUGHT, ANSWER = "\nOne, then one more.\n", "\n\nTwo."
SCHEMA = {"type": "object", "properties": {"sum": {"type": "integer"}}, "required": ["sum"]}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("field", ["reasoning", "reasoning_content", ""], ids=["reasoning", "content", "tags"])
async def test_a_thought_apart_or_between_tags_is_the_same_completion(scripted_server, field, stream):
    said = f"<think>{THOUGHT}</think>{ANSWER}"
    async with scripted_server([said], reasoning_field=field) as server, Client(Server(server.url, stream=stream)) as c:
        (completion,) = await c.complete(ASK, 1, Sampling(64))
    assert completion.raw == said
    assert (completion.reasoning, completion.answer) == (THOUGHT, ANSWER)


@pytest.mark.parametrize(
    ("said", "open_", "reasoning", "answer"),
    [
        (f"{THOUGHT}</think>{ANSWER}", True, THOUGHT, ANSWER),
        (f"{THOUGHT}</think>{ANSWER}", False, THOUGHT, ANSWER),
        (THOUGHT, True, THOUGHT, None),
        (f"<think>{THOUGHT}", False, THOUGHT, None),
        (ANSWER, False, None, ANSWER),
    ],
)
async def test_lone_tags_lose_nothing(scripted_server, said, open_, reasoning, answer):
    async with scripted_server([said]) as server, Client(Server(server.url, thinking_open=open_)) as client:
        (completion,) = await client.complete(ASK, 1, Sampling(64))
    assert completion.raw == said
    assert (completion.reasoning, completion.answer) == (reasoning, answer)


async def test_a_thought_apart_that_was_cut_off_is_no_answer(scripted_server):
    said = {"reasoning": THOUGHT, "content": None, "finish_reason": "length"}
    async with scripted_server([said]) as server, Client(server.url) as client:
        (completion,) = await client.complete(ASK, 1, Sampling(64))
    assert (completion.reasoning, completion.answer, completion.finish_reason) == (THOUGHT, None, "length")


async def test_a_schema_that_is_refused_is_not_sent_again(scripted_server):
    async with scripted_server(['{"sum": 2}'], schema="refuse") as server, Client(server.url) as client:
        for _ in range(3):
            (completion,) = await client.complete(ASK, 1, Sampling(64), schema=SCHEMA)
            assert json.loads(completion.answer) == {"sum": 2}
        forms = [(asked.get("response_format") or {}).get("type") for asked in server.requests]
        assert client.usage.completed == 3
        assert client.usage.failed == 0
    assert forms.count("json_schema") == 1
    assert forms[-2:] == [forms[-1]] * 2


@pytest.mark.parametrize(
    ("reasoning", "content", "raw", "thought", "answer"),
    [
        (f"<think>{THOUGHT}</think>{ANSWER}", "", f"<think>{THOUGHT}</think>{ANSWER}", THOUGHT, ANSWER),
        (f"<think>{THOUGHT}", ANSWER, f"<think>{THOUGHT}</think>{ANSWER}", THOUGHT, ANSWER),
        (f"{THOUGHT}</think>{ANSWER}", None, f"<think>{THOUGHT}</think>{ANSWER}", THOUGHT, ANSWER),
        ("a", "b</think>c", "<think>a</think>b</think>c", "a</think>b", "c"),
        ("a", "b<think>c</think>d", "<think>a</think>b<think>c</think>d", "a</think>b<think>c", "d"),
        ("a", "b<think>c", "<think>a</think>b<think>c", "a", None),
        ("a<think>b", "c", "<think>a<think>b</think>c", "a<think>b", "c"),
    ],
)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_tags_that_a_server_overlooks_count_as_without_its_parser(
    scripted_server, stream, reasoning, content, raw, thought, answer
):
    said = {"reasoning": reasoning, "content": content}
    async with scripted_server([said]) as server, Client(Server(server.url, stream=stream)) as client:
        (completion,) = await client.complete(ASK, 1, Sampling(64))
    assert (completion.raw, completion.reasoning, completion.answer) == (raw, thought, answer)
    parsed = Completion.parse(completion.raw)
    assert (parsed.reasoning, parsed.answer) == (thought, answer)
